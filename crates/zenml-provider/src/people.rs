//! The people that an organization knows, and how a configuration names them.

use std::sync::Arc;

use tfkit::Diag;
use zenml_api::control::member::{self, MemberQuery};
use zenml_api::control::user::User;
use zenml_api::{OrganizationId, UserId};

use crate::client::Client;
use crate::failure::{Needs, cannot};

/// Users and service accounts with a role in an organization.
#[derive(Debug)]
pub struct People(Vec<User>);

impl People {
    /// The person whom a text names: by e-mail, by user name or by id. Case does not matter.
    pub fn find(&self, name: &str) -> Option<&User> {
        self.0.iter().find(|user| is_named(user, name))
    }
}

/// Whether a text names a user: by e-mail, by user name or by id. Case does not matter.
pub fn is_named(user: &User, name: &str) -> bool {
    let wanted = name.to_lowercase();
    let same = |text: &str| text.to_lowercase() == wanted;
    user.email.as_deref().is_some_and(same) || same(&user.username) || user.id.to_string() == wanted
}

/// How a configuration would name a user: by e-mail where there is one.
pub fn name_of(user: &User) -> &str {
    user.email.as_deref().filter(|email| !email.is_empty()).unwrap_or(&user.username)
}

/// The ids of these people, in the order given. All of them are looked up before anything is changed; the error
/// names everybody whom the organization does not know.
pub async fn resolve(
    client: &Client,
    organization: OrganizationId,
    names: &[&str],
) -> Result<Vec<UserId>, Unresolved> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let mut people = people(client, organization).await?;
    if names.iter().any(|name| people.find(name).is_none()) {
        // Somebody may have joined since the list was read.
        client.people.forget(&organization);
        people = self::people(client, organization).await?;
    }
    let unknown: Vec<String> =
        names.iter().filter(|name| people.find(name).is_none()).map(ToString::to_string).collect();
    if !unknown.is_empty() {
        return Err(Unresolved::Unknown(unknown));
    }
    Ok(names.iter().filter_map(|name| people.find(name)).map(|user| user.id).collect())
}

/// Why people could not be found.
#[derive(Debug)]
pub enum Unresolved {
    /// The organization does not know these names.
    Unknown(Vec<String>),
    /// They could not be looked up.
    Failed(Diag),
}

impl From<Diag> for Unresolved {
    fn from(diag: Diag) -> Self {
        Self::Failed(diag)
    }
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
    client.people.get(&organization, read).await.map_err(|error| {
        cannot(
            format_args!("list the members of the organization {organization}"),
            Needs::ORGANIZATION_VIEWER,
            &error,
        )
    })
}
