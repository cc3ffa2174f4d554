//! Who holds permissions on single objects: a team or an account, but never an invitation.

use tfkit::model::{Model, Token};
use tfkit::{Diag, Maybe, OrServer, Path, Plan};
use zenml_api::control::rbac::ResourceMember;
use zenml_api::control::team::Team;
use zenml_api::control::user::User;
use zenml_api::{TeamId, UserId, WorkspaceId};

use crate::access::belonging::check_account;
use crate::access::home::organization_of;
use crate::access::invitation::{Place, account, place_of};
use crate::access::principal::Principal;
use crate::client::Client;
use crate::control;
use crate::id::Id;

/// Who holds permissions on objects of a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Holder {
    Team(TeamId),
    Account(UserId),
}

impl Holder {
    /// Returns the holder of what a principal gets in a workspace.
    pub(crate) async fn of(
        client: &Client,
        workspace: WorkspaceId,
        principal: &Principal,
    ) -> Result<Self, Diag> {
        let Some(email) = principal.email() else { return Self::by_id(principal) };
        match person(client, workspace, email).await? {
            Some(Place::Account(account)) => Ok(Self::Account(account)),
            Some(Place::Invitation(_)) => Err(pending(email)),
            None => Err(stranger(email)),
        }
    }

    /// Returns the holder of what a principal has in a workspace; `None` if no member has the address, so that nobody
    /// has it.
    pub(crate) async fn known(
        client: &Client,
        workspace: WorkspaceId,
        principal: &Principal,
    ) -> Result<Option<Self>, Diag> {
        let Some(email) = principal.email() else { return Self::by_id(principal).map(Some) };
        Ok(match person(client, workspace, email).await? {
            Some(Place::Account(account)) => Some(Self::Account(account)),
            Some(Place::Invitation(_)) | None => None,
        })
    }

    fn by_id(principal: &Principal) -> Result<Self, Diag> {
        let team = principal.team().map(Self::Team);
        let holder = team.or_else(|| principal.account().map(Self::Account));
        holder.ok_or_else(|| Diag::bug("A principal is neither a team nor an account"))
    }

    pub(crate) const fn team(self) -> Option<TeamId> {
        match self {
            Self::Team(team) => Some(team),
            Self::Account(_) => None,
        }
    }

    pub(crate) const fn account(self) -> Option<UserId> {
        match self {
            Self::Team(_) => None,
            Self::Account(account) => Some(account),
        }
    }

    /// Returns the holder in a response.
    pub(crate) fn of_member(member: &ResourceMember) -> Option<Self> {
        let team = member.team.as_ref().map(|team| Self::Team(team.id));
        team.or_else(|| member.user.as_ref().map(|user| Self::Account(user.id)))
    }

    /// Returns whether a user or a team of a response is this holder.
    pub(crate) fn is(self, user: Option<&User>, team: Option<&Team>) -> bool {
        match self {
            Self::Team(id) => team.is_some_and(|team| team.id == id),
            Self::Account(id) => user.is_some_and(|user| user.id == id),
        }
    }
}

/// Rejects in a plan a principal that cannot have permissions on single objects of the planned workspace, which the
/// provider block can select.
pub(crate) async fn check_planned<M: Model>(
    client: &Client,
    plan: &Plan<M>,
    own: Token<M, OrServer<Id<WorkspaceId>>>,
) -> Result<(), Diag> {
    let workspace = match plan.get(own).known() {
        None if plan.config().get(own).is_null() => control::workspace::default(client).await?,
        known => known.map(|Id(workspace)| workspace),
    };
    let principal = Principal::planned(plan.planned());
    let home = workspace.map_or(Maybe::Unknown, |workspace| Maybe::Known(Id(workspace)));
    check_account(client, home, principal.clone()).await?;
    match (workspace, principal.as_ref().and_then(Principal::email)) {
        (Some(workspace), Some(email)) => check_joined(client, workspace, email).await,
        _ => Ok(()),
    }
}

/// Rejects somebody who cannot be a member at the apply: an invited person, and one whom nobody knows. Another resource
/// of the same apply may add an account outside the organization.
async fn check_joined(client: &Client, workspace: WorkspaceId, email: &str) -> Result<(), Diag> {
    match person(client, workspace, email).await? {
        Some(Place::Account(_)) => Ok(()),
        Some(Place::Invitation(_)) => Err(pending(email)),
        None if account(client, email).await?.is_some() => Ok(()),
        None => Err(stranger(email)),
    }
}

/// Finds a person in the organization of a workspace.
async fn person(client: &Client, workspace: WorkspaceId, email: &str) -> Result<Option<Place>, Diag> {
    place_of(client, organization_of(client, workspace).await?, email).await
}

fn pending(email: &str) -> Diag {
    not_a_member(Diag::error(format!("{email:?} has not accepted the invitation yet")))
}

fn stranger(email: &str) -> Diag {
    not_a_member(Diag::error(format!("{email:?} is not a member of the organization")))
}

fn not_a_member(diag: Diag) -> Diag {
    diag.why("Only members of the organization can have permissions on single objects, such as a stack.")
        .fix(
            "Put the person into a team, and set team_id to the team instead of email:\n  resource \"zenml_team\" \
             \"NAME\" {\n    members = [\"EMAIL\"]\n  }\nThe person gets the permissions by accepting the invitation.",
        )
        .at(Path::root().attr("email"))
}
