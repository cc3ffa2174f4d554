//! The people of the journey. All except one exist before any configuration.

use serde::Deserialize;
use serde_json::{Value, json};

use super::http::{Body, Session, encode};
use super::platform::{Platform, Ready};
use crate::Failure;

/// Password of every local user of the demo. It only protects a platform that runs for seconds on loopback.
pub const PASSWORD: &str = "team-alpha-demo";

/// The five members of the example's teams.
pub const MEMBERS: [&str; 5] = [
    "developer-1@example.com",
    "developer-2@example.com",
    "ml-engineer-1@example.com",
    "ml-engineer-2@example.com",
    "ml-ops-1@example.com",
];

/// The member who has no account: the apply sends an invitation.
pub const NEWCOMER: &str = MEMBERS[0];

/// A user with an account but without any role.
pub const VISITOR: &str = "visitor@example.com";

/// Creates the local users except the newcomer, and adds all except the visitor to the organization.
pub async fn invite(platform: &Ready) -> Result<(), Failure> {
    let admin =
        Session::log_in(&platform.control_plane_url, &platform.admin.username, &platform.admin.password)
            .await?;
    let organization = &platform.organization_id;
    let role = role(&admin, organization, "Organization Member").await?;
    for email in MEMBERS.into_iter().filter(|email| *email != NEWCOMER) {
        let user = user(&admin, email).await?;
        admin.expect("POST", &format!("/roles/{role}/assignments?user_id={user}"), Body::Empty).await?;
    }
    user(&admin, VISITOR).await?;
    Ok(())
}

/// What `zenml-local accept` prints.
#[derive(Deserialize)]
struct Accepted {
    password: String,
    organizations: Vec<String>,
}

/// Accepts the invitation of the newcomer, as somebody without a mail server does, and chooses a password. Returns the
/// names of the joined organizations.
pub async fn accept(platform: &Platform) -> Result<Vec<String>, Failure> {
    let url = &platform.ready().control_plane_url;
    if Session::log_in(url, NEWCOMER, PASSWORD).await.is_ok() {
        return Err(Failure::new(format!("{NEWCOMER} could log in before accepting the invitation")));
    }
    let printed = platform.command(&["accept", NEWCOMER, "--json"])?;
    let accepted: Accepted = serde_json::from_str(&printed)
        .map_err(|error| Failure::new(format!("the output of accept is not the expected JSON: {error}")))?;
    let session = Session::log_in(url, NEWCOMER, &accepted.password).await?;
    let change = json!({ "old_password": accepted.password, "password": PASSWORD });
    session.expect("PATCH", "/users/me", Body::Json(change)).await?;
    Ok(accepted.organizations)
}

/// Creates a local user and returns its id.
async fn user(admin: &Session, email: &str) -> Result<String, Failure> {
    let path = format!("/users?{}", encode(&[("username", email), ("password", PASSWORD)]));
    let made = admin.expect("POST", &path, Body::Empty).await?;
    id(&made, &path)
}

/// Returns the id of a predefined role of the organization.
pub async fn role(admin: &Session, organization: &str, name: &str) -> Result<String, Failure> {
    let query = encode(&[("level", "organization"), ("name", name)]);
    let path = format!("/organizations/{organization}/roles?{query}");
    let roles = admin.expect("GET", &path, Body::Empty).await?;
    let found = roles.as_array().into_iter().flatten().find(|role| role["name"] == name);
    id(found.unwrap_or(&Value::Null), &path)
}

fn id(object: &Value, path: &str) -> Result<String, Failure> {
    object["id"]
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| Failure::new(format!("the response of {path} does not contain an id: {object}")))
}
