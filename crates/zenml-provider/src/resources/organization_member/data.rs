//! The data sources `zenml_user` and `zenml_users`.

use std::collections::{BTreeMap, BTreeSet};

use tfkit::{Computed, Cx, DataSource, Diag, Model, Object, OrServer};
use zenml_api::control::role::RoleLevel;
use zenml_api::{OrganizationId, UserId};

use super::standing::{self, Remote, Standing};
use crate::access::people::canonical;
use crate::access::role::full_name;
use crate::client::Client;
use crate::control;
use crate::failure::Needs;
use crate::id::Id;

/// Looks up a person in an organization by email address or ID: a member, or somebody who is invited.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "user", kind = data_source, rule = tfkit::check::Rule::ExactlyOneOf(&["id", "email"]))]
#[model(since = "3.1.0", needs = Needs::ORGANIZATION_VIEWER.text(), category = "ZenML Pro")]
pub struct UserData {
    /// ID of the organization. Default: the provider's organization.
    pub organization_id: OrServer<Id<OrganizationId>>,
    /// ID of the account. Null for somebody who has not accepted the invitation.
    pub id: OrServer<Id<UserId>>,
    /// Email address. Null for an account without an address. Case does not matter.
    pub email: OrServer<String>,
    /// User name of the account. Null for somebody who has not accepted the invitation.
    pub username: Computed<Option<String>>,
    /// Display name. Null if there is none.
    pub name: Computed<Option<String>>,
    /// `active` for a member, `invited`, `expired` or `declined` otherwise.
    pub status: Computed<String>,
    /// Full names of the roles in the organization. For an invited person, the role that comes with the acceptance.
    pub roles: Computed<BTreeSet<String>>,
}

/// Lists the people of an organization, including invited ones, optionally filtered. Service accounts are not included.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "users", kind = data_source)]
#[model(since = "3.1.0", needs = Needs::ORGANIZATION_VIEWER.text(), category = "ZenML Pro")]
pub struct UsersData {
    /// ID of the organization. Default: the provider's organization.
    pub organization_id: OrServer<Id<OrganizationId>>,
    /// Return only people with this status. By default, members and people whose invitation is pending.
    #[attr(check = one_of(&["active", "invited", "expired", "declined"]))]
    pub status: Option<String>,
    /// Return only people with this role, by its full or its short name.
    pub role: Option<String>,
    /// The people, by email address in lower case, or by user name without an address.
    pub users: Computed<BTreeMap<String, UserSummary>>,
}

/// A person in a list.
#[derive(Clone, Debug, PartialEq, Object)]
pub struct UserSummary {
    /// ID of the account. Null for somebody who has not accepted the invitation.
    pub id: Computed<Option<Id<UserId>>>,
    /// Email address.
    pub email: Computed<Option<String>>,
    /// Display name.
    pub name: Computed<Option<String>>,
    /// `active` for a member, `invited`, `expired` or `declined` otherwise.
    pub status: Computed<String>,
    /// Full names of the roles in the organization.
    pub roles: Computed<BTreeSet<String>>,
}

fn role_names(person: &Remote) -> BTreeSet<String> {
    person.held().iter().filter_map(|role| role.name.clone()).collect()
}

/// Returns the user name and the display name.
fn names(person: &Remote) -> (Option<String>, Option<String>) {
    match &person.standing {
        Standing::Member(user, _) => (Some(user.username.clone()), user.name.clone()),
        Standing::Invited(..) => (None, None),
    }
}

impl DataSource for UserData {
    type Model = Self;
    type Client = Client;

    async fn read(cx: &Cx<Client>, config: Self) -> Result<Self, Diag> {
        let client = cx.client().await?;
        let organization = control::organization::or_default(client, &config.organization_id).await?;
        let (wanted, place) = match (config.id.as_ref(), config.email.as_ref()) {
            (Some(id), _) => (id.to_string(), Self::ID.path()),
            (None, Some(email)) => (email.clone(), Self::EMAIL.path()),
            (None, None) => return Err(Diag::bug("A user is looked up without id and email")),
        };
        let person = standing::find(client, organization, &wanted).await?.ok_or_else(|| {
            Diag::error(format!("There is no user {wanted:?} in the organization"))
                .why(format!(
                    "The organization {organization} has neither a member nor an invitation like this."
                ))
                .fix(
                    "Check the spelling, or set organization_id. zenml_organization_member invites a person.",
                )
                .at(place)
        })?;
        let (username, name) = names(&person);
        Ok(Self {
            organization_id: OrServer::known(Id(organization)),
            id: OrServer::from_option(person.account().map(Id)),
            // The address stays as the user wrote it.
            email: OrServer::from_option(
                config.email.into_option().or_else(|| person.email().map(str::to_owned)),
            ),
            username: Computed::known(username),
            name: Computed::known(name),
            status: Computed::known(person.status().as_str().to_owned()),
            roles: Computed::known(role_names(&person)),
        })
    }
}

impl DataSource for UsersData {
    type Model = Self;
    type Client = Client;

    async fn read(cx: &Cx<Client>, config: Self) -> Result<Self, Diag> {
        let client = cx.client().await?;
        let organization = control::organization::or_default(client, &config.organization_id).await?;
        let role = config.role.as_deref().map(|role| full_name(&RoleLevel::Organization, role));
        let mut users = BTreeMap::new();
        for person in standing::all(client, organization).await? {
            let (status, roles) = (person.status().as_str(), role_names(&person));
            let has_status = match config.status.as_deref() {
                Some(wanted) => status == wanted,
                None => ["active", "invited"].contains(&status),
            };
            if !has_status || role.is_some_and(|role| !roles.contains(role)) {
                continue;
            }
            let (username, name) = names(&person);
            let email = person.email().map(str::to_owned);
            let key = email.as_deref().map(canonical).or(username).unwrap_or_default();
            let summary = UserSummary {
                id: Computed::known(person.account().map(Id)),
                email: Computed::known(email),
                name: Computed::known(name),
                status: Computed::known(status.to_owned()),
                roles: Computed::known(roles),
            };
            users.insert(key, summary);
        }
        let organization_id = OrServer::known(Id(organization));
        Ok(Self { organization_id, users: Computed::known(users), ..config })
    }
}
