//! Users: people and, in the same shape, service accounts.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::service_account::{ApiKey, ApiKeyCreate};
use crate::paging::offset_query;
use crate::{ApiKeyId, Endpoint, IdOrName, OrganizationId, Patch, Sensitive, UserId, WorkspaceId};

/// Users that the caller has access to.
pub const LIST: Endpoint<(), UserQuery, (), Vec<User>> = Endpoint::get("/users");
/// Creates a local user; only on self-hosted control planes. The password is in the query.
pub const CREATE: Endpoint<(), UserCreate, (), User> = Endpoint::post("/users");
/// One user, by id or by e-mail.
pub const GET: Endpoint<IdOrName<UserId>, (), (), User> = Endpoint::get("/users/{user_id_or_email}");
/// Changes a user.
pub const UPDATE: Endpoint<UserId, (), UserUpdate, User> = Endpoint::patch("/users/{user_id}");
/// Deletes a user.
pub const DELETE: Endpoint<UserId, (), (), ()> = Endpoint::delete("/users/{user_id}");
/// The caller.
pub const ME: Endpoint<(), (), (), User> = Endpoint::get("/users/me");
/// Changes the caller's profile.
pub const UPDATE_ME: Endpoint<(), (), UserUpdate, User> = Endpoint::patch("/users/me");
/// Personal access tokens of the caller.
pub const MY_API_KEYS: Endpoint<(), (), (), Vec<ApiKey>> = Endpoint::get("/users/me/api_keys");
/// Creates a personal access token; only this response contains it.
pub const CREATE_MY_API_KEY: Endpoint<(), (), ApiKeyCreate, ApiKey> = Endpoint::post("/users/me/api_keys");
/// Deletes a personal access token of the caller; it stops working at once. Inferred: only the collection is documented.
pub const DELETE_MY_API_KEY: Endpoint<ApiKeyId, (), (), ()> =
    Endpoint::delete("/users/me/api_keys/{api_key_id}");
/// Checks whether the caller can use a workspace. Called by its server with the caller's own credential.
pub const AUTHORIZE_SERVER: Endpoint<(), AuthorizeServer, (), User> =
    Endpoint::get("/users/authorize_server");

/// A user or a service account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct User {
    /// Identifier on the control plane.
    pub id: UserId,
    /// Unique name; equal to the e-mail for accounts of an identity provider.
    pub username: String,
    /// E-mail.
    #[serde(default)]
    pub email: Option<String>,
    /// Name to show.
    #[serde(default)]
    pub name: Option<String>,
    /// Address of a picture.
    #[serde(default)]
    pub avatar_url: Option<String>,
    /// Company.
    #[serde(default)]
    pub company: Option<String>,
    /// Job title.
    #[serde(default)]
    pub job_title: Option<String>,
    /// Free metadata.
    #[serde(default)]
    pub metadata: Option<Value>,
    /// Always null when read.
    #[serde(default)]
    pub password: Option<Sensitive<String>>,
    /// Whether a local user must choose a new password.
    #[serde(default)]
    pub password_expired: Option<bool>,
    /// Identity provider.
    #[serde(default)]
    pub oauth_provider: Option<String>,
    /// Identifier at the identity provider.
    #[serde(default)]
    pub oauth_id: Option<String>,
    /// Whether the account can log in.
    #[serde(default = "yes")]
    pub is_active: bool,
    /// Whether the account has all permissions.
    #[serde(default)]
    pub is_superuser: bool,
    /// Whether this is a service account.
    #[serde(default)]
    pub is_service_account: bool,
    /// The organization of a service account.
    #[serde(default)]
    pub organization_id: Option<OrganizationId>,
}

const fn yes() -> bool {
    true
}

/// Filters of [`LIST`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct UserQuery {
    /// Identifier.
    pub user_id: Option<UserId>,
    /// Identity provider.
    pub oauth_provider: Option<String>,
    /// Identifier at the identity provider.
    pub oauth_id: Option<String>,
    /// E-mail. Also compare the result: the filter may be inexact.
    pub email: Option<String>,
    /// Whether the account can log in.
    pub is_active: Option<bool>,
    /// Items to leave out at the start.
    pub offset: Option<u64>,
    /// Most items to return.
    pub limit: Option<u64>,
}

offset_query!(UserQuery);

/// A new local user, as a query.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct UserCreate {
    /// Unique name; may be an e-mail.
    pub username: Option<String>,
    /// Older name of `username`.
    pub email: Option<String>,
    /// First password.
    pub password: Option<Sensitive<String>>,
    /// Whether the account has all permissions.
    pub is_superuser: Option<bool>,
}

/// Changes of a user.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct UserUpdate {
    /// Name to show.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub name: Patch<String>,
    /// Unique name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// New password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Sensitive<String>>,
    /// The current password, required to change one's own. (The reference does not document it; this is its name in
    /// the API of a workspace.)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_password: Option<Sensitive<String>>,
    /// Whether the account can log in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_active: Option<bool>,
    /// Whether the account has all permissions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_superuser: Option<bool>,
    /// Company.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub company: Patch<String>,
    /// Job title.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub job_title: Patch<String>,
    /// Free metadata.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub metadata: Patch<Value>,
}

/// The workspace of [`AUTHORIZE_SERVER`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AuthorizeServer {
    /// The workspace.
    pub server_id: WorkspaceId,
    /// The action that the caller wants to perform; sent by newer servers.
    #[serde(default)]
    pub action: Option<String>,
}
