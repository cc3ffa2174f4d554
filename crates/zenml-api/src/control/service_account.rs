//! Service accounts and API keys. The item endpoints follow the open-source server: only the collections are
//! documented.
//!
//! What is known about keys, and what is inferred from the dashboard and the open-source server:
//!
//! | fact | mark | who depends on it |
//! |---|---|---|
//! | the collection routes; `name`, `description` and `expires_in_minutes` of a new key | documented | creation |
//! | the response to a creation contains the key, once | documented | creation; a response without it is an error |
//! | names are unique per account; 409 | documented | temporary names of successors |
//! | tokens of devices are rejected | documented | the local platform |
//! | a rotated key stays valid for a time in minutes | documented | rotation |
//! | the item routes, `PUT …/rotate`, and `retain_period_minutes` | inferred | reading, changes, rotation |
//! | the id stays the same in a rotation | inferred | rotation in place |
//! | only the last key is retained | inferred | rotations of the key that a client itself uses |
//! | `active`, `expires_at` and `last_rotated` of a key | inferred | reports of changes outside; without `last_rotated`, no rotation is noticed |
//! | a rotation starts the lifetime again | inferred; `--assume rotation-keeps-expiry` of the local platform is the other case | renewal; a client warns if it does not |

use serde::{Deserialize, Serialize};

use crate::paging::offset_query;
use crate::{
    ApiKeyId, Endpoint, IdOrName, Identifier, OrganizationId, Patch, Sensitive, ServiceAccountId, Timestamp,
    UserId,
};

type OfAccount = (OrganizationId, IdOrName<ServiceAccountId>);
type OfKey = (OrganizationId, IdOrName<ServiceAccountId>, ApiKeyId);

/// Service accounts of an organization.
pub const LIST: Endpoint<OrganizationId, ServiceAccountQuery, (), Vec<ServiceAccount>> =
    Endpoint::get("/organizations/{organization_id}/service_accounts");
/// Creates a service account; 409 if the name already exists.
pub const CREATE: Endpoint<OrganizationId, (), ServiceAccountCreate, ServiceAccount> =
    Endpoint::post("/organizations/{organization_id}/service_accounts");
/// One service account.
pub const GET: Endpoint<OfAccount, (), (), ServiceAccount> =
    Endpoint::get("/organizations/{organization_id}/service_accounts/{service_account_id_or_name}");
/// Changes a service account.
pub const UPDATE: Endpoint<OfAccount, (), ServiceAccountUpdate, ServiceAccount> =
    Endpoint::patch("/organizations/{organization_id}/service_accounts/{service_account_id_or_name}");
/// Deletes a service account with its keys.
pub const DELETE: Endpoint<OfAccount, (), (), ()> =
    Endpoint::delete("/organizations/{organization_id}/service_accounts/{service_account_id_or_name}");
/// API keys of a service account.
pub const API_KEYS: Endpoint<OfAccount, ApiKeyQuery, (), Vec<ApiKey>> =
    Endpoint::get("/organizations/{organization_id}/service_accounts/{service_account_id_or_name}/api_keys");
/// Creates an API key; only this response contains it.
pub const CREATE_API_KEY: Endpoint<OfAccount, (), ApiKeyCreate, ApiKey> =
    Endpoint::post("/organizations/{organization_id}/service_accounts/{service_account_id_or_name}/api_keys");
/// One API key, without the key itself.
pub const API_KEY: Endpoint<OfKey, (), (), ApiKey> = Endpoint::get(
    "/organizations/{organization_id}/service_accounts/{service_account_id_or_name}/api_keys/{api_key_id}",
);
/// Changes an API key.
pub const UPDATE_API_KEY: Endpoint<OfKey, (), ApiKeyUpdate, ApiKey> = Endpoint::patch(
    "/organizations/{organization_id}/service_accounts/{service_account_id_or_name}/api_keys/{api_key_id}",
);
/// Creates a new key with the same id; only this response contains it.
pub const ROTATE_API_KEY: Endpoint<OfKey, (), ApiKeyRotate, ApiKey> = Endpoint::put(
    "/organizations/{organization_id}/service_accounts/{service_account_id_or_name}/api_keys/{api_key_id}/rotate",
);
/// Deletes an API key; it stops working at once.
pub const DELETE_API_KEY: Endpoint<OfKey, (), (), ()> = Endpoint::delete(
    "/organizations/{organization_id}/service_accounts/{service_account_id_or_name}/api_keys/{api_key_id}",
);

/// Relations name a service account as a user.
impl From<ServiceAccountId> for UserId {
    fn from(id: ServiceAccountId) -> Self {
        Self::from_uuid(id.uuid())
    }
}

/// A service account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ServiceAccount {
    /// Identifier; relations use it as `user_id`.
    pub id: ServiceAccountId,
    /// Unique name.
    pub username: String,
    /// Name to show.
    #[serde(default)]
    pub name: Option<String>,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// Whether it can log in.
    #[serde(default = "yes")]
    pub is_active: bool,
    /// Always true.
    #[serde(default = "yes")]
    pub is_service_account: bool,
    /// Its organization.
    #[serde(default)]
    pub organization_id: Option<OrganizationId>,
    /// When it was created.
    #[serde(default)]
    pub created: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default)]
    pub updated: Option<Timestamp>,
}

const fn yes() -> bool {
    true
}

/// Filters of [`LIST`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ServiceAccountQuery {
    /// Items to leave out at the start.
    pub offset: Option<u64>,
    /// Most items to return.
    pub limit: Option<u64>,
}

/// Filters of [`API_KEYS`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ApiKeyQuery {
    /// Items to leave out at the start.
    pub offset: Option<u64>,
    /// Most items to return.
    pub limit: Option<u64>,
}

offset_query!(ServiceAccountQuery, ApiKeyQuery);

/// A new service account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ServiceAccountCreate {
    /// Unique name.
    pub username: String,
    /// Name to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// Changes of a service account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ServiceAccountUpdate {
    /// Name to show.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub name: Patch<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub description: Patch<String>,
    /// Whether it can log in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_active: Option<bool>,
}

/// An API key of a service account, or a personal access token of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApiKey {
    /// Identifier of the key.
    pub id: ApiKeyId,
    /// Name, unique inside the account.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// Whether it works.
    #[serde(default = "yes")]
    pub active: bool,
    /// The key itself; only in the responses to creation and rotation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Sensitive<String>>,
    /// When it stops working; `None` means never.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    /// When it was last used to log in.
    #[serde(default)]
    pub last_login: Option<Timestamp>,
    /// When it was last rotated.
    #[serde(default)]
    pub last_rotated: Option<Timestamp>,
    /// When it was created.
    #[serde(default)]
    pub created: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default)]
    pub updated: Option<Timestamp>,
}

/// A new API key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApiKeyCreate {
    /// Name, unique inside the account.
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Life in minutes; without it the key does not expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_minutes: Option<i64>,
}

/// Changes of an API key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ApiKeyUpdate {
    /// Name, unique inside the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub description: Patch<String>,
    /// Whether it works.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
}

/// How a key is rotated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ApiKeyRotate {
    /// Minutes for which the old key stays valid.
    pub retain_period_minutes: i64,
}
