//! Accounts of a workspace.
//!
//! In ZenML Pro they mirror users and service accounts of the control plane: a local account is created at the first
//! login, with its own id.

use serde::{Deserialize, Serialize};

use crate::workspace::JsonMap;
use crate::workspace::object::{Look, Object};
use crate::workspace::page::{Page, list_query};
use crate::{Endpoint, IdOrName, ProjectId, Timestamp, UserId};

/// Accounts of the workspace.
pub const LIST: Endpoint<(), UserQuery, (), Page<User>> = Endpoint::get("/users");

/// One account, by local id or name.
pub const GET: Endpoint<IdOrName<UserId>, Look, (), User> = Endpoint::get("/users/{user_name_or_id}");

/// Changes an account. A server of ZenML Pro applies only the default project.
pub const UPDATE: Endpoint<IdOrName<UserId>, (), UserUpdate, User> =
    Endpoint::put("/users/{user_name_or_id}");

/// An account.
pub type User = Object<UserId, UserBody, UserMetadata, serde_json::Value>;

list_query! {
    /// Query of [`LIST`].
    UserQuery {
        /// Local id.
        id,
        /// Account name; the user name or e-mail address of the control plane.
        name,
        /// Name of the person.
        full_name,
        /// E-mail address.
        email,
        /// Whether the account can log in.
        active,
        /// Whether the account agreed to receive e-mail.
        email_opted_in,
        /// Id on the control plane.
        external_user_id,
        /// When it was created.
        created,
        /// When it was last changed.
        updated,
    }
}

/// An update of an account; null changes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UserUpdate {
    /// Project that the person works in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_project_id: Option<ProjectId>,
}

/// Fields in lists of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UserBody {
    /// When the account was created.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
    /// Whether it can log in.
    #[serde(default)]
    pub active: bool,
    /// Only on servers without a control plane.
    #[serde(default)]
    pub activation_token: Option<String>,
    /// Name of the person, or empty.
    #[serde(default)]
    pub full_name: String,
    /// Whether the person wants e-mails.
    #[serde(default)]
    pub email_opted_in: Option<bool>,
    /// Whether this is a service account.
    #[serde(default)]
    pub is_service_account: bool,
    /// Whether this is an administrator; ZenML Pro does not use it.
    #[serde(default)]
    pub is_admin: bool,
    /// Project that the person works in.
    #[serde(default)]
    pub default_project_id: Option<String>,
    /// Picture of the person.
    #[serde(default)]
    pub avatar_url: Option<String>,
}

/// Additional fields in single reads of an account.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct UserMetadata {
    /// When the password was last changed.
    pub password_changed_at: Option<Timestamp>,
    /// E-mail address; null for other people's accounts.
    pub email: Option<String>,
    /// Id on the control plane.
    pub external_user_id: Option<UserId>,
    /// Arbitrary data of clients.
    pub user_metadata: Option<JsonMap>,
    /// Claims of the identity provider.
    pub oidc_claims: Option<JsonMap>,
}
