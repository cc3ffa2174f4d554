//! The members of an organization, and how a configuration refers to them.

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tfkit::{Diag, Dyn};
use zenml_api::control::member::{self, MemberQuery};
use zenml_api::control::user::User;
use zenml_api::{IdOrName, OrganizationId, UserId};

use crate::cache::Cache;
use crate::client::Client;
use crate::control;
use crate::failure::{Needs, cannot};

/// Users and service accounts, such as those with a role in an organization.
#[derive(Debug, Default)]
pub struct People {
    /// Accounts by the canonical forms of their names.
    by_name: HashMap<String, UserId>,
    ids: HashSet<UserId>,
}

impl<'a> FromIterator<&'a User> for People {
    fn from_iter<I: IntoIterator<Item = &'a User>>(users: I) -> Self {
        let mut people = Self::default();
        for user in users {
            people.ids.insert(user.id);
            for name in names_of(user) {
                people.by_name.entry(name).or_insert(user.id);
            }
        }
        people
    }
}

impl People {
    /// Finds a person by email address, user name or id. Case and the hyphens of an id do not matter.
    pub fn find(&self, name: &str) -> Option<UserId> {
        self.by_name.get(&canonical(name)).copied()
    }
}

/// The people of each organization that a run has read.
type Known = Cache<OrganizationId, People>;

/// Returns the canonical forms of the names of a user: the email address, the user name and the id.
pub fn names_of(user: &User) -> impl Iterator<Item = String> {
    let email = user.email.as_deref().map(canonical);
    email.into_iter().chain([canonical(&user.username), user.id.to_string()])
}

/// Returns the addresses of a person: the email address, and a user name that is one. A service account has none, although
/// its name can look like one.
pub fn addresses_of(user: &User) -> impl Iterator<Item = &str> {
    let names = user.email.as_deref().into_iter().chain([user.username.as_str()]);
    names.filter(|name| !user.is_service_account && is_email(name))
}

/// Compares names of people: two strings are certain to refer to the same person if they have the same letters or are
/// the same id.
pub fn same_name(value: &Dyn) -> Cow<'_, Dyn> {
    match value.as_str() {
        Some(name) => Cow::Owned(Dyn::string(canonical(name))),
        None => Cow::Borrowed(value),
    }
}

/// Returns the canonical form of a name: its id, or its letters in lower case.
pub fn canonical(name: &str) -> String {
    name.parse::<UserId>().map_or_else(|_| name.to_lowercase(), |id| id.to_string())
}

/// Returns whether a name has the form of an email address. The control plane checks it more strictly.
pub fn is_email(name: &str) -> bool {
    let has_no_gaps =
        |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || c.is_control());
    let Some((local, domain)) = name.split_once('@') else { return false };
    let labels: Vec<&str> = domain.split('.').collect();
    has_no_gaps(local) && labels.len() > 1 && !domain.contains('@') && labels.into_iter().all(has_no_gaps)
}

/// Returns an address as it was spelled before, if it is the same.
pub fn spelled_like(known: Option<&str>, email: &str) -> String {
    known.filter(|known| canonical(known) == canonical(email)).unwrap_or(email).to_owned()
}

/// Returns whether an account belongs to an organization; `None` if its members or its service accounts cannot be read.
pub async fn belongs(client: &Client, organization: OrganizationId, account: UserId) -> Option<bool> {
    let has = |people: &People| people.ids.contains(&account);
    if has(&*people(client, organization).await.ok()?) {
        return Some(true);
    }
    // The account may have joined since the list was read.
    forget(client, organization);
    if has(&*people(client, organization).await.ok()?) {
        return Some(true);
    }
    service_account(client, organization, &account.to_string()).await.ok().map(|found| found.is_some())
}

/// Returns the service account of an organization with an id or a name. It belongs to the organization even if it has
/// no role, and is not in the list of members then.
pub async fn service_account(
    client: &Client,
    organization: OrganizationId,
    name: &str,
) -> Result<Option<UserId>, Diag> {
    let found = control::service_account::find(client, organization, IdOrName::parse(name)).await?;
    Ok(found.map(|account| UserId::from(account.id)))
}

/// Returns how a configuration refers to a user: by email address if there is one.
pub fn name_of(user: &User) -> &str {
    user.email.as_deref().filter(|email| !email.is_empty()).unwrap_or(&user.username)
}

/// The names of people in a configuration or a state, by the canonical forms of what else the people are called.
#[derive(Debug, Default)]
pub struct Spellings<'a>(HashMap<String, &'a str>);

impl<'a> Spellings<'a> {
    /// Collects the names that somebody has written.
    pub fn of(names: impl IntoIterator<Item = &'a String>) -> Self {
        Self(names.into_iter().map(|name| (canonical(name), name.as_str())).collect())
    }

    /// Returns how to refer to a user: by the name that was written, or else by [`name_of`].
    pub fn spell(&self, user: &User) -> String {
        let written = names_of(user).find_map(|name| self.0.get(&name).copied());
        written.unwrap_or_else(|| name_of(user)).to_owned()
    }

    /// Returns how to refer to an invited person: as it was written, or else by the address.
    pub fn spell_email(&self, email: &str) -> String {
        self.0.get(&canonical(email)).copied().unwrap_or(email).to_owned()
    }
}

/// The accounts behind names.
#[derive(Debug, Default)]
pub struct Found<'a> {
    /// Accounts by name.
    pub known: HashMap<&'a str, UserId>,
    /// Names that match no member of the organization.
    pub unknown: Vec<&'a str>,
}

impl<'a> Found<'a> {
    /// Returns a key that two names share only if they refer to the same person.
    pub fn person(&self, name: &str) -> String {
        self.known.get(name).map_or_else(|| canonical(name), UserId::to_string)
    }

    /// Returns the names of a list that refer to the same person as an earlier name, as pairs of the earlier and the
    /// later name.
    pub fn twice(&self, names: &[&'a str]) -> Vec<(&'a str, &'a str)> {
        let mut first = HashMap::new();
        let mut twice = Vec::new();
        for name in names {
            match first.entry(self.person(name)) {
                Entry::Vacant(place) => {
                    place.insert(*name);
                }
                Entry::Occupied(earlier) => twice.push((*earlier.get(), *name)),
            }
        }
        twice
    }

    /// Returns the names whose person the other list does not contain.
    pub fn missing_in<'b>(&self, names: &[&'b str], others: &[&str]) -> Vec<&'b str> {
        let others: HashSet<String> = others.iter().map(|other| self.person(other)).collect();
        names.iter().copied().filter(|name| !others.contains(&self.person(name))).collect()
    }
}

/// Looks up the accounts of names. `at_hand` are users that were read before, such as the members of a team.
pub async fn look_up<'a>(
    client: &Client,
    organization: OrganizationId,
    names: impl IntoIterator<Item = &'a str>,
    at_hand: impl IntoIterator<Item = &User>,
) -> Result<Found<'a>, Diag> {
    let mut found = Found::default();
    found.unknown.extend(names);
    found.look_in(&at_hand.into_iter().collect());
    if found.unknown.is_empty() {
        return Ok(found);
    }
    found.look_in(&*people(client, organization).await?);
    if !found.unknown.is_empty() {
        // Someone may have joined since the list was read.
        forget(client, organization);
        found.look_in(&*people(client, organization).await?);
    }
    for name in std::mem::take(&mut found.unknown) {
        match service_account(client, organization, name).await? {
            Some(account) => {
                found.known.insert(name, account);
            }
            None => found.unknown.push(name),
        }
    }
    Ok(found)
}

impl Found<'_> {
    /// Moves the names that these people have from the unknown ones to the known ones.
    fn look_in(&mut self, people: &People) {
        let known = &mut self.known;
        self.unknown.retain(|name| match people.find(name) {
            Some(id) => {
                known.insert(name, id);
                false
            }
            None => true,
        });
    }
}

/// Forgets the people of an organization, because someone may have joined or left since.
pub fn forget(client: &Client, organization: OrganizationId) {
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
        Ok(members.iter().filter_map(|member| member.user.as_ref()).collect::<People>())
    };
    client.memory::<Known>().get(&organization, read).await.map_err(|error| {
        cannot(
            format_args!("list the members of the organization {organization}"),
            Needs::ORGANIZATION_VIEWER,
            &error,
        )
    })
}
