//! Invitations: how people whom an organization does not know get a place in it.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tfkit::{Cx, Diag, LockGuard};
use zenml_api::control::invitation::{self as api, Invitation, InvitationCreate, InvitationQuery};
use zenml_api::control::member;
use zenml_api::control::role::{self, AssignmentQuery, Role, ScopeQuery};
use zenml_api::control::team::{self, TeamMember, TeamQuery};
use zenml_api::control::user::{self, User, UserQuery};
use zenml_api::{InvitationId, OrganizationId, UserId};
use zenml_client::{ApiError, Optional as _};

use super::people;
use super::role::roles;
use crate::cache::Cache;
use crate::client::Client;
use crate::creation;
use crate::failure::{Needs, cannot};

/// The role of invited people by default.
pub const DEFAULT_ROLE: &str = "Organization Member";

/// Returns whether an invitation can still be accepted. A control plane that does not say so lists only such ones.
pub fn is_open(invitation: &Invitation) -> bool {
    matches!(invitation.status.as_deref(), None | Some("pending"))
}

/// Invitations by canonical address.
type ByAddress = HashMap<String, Invitation>;

/// The open invitations of each organization that a run has read.
#[derive(Debug, Default)]
struct Open(Cache<OrganizationId, ByAddress>);

/// The most recent invitation of each address, also one that was accepted, was declined or has expired.
#[derive(Debug, Default)]
struct Latest(Cache<OrganizationId, ByAddress>);

/// The invitations that this run has created.
#[derive(Debug, Default)]
struct Sent(Mutex<BTreeSet<InvitationId>>);

impl Sent {
    fn all(&self) -> MutexGuard<'_, BTreeSet<InvitationId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns whether this run has created an invitation.
pub fn is_sent(client: &Client, id: InvitationId) -> bool {
    client.memory::<Sent>().all().contains(&id)
}

/// Returns the open invitation of an address, from a list that is read once in a run.
pub async fn open(
    client: &Client,
    organization: OrganizationId,
    email: &str,
) -> Result<Option<Invitation>, Diag> {
    let control_plane = client.control_plane()?;
    let read = async {
        let query = InvitationQuery { email: None, only_pending: Some(true) };
        let all = control_plane.send(&api::LIST, organization, query, ()).await?;
        Ok(by_address(all.into_iter().filter(is_open)))
    };
    let all = client.memory::<Open>().0.get(&organization, read).await;
    let all = all.map_err(|error| unlisted(organization, &error))?;
    Ok(all.get(&people::canonical(email)).cloned())
}

fn by_address(invitations: impl IntoIterator<Item = Invitation>) -> ByAddress {
    let named = invitations.into_iter().map(|invitation| (people::canonical(&invitation.email), invitation));
    named.collect()
}

/// Sorts invitations by their age, oldest first; open ones are last.
pub fn latest_last(mut invitations: Vec<Invitation>) -> Vec<Invitation> {
    invitations.sort_by_key(|one| (is_open(one), one.created.as_ref().map(ToString::to_string)));
    invitations
}

/// Forgets the open invitations of an organization, because there are more or fewer now.
pub fn forget(client: &Client, organization: OrganizationId) {
    client.memory::<Open>().0.forget(&organization);
    client.memory::<Latest>().0.forget(&organization);
}

fn unlisted(organization: OrganizationId, error: &ApiError) -> Diag {
    cannot(
        format_args!("list the invitations of the organization {organization}"),
        Needs::ORGANIZATION_VIEWER,
        error,
    )
}

/// How an organization knows somebody who is not a member.
#[derive(Clone, Debug)]
pub enum Standing {
    /// It waits for a reply.
    Invited(Invitation),
    /// The person has an account, but no place in the organization.
    Outside(UserId),
    /// The invitation expired.
    Expired,
    /// The person declined.
    Declined,
    /// The person was a member.
    Left,
    /// Nothing is known.
    Unknown,
}

/// Finds out how an organization knows somebody who is not a member.
pub async fn standing(client: &Client, organization: OrganizationId, email: &str) -> Result<Standing, Diag> {
    if let Some(invitation) = open(client, organization, email).await? {
        return Ok(Standing::Invited(invitation));
    }
    let latest = latest(client, organization, email).await?;
    match latest.as_ref().and_then(|invitation| invitation.status.as_deref()) {
        Some("declined") => return Ok(Standing::Declined),
        Some("expired") => return Ok(Standing::Expired),
        Some("accepted") => return Ok(Standing::Left),
        _ => {}
    }
    Ok(account(client, email).await?.map_or(Standing::Unknown, Standing::Outside))
}

/// Returns the most recent invitation of an address, open or not, from a list that is read once in a run.
async fn latest(
    client: &Client,
    organization: OrganizationId,
    email: &str,
) -> Result<Option<Invitation>, Diag> {
    let control_plane = client.control_plane()?;
    let read = async {
        let query = InvitationQuery { email: None, only_pending: Some(false) };
        let all = control_plane.send(&api::LIST, organization, query, ()).await?;
        // Later ones replace earlier ones.
        Ok(by_address(latest_last(all)))
    };
    let all = client.memory::<Latest>().0.get(&organization, read).await;
    let all = all.map_err(|error| unlisted(organization, &error))?;
    Ok(all.get(&people::canonical(email)).cloned())
}

/// Returns the account with an address on the whole platform, if the key may find it.
pub async fn account(client: &Client, email: &str) -> Result<Option<UserId>, Diag> {
    let query = UserQuery { email: Some(email.to_owned()), ..UserQuery::default() };
    let found = client.control_plane()?.list_all(&user::LIST, (), query).await;
    let found = match found {
        Ok(found) => found,
        Err(ApiError::Forbidden(_) | ApiError::NotFound(_) | ApiError::UnknownRoute(_)) => return Ok(None),
        Err(error) => {
            return Err(cannot(
                format_args!("look for the user {email:?}"),
                Needs::ORGANIZATION_VIEWER,
                &error,
            ));
        }
    };
    let has_address = |user: &&User| {
        !user.is_service_account
            && user.email.as_deref().is_some_and(|own| people::canonical(own) == people::canonical(email))
    };
    Ok(found.iter().find(has_address).map(|user| user.id))
}

/// A place that somebody has in an organization, or will have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// That of an account.
    Account(UserId),
    /// That of an invitation.
    Invitation(InvitationId),
}

impl Place {
    /// Returns the place of a member of a team.
    pub fn of(member: &TeamMember) -> Self {
        match member {
            TeamMember::User(user) => Self::Account(user.id),
            TeamMember::Invitation(invitation) => Self::Invitation(invitation.id),
        }
    }

    /// Returns the parameters of a request that adds it to a team, or removes it.
    pub const fn in_team(self) -> team::MemberQuery {
        match self {
            Self::Account(user) => team::MemberQuery::user(user),
            Self::Invitation(invitation) => team::MemberQuery::invitation(invitation),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => write!(formatter, "user {id}"),
            Self::Invitation(id) => write!(formatter, "invitation {id}"),
        }
    }
}

/// Returns the place of somebody in an organization: that of the account, or else of an open invitation.
pub async fn place_of(
    client: &Client,
    organization: OrganizationId,
    email: &str,
) -> Result<Option<Place>, Diag> {
    let found = people::look_up(client, organization, [email], []).await?;
    if let Some(account) = found.known.get(email) {
        return Ok(Some(Place::Account(*account)));
    }
    if let Some(invitation) = open(client, organization, email).await? {
        return Ok(Some(Place::Invitation(invitation.id)));
    }
    // The person may have been invited since the list was read.
    forget(client, organization);
    Ok(open(client, organization, email).await?.map(|invitation| Place::Invitation(invitation.id)))
}

/// A place in an organization that an operation has created, and may take back.
#[derive(Clone, Copy, Debug)]
pub struct Admitted {
    /// The place.
    pub place: Place,
    /// Whether the operation itself created it.
    pub is_new: bool,
}

/// Gives somebody who is not a member a place in an organization: a role for an account, or an invitation. Concurrent
/// operations of a run, and one whose response was lost, invite a person once.
pub async fn admit(
    cx: &Cx<Client>,
    organization: OrganizationId,
    email: &str,
    role: &Role,
) -> Result<Admitted, Diag> {
    let client = cx.client().await?;
    let _one_at_a_time = cx.lock(format!("invitation/{organization}/{}", people::canonical(email))).await;
    if let Some(invitation) = open(client, organization, email).await? {
        return Ok(Admitted { place: Place::Invitation(invitation.id), is_new: false });
    }
    if let Some(account) = account(client, email).await? {
        let is_new = join(client, organization, account, role).await?;
        return Ok(Admitted { place: Place::Account(account), is_new });
    }
    invite(client, organization, email, role).await
}

/// Gives an account a role in an organization. Returns whether it did not have the role.
async fn join(
    client: &Client,
    organization: OrganizationId,
    account: UserId,
    role: &Role,
) -> Result<bool, Diag> {
    let query = AssignmentQuery { user_id: Some(account), ..AssignmentQuery::default() };
    people::forget(client, organization);
    let granted = client.control_plane()?.send(&role::ASSIGN, role.id, query, ()).await;
    let name = role.name.as_deref().unwrap_or_default();
    let failed = |error: &ApiError| {
        cannot(format_args!("give the user {account} the role {name:?}"), Needs::ORGANIZATION_ADMIN, error)
    };
    match granted {
        Ok(_) => Ok(true),
        Err(error) if error.outcome_unknown() => match people::belongs(client, organization, account).await {
            Some(true) => Ok(true),
            _ => Err(failed(&error)),
        },
        Err(ApiError::Conflict(_)) => Ok(false),
        Err(error) => Err(failed(&error)),
    }
}

/// Creates an invitation. One that exists after all, because the response was lost or somebody else was faster, is
/// used.
async fn invite(
    client: &Client,
    organization: OrganizationId,
    email: &str,
    role: &Role,
) -> Result<Admitted, Diag> {
    let create = InvitationCreate { email: email.to_owned(), role_id: role.id };
    let answer = client.control_plane()?.send(&api::CREATE, organization, (), create).await;
    forget(client, organization);
    let error = match answer {
        Ok(invitation) => {
            client.memory::<Sent>().all().insert(invitation.id);
            return Ok(Admitted { place: Place::Invitation(invitation.id), is_new: true });
        }
        Err(error) => error,
    };
    let is_lost = error.outcome_unknown();
    if !is_lost && !matches!(error, ApiError::Conflict(_)) {
        return Err(uninvited(email, &error));
    }
    match open(client, organization, email).await {
        Ok(Some(invitation)) => {
            if is_lost {
                client.memory::<Sent>().all().insert(invitation.id);
            }
            Ok(Admitted { place: Place::Invitation(invitation.id), is_new: is_lost })
        }
        // The person may have become a member in the meantime.
        Ok(None) => {
            people::forget(client, organization);
            let found = people::look_up(client, organization, [email], []).await?;
            match found.known.get(email) {
                Some(account) => Ok(Admitted { place: Place::Account(*account), is_new: false }),
                None => Err(uninvited(email, &error)),
            }
        }
        Err(diag) if is_lost => Err(creation::may_exist(diag, &error)),
        Err(diag) => Err(diag),
    }
}

fn uninvited(email: &str, error: &ApiError) -> Diag {
    cannot(format_args!("invite {email:?} to the organization"), Needs::ORGANIZATION_ADMIN, error)
}

/// Takes back a place that an operation created before it failed. Returns whether that succeeded.
pub async fn undo(client: &Client, organization: OrganizationId, admitted: Admitted) -> bool {
    let Ok(control_plane) = client.control_plane() else { return false };
    match admitted.place {
        _ if !admitted.is_new => true,
        Place::Invitation(id) => {
            forget(client, organization);
            control_plane.call(&api::DELETE, (organization, id)).await.optional().is_ok()
        }
        Place::Account(account) => {
            people::forget(client, organization);
            let removal = member::MemberRemoval { user_id: account };
            control_plane.send(&member::REMOVE, organization, removal, ()).await.optional().is_ok()
        }
    }
}

/// Deletes an open invitation, unless another team of the organization contains it, or it has roles of its own.
/// Returns whether it was deleted. Call it while holding [`lock_withdrawals`].
pub async fn withdraw(client: &Client, organization: OrganizationId, id: InvitationId) -> Result<bool, Diag> {
    if is_in_a_team(client, organization, id).await? || has_roles(client, organization, id).await? {
        return Ok(false);
    }
    forget(client, organization);
    let gone = client.control_plane()?.call(&api::DELETE, (organization, id)).await.optional();
    gone.map(|_| true).map_err(|error| {
        cannot(format_args!("delete the invitation {id}"), Needs::ORGANIZATION_ADMIN, &error)
    })
}

/// Waits until no other operation removes an invitation from a team: each of two teams would otherwise find the
/// invitation in the other one, and none would delete it.
pub async fn lock_withdrawals(cx: &Cx<Client>, organization: OrganizationId) -> LockGuard {
    cx.lock(format!("withdrawals/{organization}")).await
}

async fn is_in_a_team(client: &Client, organization: OrganizationId, id: InvitationId) -> Result<bool, Diag> {
    let control_plane = client.control_plane()?;
    let failed =
        |error: ApiError| cannot("look for the teams of an invitation", Needs::ORGANIZATION_VIEWER, &error);
    let teams =
        control_plane.list_all(&team::LIST, organization, TeamQuery::default()).await.map_err(failed)?;
    for team in teams {
        // Another operation may delete the team at the same time.
        let members = control_plane.call(&team::MEMBERS, team.id).await.optional().map_err(failed)?;
        let is_it = |member: &TeamMember| matches!(member, TeamMember::Invitation(one) if one.id == id);
        if members.iter().flatten().any(is_it) {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn has_roles(client: &Client, organization: OrganizationId, id: InvitationId) -> Result<bool, Diag> {
    let control_plane = client.control_plane()?;
    for role in roles(client, organization).await?.all() {
        let held =
            control_plane.send(&role::ASSIGNMENTS, role.id, ScopeQuery::default(), ()).await.optional();
        let held = held.map_err(|error| {
            cannot("look for the roles of an invitation", Needs::ORGANIZATION_VIEWER, &error)
        })?;
        let is_holder = |one: &role::Assignment| one.invitation.as_ref().is_some_and(|one| one.id == id);
        if held.iter().flatten().any(is_holder) {
            return Ok(true);
        }
    }
    Ok(false)
}
