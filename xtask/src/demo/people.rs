//! The people of the journey, as an organization has them before anybody writes a configuration.

use serde_json::Value;

use super::http::{Body, Session, encode};
use super::platform::Ready;
use crate::Failure;

/// Password of every local user of the demo. It guards nothing but a platform that lives for seconds on loopback.
pub const PASSWORD: &str = "team-alpha-demo";

/// The five people whom the example's teams name.
pub const MEMBERS: [&str; 5] = [
    "developer-1@example.com",
    "developer-2@example.com",
    "ml-engineer-1@example.com",
    "ml-engineer-2@example.com",
    "ml-ops-1@example.com",
];

/// Somebody with an account, and without a role anywhere.
pub const VISITOR: &str = "visitor@example.com";

/// Makes the local users, and members of the organization of all but the visitor.
pub async fn invite(platform: &Ready) -> Result<(), Failure> {
    let admin =
        Session::log_in(&platform.control_plane_url, &platform.admin.username, &platform.admin.password)
            .await?;
    let organization = &platform.organization_id;
    let role = role(&admin, organization, "Organization Member").await?;
    for email in MEMBERS {
        let user = user(&admin, email).await?;
        admin.expect("POST", &format!("/roles/{role}/assignments?user_id={user}"), Body::Empty).await?;
    }
    user(&admin, VISITOR).await?;
    Ok(())
}

/// Makes a local user and gives its id.
async fn user(admin: &Session, email: &str) -> Result<String, Failure> {
    let path = format!("/users?{}", encode(&[("username", email), ("password", PASSWORD)]));
    let made = admin.expect("POST", &path, Body::Empty).await?;
    id(&made, &path)
}

/// Id of a predefined role of the organization.
async fn role(admin: &Session, organization: &str, name: &str) -> Result<String, Failure> {
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
        .ok_or_else(|| Failure::new(format!("the answer of {path} carries no id: {object}")))
}
