//! The members of an organization, and how a configuration refers to them.

use std::sync::Arc;

use tfkit::{Diag, Dyn};
use zenml_api::control::member::{self, MemberQuery};
use zenml_api::control::user::User;
use zenml_api::{OrganizationId, UserId};

use crate::cache::Cache;
use crate::client::Client;
use crate::failure::{Needs, cannot};

/// Users and service accounts with a role in an organization.
#[derive(Debug)]
pub struct People(Vec<User>);

impl People {
    /// Finds a person by email address, user name or id. Case does not matter.
    pub fn find(&self, name: &str) -> Option<&User> {
        self.0.iter().find(|user| is_named(user, name))
    }
}

/// The people of each organization that a run has read.
type Known = Cache<OrganizationId, People>;

/// Returns whether a string is the email address, the user name or the id of a user. Case and the hyphens of an id do
/// not matter.
pub fn is_named(user: &User, name: &str) -> bool {
    let is_same = |text: &str| same_text(text, name);
    user.email.as_deref().is_some_and(is_same) || is_same(&user.username) || name.parse() == Ok(user.id)
}

/// Returns whether two strings are certain to refer to the same person: the same letters, or the same id.
pub fn same_name(one: &Dyn, other: &Dyn) -> bool {
    match (one.as_str(), other.as_str()) {
        (Some(one), Some(other)) => same_text(one, other),
        _ => one == other,
    }
}

fn same_text(one: &str, other: &str) -> bool {
    let id = |text: &str| text.parse::<UserId>().ok();
    one.to_lowercase() == other.to_lowercase() || id(one).is_some_and(|one| id(other) == Some(one))
}

/// Returns whether an account belongs to an organization; `None` if its members cannot be listed.
pub async fn belongs(client: &Client, organization: OrganizationId, account: UserId) -> Option<bool> {
    let has = |people: &People| people.0.iter().any(|user| user.id == account);
    if has(&*people(client, organization).await.ok()?) {
        return Some(true);
    }
    // The account may have joined since the list was read.
    forget(client, organization);
    Some(has(&*people(client, organization).await.ok()?))
}

/// Returns how a configuration refers to a user: by email address if there is one.
pub fn name_of(user: &User) -> &str {
    user.email.as_deref().filter(|email| !email.is_empty()).unwrap_or(&user.username)
}

/// The accounts behind names.
#[derive(Debug)]
pub struct Found<'a> {
    /// Names with their accounts.
    pub known: Vec<(&'a str, UserId)>,
    /// Names that match no member of the organization.
    pub unknown: Vec<&'a str>,
}

impl<'a> Found<'a> {
    /// Returns the account of a name.
    pub fn id(&self, name: &str) -> Option<UserId> {
        self.known.iter().find(|(known, _)| *known == name).map(|(_, id)| *id)
    }

    /// Returns whether two names refer to the same person.
    pub fn is_one(&self, one: &str, other: &str) -> bool {
        same_text(one, other) || self.id(one).is_some_and(|id| self.id(other) == Some(id))
    }

    /// Returns the names of a list that refer to the same person as an earlier name, as pairs of the earlier and the
    /// later name.
    pub fn twice(&self, names: &[&'a str]) -> Vec<(&'a str, &'a str)> {
        let names = names.iter().enumerate();
        names
            .clone()
            .filter_map(|(place, name)| {
                let earlier = names.clone().take(place).find(|(_, earlier)| self.is_one(earlier, name));
                earlier.map(|(_, earlier)| (*earlier, *name))
            })
            .collect()
    }

    /// Returns the names whose person the other list does not contain.
    pub fn missing_in<'b>(&self, names: &[&'b str], others: &[&str]) -> Vec<&'b str> {
        names.iter().copied().filter(|name| !others.iter().any(|other| self.is_one(name, other))).collect()
    }
}

/// Looks up the accounts of names. `at_hand` are users that were read before, such as the members of a team.
pub async fn look_up<'a>(
    client: &Client,
    organization: OrganizationId,
    names: impl IntoIterator<Item = &'a str>,
    at_hand: &[User],
) -> Result<Found<'a>, Diag> {
    let mut found = Found { known: Vec::new(), unknown: Vec::new() };
    for name in names {
        match at_hand.iter().find(|user| is_named(user, name)) {
            Some(user) => found.known.push((name, user.id)),
            None => found.unknown.push(name),
        }
    }
    if found.unknown.is_empty() {
        return Ok(found);
    }
    let mut people = people(client, organization).await?;
    if found.unknown.iter().any(|name| people.find(name).is_none()) {
        // Someone may have joined since the list was read.
        forget(client, organization);
        people = self::people(client, organization).await?;
    }
    found.unknown.retain(|name| match people.find(name) {
        Some(user) => {
            found.known.push((name, user.id));
            false
        }
        None => true,
    });
    Ok(found)
}

/// Forgets the people of an organization, because someone may have joined or left since.
pub(super) fn forget(client: &Client, organization: OrganizationId) {
    client.memory::<Known>().forget(&organization);
}

async fn people(client: &Client, organization: OrganizationId) -> Result<Arc<People>, Diag> {
    let control_plane = client.control_plane()?;
    let query = MemberQuery {
        include_users: Some(true),
        include_service_accounts: Some(true),
        include_teams: Some(false),
        ..MemberQuery::default()
    };
    let read = async {
        let members = control_plane.send(&member::LIST, organization, query, ()).await?;
        Ok(People(members.into_iter().filter_map(|member| member.user).collect()))
    };
    client.memory::<Known>().get(&organization, read).await.map_err(|error| {
        cannot(
            format_args!("list the members of the organization {organization}"),
            Needs::ORGANIZATION_VIEWER,
            &error,
        )
    })
}
