//! Who gets a role or a grant.

use std::fmt;

use tfkit::{Diag, Maybe, Path};
use zenml_api::control::role::Assignment;
use zenml_api::control::team;
use zenml_api::control::team::TeamMember;
use zenml_api::control::user::User;
use zenml_api::{Identifier, OrganizationId, ServiceAccountId, TeamId, UserId};
use zenml_client::{ApiError, Optional as _};

use crate::access::people;
use crate::cache::Cache;
use crate::client::Client;
use crate::control;
use crate::id::Id;

/// A team, a user or a service account. To the API a service account is a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Principal {
    /// All members of a team.
    Team(TeamId),
    /// A person.
    User(UserId),
    /// A program.
    ServiceAccount(ServiceAccountId),
}

impl Principal {
    /// The one that is set; the schema's rule lets exactly one through.
    pub fn of(
        team: Option<Id<TeamId>>,
        user: Option<Id<UserId>>,
        service_account: Option<Id<ServiceAccountId>>,
    ) -> Result<Self, Diag> {
        match (team, user, service_account) {
            (Some(Id(team)), None, None) => Ok(Self::Team(team)),
            (None, Some(Id(user)), None) => Ok(Self::User(user)),
            (None, None, Some(Id(account))) => Ok(Self::ServiceAccount(account)),
            _ => Err(Diag::error("It is not said who gets the role")
                .why("Exactly one of team_id, user_id and service_account_id names who gets it.")
                .fix("Set one of them, and only one.")),
        }
    }

    /// The one that is planned; none while it is not known.
    pub fn planned(
        team: Maybe<Id<TeamId>>,
        user: Maybe<Id<UserId>>,
        service_account: Maybe<Id<ServiceAccountId>>,
    ) -> Option<Self> {
        let team = team.known().map(|id| Self::Team(id.0));
        let user = || user.known().map(|id| Self::User(id.0));
        team.or_else(user).or_else(|| service_account.known().map(|id| Self::ServiceAccount(id.0)))
    }

    /// What is one for principals that the control plane does not tell apart: a service account is a user to it.
    pub fn key(self) -> String {
        match (self.team(), self.account()) {
            (Some(team), _) => format!("team/{team}"),
            (None, account) => format!("account/{}", account.map(|id| id.to_string()).unwrap_or_default()),
        }
    }

    /// Reads the two parts of an import id that name it, such as `team` and an id.
    pub fn parse(kind: &str, id: &str) -> Option<Self> {
        match kind {
            "team" => id.parse().ok().map(Self::Team),
            "user" => id.parse().ok().map(Self::User),
            "service_account" => id.parse().ok().map(Self::ServiceAccount),
            _ => None,
        }
    }

    /// The team, if it is one.
    pub fn team(self) -> Option<TeamId> {
        match self {
            Self::Team(team) => Some(team),
            Self::User(_) | Self::ServiceAccount(_) => None,
        }
    }

    /// The user or service account, if it is one.
    pub fn account(self) -> Option<UserId> {
        match self {
            Self::Team(_) => None,
            Self::User(user) => Some(user),
            Self::ServiceAccount(account) => Some(UserId::from_uuid(account.uuid())),
        }
    }

    /// The user, as an attribute has it.
    pub fn user(self) -> Option<UserId> {
        match self {
            Self::User(user) => Some(user),
            Self::Team(_) | Self::ServiceAccount(_) => None,
        }
    }

    /// The service account, as an attribute has it.
    pub fn service_account(self) -> Option<ServiceAccountId> {
        match self {
            Self::ServiceAccount(account) => Some(account),
            Self::Team(_) | Self::User(_) => None,
        }
    }

    /// Why it can hold nothing in an organization, at the attribute that names it; none while it can, or where nobody can
    /// tell. An account must belong to the organization, and a team must be there.
    pub async fn missing_in(self, client: &Client, organization: OrganizationId) -> Option<Diag> {
        let is_missing = match (self.account(), self.team()) {
            (Some(account), _) => people::belongs(client, organization, account).await == Some(false),
            (None, Some(team)) => {
                let found = client.control_plane().ok()?.call(&team::GET, team).await.optional();
                matches!(found, Ok(None))
            }
            (None, None) => false,
        };
        is_missing.then(|| self.missing(organization))
    }

    fn missing(self, organization: OrganizationId) -> Diag {
        let diag = match self {
            Self::Team(id) => Diag::error(format!("The organization has no team {id}"))
                .why(format!("The team was deleted, or is not one of the organization {organization}."))
                .fix("Remove this assignment, or name a team of the organization."),
            Self::User(_) | Self::ServiceAccount(_) => {
                let words = if self.user().is_some() { "user" } else { "service account" };
                let id = self.account().map(|id| id.to_string()).unwrap_or_default();
                Diag::error(format!("The {words} {id} is not in the organization"))
                    .why(format!(
                        "Only who belongs to the organization {organization} can hold something in it. This account has \
                         left it, or was never in it."
                    ))
                    .fix("Remove this assignment, or give the account a role in the organization again.")
            }
        };
        diag.at(Path::root().attr(match self {
            Self::Team(_) => "team_id",
            Self::User(_) => "user_id",
            Self::ServiceAccount(_) => "service_account_id",
        }))
    }

    /// Whether an answer is about this principal.
    pub fn is(self, user: Option<&User>, team: Option<&team::Team>) -> bool {
        match (self.account(), self.team()) {
            (Some(account), _) => user.is_some_and(|user| user.id == account),
            (None, Some(id)) => team.is_some_and(|team| team.id == id),
            (None, None) => false,
        }
    }

    /// Whether an assignment is held by this principal.
    pub fn holds(self, assignment: &Assignment) -> bool {
        self.is(assignment.user.as_ref(), assignment.team.as_ref())
    }

    /// Whether the account behind the provider's key is, or belongs to, this principal. Only a warning hangs on it, so
    /// what cannot be read counts as no.
    pub async fn reaches_caller(self, client: &Client) -> bool {
        let Ok(me) = control::account::me(client).await else { return false };
        match (self.account(), self.team()) {
            (Some(account), _) => account == me.id,
            (None, Some(team)) => {
                let read = async {
                    let members = client.api().control_plane()?.call(&team::MEMBERS, team).await?;
                    Ok::<_, ApiError>(members.into_iter().filter_map(account_of).collect::<Vec<_>>())
                };
                let members = client.memory::<Members>().0.get(&team, read).await;
                members.is_ok_and(|members| members.contains(&me.id))
            }
            (None, None) => false,
        }
    }
}

/// The accounts in each team that a run asked for.
#[derive(Debug, Default)]
struct Members(Cache<TeamId, Vec<UserId>>);

fn account_of(member: TeamMember) -> Option<UserId> {
    match member {
        TeamMember::User(user) => Some(user.id),
        TeamMember::Invitation(_) => None,
    }
}

/// Kind and id, as an import id has them: `team/0f4c…`.
impl fmt::Display for Principal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Team(id) => write!(formatter, "team/{id}"),
            Self::User(id) => write!(formatter, "user/{id}"),
            Self::ServiceAccount(id) => write!(formatter, "service_account/{id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_principal_reads_back_as_it_is_written() {
        let principals = [
            Principal::Team(TeamId::random()),
            Principal::User(UserId::random()),
            Principal::ServiceAccount(ServiceAccountId::random()),
        ];
        for principal in principals {
            let text = principal.to_string();
            let (kind, id) = text.split_once('/').unwrap();
            assert_eq!(Principal::parse(kind, id), Some(principal));
        }
        assert_eq!(Principal::parse("group", &TeamId::random().to_string()), None);
        assert_eq!(Principal::parse("team", "alpha"), None);
    }

    #[test]
    fn exactly_one_of_three_is_a_principal() {
        let team = Some(Id(TeamId::random()));
        let user = Some(Id(UserId::random()));
        assert!(Principal::of(team, None, None).is_ok());
        assert!(Principal::of(team, user, None).is_err());
        assert!(Principal::of(None, None, None).is_err());
    }
}
