//! Principals: who receives a role or a permission.

use std::cmp::Ordering;
use std::fmt;

use tfkit::model::{Fields, Model, Token};
use tfkit::{Diag, Partial, Plan};
use zenml_api::control::invitation::Invitation;
use zenml_api::control::role::Assignment;
use zenml_api::control::team;
use zenml_api::control::user::User;
use zenml_api::{Identifier, ServiceAccountId, TeamId, UserId};

use super::people::{addresses_of, canonical, is_email};
use crate::id::Id;

// Every model with a principal has these attributes. One of them is set, except that a team can be something else than
// the principal: that of a membership.
const EMAIL: &str = "email";
const TEAM_ID: &str = "team_id";
const USER_ID: &str = "user_id";
const SERVICE_ACCOUNT_ID: &str = "service_account_id";

const fn email<M>() -> Token<M, Option<String>> {
    Token::new(EMAIL)
}

const fn team_id<M>() -> Token<M, Option<Id<TeamId>>> {
    Token::new(TEAM_ID)
}

const fn user_id<M>() -> Token<M, Option<Id<UserId>>> {
    Token::new(USER_ID)
}

const fn service_account_id<M>() -> Token<M, Option<Id<ServiceAccountId>>> {
    Token::new(SERVICE_ACCOUNT_ID)
}

/// Email address of a person. Two spellings of the same address are equal.
#[derive(Clone, Debug)]
pub struct Email(pub String);

impl PartialEq for Email {
    fn eq(&self, other: &Self) -> bool {
        canonical(&self.0) == canonical(&other.0)
    }
}

impl Eq for Email {}

impl PartialOrd for Email {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Email {
    fn cmp(&self, other: &Self) -> Ordering {
        canonical(&self.0).cmp(&canonical(&other.0))
    }
}

/// A team, a user or a service account. To the API a service account is a user.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Principal {
    /// All members of a team.
    Team(TeamId),
    /// A person.
    User(UserId),
    /// An automated client.
    ServiceAccount(ServiceAccountId),
    /// A person by email address: an account, or an invitation until it is accepted.
    Email(Email),
}

impl Principal {
    /// Returns the principal that is set. The schema ensures that there is exactly one.
    pub fn of(
        team: Option<Id<TeamId>>,
        user: Option<Id<UserId>>,
        service_account: Option<Id<ServiceAccountId>>,
        email: Option<String>,
    ) -> Result<Self, Diag> {
        match (team, user, service_account, email) {
            (Some(Id(team)), None, None, None) => Ok(Self::Team(team)),
            (None, Some(Id(user)), None, None) => Ok(Self::User(user)),
            (None, None, Some(Id(account)), None) => Ok(Self::ServiceAccount(account)),
            (None, None, None, Some(email)) => Ok(Self::Email(Email(email))),
            _ => Err(Diag::error("No principal selected")
                .why("Exactly one of email, team_id, user_id and service_account_id must be set.")
                .fix("Set exactly one of them.")),
        }
    }

    /// Returns the planned principal; `None` while it is unknown.
    pub fn planned<M>(values: &Partial<M>) -> Option<Self> {
        let team = values.get(team_id()).known().map(|id| Self::Team(id.0));
        team.or_else(|| Self::planned_member(values))
    }

    /// Returns the planned principal of a model whose team is not the principal; `None` while it is unknown.
    pub fn planned_member<M>(values: &Partial<M>) -> Option<Self> {
        let user = values.get(user_id()).known().map(|id| Self::User(id.0));
        let account = || values.get(service_account_id()).known().map(|id| Self::ServiceAccount(id.0));
        let person = || values.get(email()).known().map(|email| Self::Email(Email(email)));
        user.or_else(account).or_else(person)
    }

    /// Returns whether a plan changes the principal.
    pub fn changes<M: Model>(plan: &Plan<M>) -> bool {
        plan.changes(team_id())
            || plan.changes(user_id())
            || plan.changes(service_account_id())
            || plan.changes(email())
    }

    /// Reads the principal from a state or an identity. An identity of an earlier version has no email address.
    pub fn read(fields: &Fields) -> Result<Self, Diag> {
        let email = fields.get::<Option<String>>(EMAIL).unwrap_or_default();
        Self::of(fields.get(TEAM_ID)?, fields.get(USER_ID)?, fields.get(SERVICE_ACCOUNT_ID)?, email)
    }

    /// Adds the attributes of the principal.
    pub fn write(&self, fields: Fields) -> Fields {
        fields
            .with(EMAIL, &self.email().map(str::to_owned))
            .with(TEAM_ID, &self.team().map(Id))
            .with(USER_ID, &self.user().map(Id))
            .with(SERVICE_ACCOUNT_ID, &self.service_account().map(Id))
    }

    /// Returns a key that is equal for principals that are the same to the control plane, which treats a service
    /// account as a user. An email address is not compared with the id of its account.
    pub fn key(&self) -> String {
        match (self.account(), self) {
            (Some(account), _) => format!("account/{account}"),
            (None, other) => other.to_string(),
        }
    }

    /// Parses the two parts of an import id that identify a principal, such as `team` and an id.
    pub fn parse(kind: &str, id: &str) -> Option<Self> {
        match kind {
            "team" => id.parse().ok().map(Self::Team),
            "user" => id.parse().ok().map(Self::User),
            "service_account" => id.parse().ok().map(Self::ServiceAccount),
            "email" if is_email(id) => Some(Self::Email(Email(id.to_owned()))),
            _ => None,
        }
    }

    /// Returns the team, if it is one.
    pub fn team(&self) -> Option<TeamId> {
        match self {
            Self::Team(team) => Some(*team),
            Self::User(_) | Self::ServiceAccount(_) | Self::Email(_) => None,
        }
    }

    /// Returns the user or service account, if it is one.
    pub fn account(&self) -> Option<UserId> {
        match self {
            Self::Team(_) | Self::Email(_) => None,
            Self::User(user) => Some(*user),
            Self::ServiceAccount(account) => Some(UserId::from_uuid(account.uuid())),
        }
    }

    /// Returns the value of the attribute `user_id`.
    pub fn user(&self) -> Option<UserId> {
        match self {
            Self::User(user) => Some(*user),
            Self::Team(_) | Self::ServiceAccount(_) | Self::Email(_) => None,
        }
    }

    /// Returns the value of the attribute `service_account_id`.
    pub fn service_account(&self) -> Option<ServiceAccountId> {
        match self {
            Self::ServiceAccount(account) => Some(*account),
            Self::Team(_) | Self::User(_) | Self::Email(_) => None,
        }
    }

    /// Returns the value of the attribute `email`.
    pub fn email(&self) -> Option<&str> {
        match self {
            Self::Email(email) => Some(&email.0),
            Self::Team(_) | Self::User(_) | Self::ServiceAccount(_) => None,
        }
    }

    /// The attribute with its id.
    pub fn attribute(&self) -> &'static str {
        match self {
            Self::Team(_) => TEAM_ID,
            Self::User(_) => USER_ID,
            Self::ServiceAccount(_) => SERVICE_ACCOUNT_ID,
            Self::Email(_) => EMAIL,
        }
    }

    /// Returns whether a user, a team or an invitation of a response is this principal.
    pub fn is(
        &self,
        user: Option<&User>,
        team: Option<&team::Team>,
        invitation: Option<&Invitation>,
    ) -> bool {
        let has = |address: &str, email: &Email| canonical(address) == canonical(&email.0);
        match self {
            Self::Team(id) => team.is_some_and(|team| team.id == *id),
            Self::User(_) | Self::ServiceAccount(_) => {
                user.is_some_and(|user| Some(user.id) == self.account())
            }
            Self::Email(email) => {
                let of_user = user.into_iter().flat_map(addresses_of);
                let of_invitation = invitation.map(|invitation| invitation.email.as_str());
                of_user.chain(of_invitation).any(|address| has(address, email))
            }
        }
    }

    /// Returns the principal of an assignment; an invitation is that of its address.
    pub fn of_assignment(assignment: &Assignment) -> Option<Self> {
        let invited = || {
            let invitation = assignment.invitation.as_ref()?;
            Some(Self::Email(Email(invitation.email.clone())))
        };
        Self::of_member(assignment.user.as_ref(), assignment.team.as_ref()).or_else(invited)
    }

    /// Returns the principal that is a user or a team of a response.
    pub fn of_member(user: Option<&User>, team: Option<&team::Team>) -> Option<Self> {
        match (team, user) {
            (Some(team), _) => Some(Self::Team(team.id)),
            (None, Some(user)) if user.is_service_account => {
                Some(Self::ServiceAccount(ServiceAccountId::from_uuid(user.id.uuid())))
            }
            (None, Some(user)) => Some(Self::User(user.id)),
            (None, None) => None,
        }
    }

    /// Returns every principal that a user, a team or an invitation of a response [is](Self::is): an account by each of
    /// its addresses and by its id. The first one is what a configuration would usually contain.
    pub fn all_of(
        user: Option<&User>,
        team: Option<&team::Team>,
        invitation: Option<&Invitation>,
    ) -> Vec<Self> {
        let invited = invitation.map(|invitation| invitation.email.as_str());
        let addresses: Vec<&str> = user.into_iter().flat_map(addresses_of).chain(invited).collect();
        let as_spelled = addresses.iter().map(|address| (*address).to_owned());
        // A configuration often spells an address in lower case.
        let in_lower_case = addresses.iter().map(|address| canonical(address));
        let by_address = as_spelled.chain(in_lower_case).map(|address| Self::Email(Email(address)));
        // A configuration can contain a service account as a user.
        let as_user = user.map(|user| Self::User(user.id));
        let as_account = user.map(|user| Self::ServiceAccount(ServiceAccountId::from_uuid(user.id.uuid())));
        let by_id = Self::of_member(user, team).into_iter().chain(as_user).chain(as_account);
        by_address.chain(by_id).collect()
    }

    /// Returns every principal that holds an assignment.
    pub fn all_that_hold(assignment: &Assignment) -> Vec<Self> {
        Self::all_of(assignment.user.as_ref(), assignment.team.as_ref(), assignment.invitation.as_ref())
    }

    /// Returns whether this principal holds an assignment.
    pub fn holds(&self, assignment: &Assignment) -> bool {
        self.is(assignment.user.as_ref(), assignment.team.as_ref(), assignment.invitation.as_ref())
    }
}

/// Writes kind and id as in an import id: `team/0f4c…`.
impl fmt::Display for Principal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Team(id) => write!(formatter, "team/{id}"),
            Self::User(id) => write!(formatter, "user/{id}"),
            Self::ServiceAccount(id) => write!(formatter, "service_account/{id}"),
            Self::Email(email) => write!(formatter, "email/{}", canonical(&email.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_principal_is_parsed_as_it_is_written() {
        let principals = [
            Principal::Team(TeamId::random()),
            Principal::User(UserId::random()),
            Principal::ServiceAccount(ServiceAccountId::random()),
            Principal::Email(Email("Ann@Example.com".to_owned())),
        ];
        for principal in principals {
            let text = principal.to_string();
            let (kind, id) = text.split_once('/').unwrap();
            assert_eq!(Principal::parse(kind, id), Some(principal));
        }
        assert_eq!(Principal::parse("group", &TeamId::random().to_string()), None);
        assert_eq!(Principal::parse("team", "alpha"), None);
        assert_eq!(Principal::parse("email", "ann"), None);
    }

    #[test]
    fn a_person_is_every_address_of_the_account() {
        let user = |email: Option<&str>, username: &str, is_service_account: bool| -> User {
            let id = UserId::random();
            let user = serde_json::json!({ "id": id, "email": email, "username": username,
                "is_service_account": is_service_account });
            serde_json::from_value(user).unwrap()
        };
        let cases = [
            (user(Some("Ann@Example.com"), "ann", false), true),
            (user(None, "ann@example.com", false), true),
            (user(Some("ann@work.example.com"), "ANN@example.com", false), true),
            (user(Some("ann@work.example.com"), "ann", false), false),
            (user(Some("ann@example.com"), "ann@example.com", true), false),
        ];
        let ann = Principal::Email(Email("ann@example.com".to_owned()));
        for (user, expected) in cases {
            assert_eq!(ann.is(Some(&user), None, None), expected, "{user:?}");
        }
    }

    #[test]
    fn a_person_is_listed_under_each_name_that_a_configuration_can_use() {
        let id = UserId::random();
        let user = serde_json::json!({ "id": id, "email": "Ann@Example.com", "username": "ann" });
        let user = serde_json::from_value(user).unwrap();
        let names = Principal::all_of(Some(&user), None, None);
        let names: Vec<_> = names.iter().map(|one| (one.attribute(), one.email(), one.account())).collect();
        let expected = [
            ("email", Some("Ann@Example.com"), None),
            ("email", Some("ann@example.com"), None),
            ("user_id", None, Some(id)),
            ("user_id", None, Some(id)),
            ("service_account_id", None, Some(id)),
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn exactly_one_of_four_is_a_principal() {
        let team = Some(Id(TeamId::random()));
        let user = Some(Id(UserId::random()));
        let email = Some("ann@example.com".to_owned());
        assert!(Principal::of(team, None, None, None).is_ok());
        assert!(Principal::of(None, None, None, email.clone()).is_ok());
        assert!(Principal::of(team, user, None, None).is_err());
        assert!(Principal::of(team, None, None, email).is_err());
        assert!(Principal::of(None, None, None, None).is_err());
    }
}
