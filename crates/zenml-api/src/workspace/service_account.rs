//! Service accounts of a workspace.
//!
//! In ZenML Pro they mirror those of the organization, and are managed there: here they can only be read.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::workspace::object::{Look, Object};
use crate::workspace::page::{Page, list_query};
use crate::{Endpoint, IdOrName, ServiceAccountId, Timestamp, UserId};

/// Creates a service account. Rejected in ZenML Pro.
pub const CREATE: Endpoint<(), (), ServiceAccountCreate, ServiceAccount> =
    Endpoint::post("/service_accounts");

/// Service accounts that have logged in to the workspace.
pub const LIST: Endpoint<(), ServiceAccountQuery, (), Page<ServiceAccount>> =
    Endpoint::get("/service_accounts");

/// One service account, by local id or name.
pub const GET: Endpoint<IdOrName<ServiceAccountId>, Look, (), ServiceAccount> =
    Endpoint::get("/service_accounts/{service_account_name_or_id}");

/// Changes a service account. Rejected in ZenML Pro.
pub const UPDATE: Endpoint<IdOrName<ServiceAccountId>, (), ServiceAccountUpdate, ServiceAccount> =
    Endpoint::put("/service_accounts/{service_account_name_or_id}");

/// Deletes a service account. Rejected in ZenML Pro.
pub const DELETE: Endpoint<IdOrName<ServiceAccountId>, (), (), ()> =
    Endpoint::delete("/service_accounts/{service_account_name_or_id}");

/// API keys of the workspace for a service account. In ZenML Pro there are none: keys belong to the organization.
pub const API_KEYS: Endpoint<ServiceAccountId, ApiKeyQuery, (), Page<Value>> =
    Endpoint::get("/service_accounts/{service_account_id}/api_keys");

/// Creates an API key. Rejected in ZenML Pro.
pub const CREATE_API_KEY: Endpoint<ServiceAccountId, (), ApiKeyCreate, Value> =
    Endpoint::post("/service_accounts/{service_account_id}/api_keys");

/// Reads an API key. In ZenML Pro there are none.
pub const API_KEY: Endpoint<(ServiceAccountId, String), Look, (), Value> =
    Endpoint::get("/service_accounts/{service_account_id}/api_keys/{api_key_name_or_id}");

/// Changes an API key. Rejected in ZenML Pro.
pub const UPDATE_API_KEY: Endpoint<(ServiceAccountId, String), (), Value, Value> =
    Endpoint::put("/service_accounts/{service_account_id}/api_keys/{api_key_name_or_id}");

/// Deletes an API key. In ZenML Pro there are none.
pub const DELETE_API_KEY: Endpoint<(ServiceAccountId, String), (), (), ()> =
    Endpoint::delete("/service_accounts/{service_account_id}/api_keys/{api_key_name_or_id}");

/// Replaces an API key by a new one. Rejected in ZenML Pro.
pub const ROTATE_API_KEY: Endpoint<(ServiceAccountId, String), (), Value, Value> =
    Endpoint::put("/service_accounts/{service_account_id}/api_keys/{api_key_name_or_id}/rotate");

/// A service account.
pub type ServiceAccount = Object<ServiceAccountId, ServiceAccountBody, ServiceAccountMetadata, Value>;

list_query! {
    /// Query of [`LIST`].
    ServiceAccountQuery {
        /// Local id.
        id,
        /// Name.
        name,
        /// Description.
        description,
        /// Whether it can log in.
        active,
        /// Id on the control plane.
        external_user_id,
        /// When it was created.
        created,
        /// When it was last changed.
        updated,
    }
}

list_query! {
    /// Query of [`API_KEYS`].
    ApiKeyQuery {
        /// Id.
        id,
        /// Name.
        name,
        /// Description.
        description,
        /// Whether it can be used.
        active,
        /// When it was created.
        created,
        /// When it was last changed.
        updated,
        /// When it was last used.
        last_login,
        /// When it was last rotated.
        last_rotated,
    }
}

/// Fields of a new service account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ServiceAccountCreate {
    /// Name.
    pub name: String,
    /// Whether it can log in.
    pub active: bool,
}

/// An update of a service account; null changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ServiceAccountUpdate {
    /// New name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// New description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether it can log in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
}

/// Fields of a new API key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApiKeyCreate {
    /// Name.
    pub name: String,
}

/// Fields in lists of a service account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ServiceAccountBody {
    /// When it was created.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
    /// Display name, or empty.
    #[serde(default)]
    pub full_name: String,
    /// Whether it can log in.
    #[serde(default)]
    pub active: bool,
    /// Picture.
    #[serde(default)]
    pub avatar_url: Option<String>,
}

/// Additional fields in single reads of a service account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ServiceAccountMetadata {
    /// Description, or empty.
    pub description: String,
    /// Id on the control plane.
    pub external_user_id: Option<UserId>,
}
