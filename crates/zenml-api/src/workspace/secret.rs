//! Secrets.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::workspace::crud::crud;
use crate::workspace::object::{Look, Object, Owned};
use crate::workspace::page::{Page, list_query};
use crate::{Endpoint, Patch, SecretId, Sensitive, Timestamp, UserId};

/// Creates a secret.
pub const CREATE: Endpoint<(), (), SecretCreate, Secret> = Endpoint::post("/secrets");

/// Secrets that the caller can read, always without their values.
pub const LIST: Endpoint<(), SecretQuery, (), Page<Secret>> = Endpoint::get("/secrets");

/// One secret, with its values if the caller can read them; without any indication if not.
pub const GET: Endpoint<SecretId, Look, (), Secret> = Endpoint::get("/secrets/{secret_id}");

/// Changes a secret.
pub const UPDATE: Endpoint<SecretId, UpdateQuery, SecretUpdate, Secret> =
    Endpoint::put("/secrets/{secret_id}");

/// Copies all secrets to the backup store, if the server has one.
pub const BACKUP: Endpoint<(), (), (), ()> = Endpoint::put("/secrets_operations/backup");

/// Copies all secrets from the backup store.
pub const RESTORE: Endpoint<(), (), (), ()> = Endpoint::put("/secrets_operations/restore");

/// Deletes a secret. References to it silently disappear from stacks and components.
pub const DELETE: Endpoint<SecretId, (), (), ()> = Endpoint::delete("/secrets/{secret_id}");

/// A secret.
pub type Secret = Object<SecretId, SecretBody, serde_json::Value, Owned>;

crud!(Secret, SecretQuery, SecretCreate, SecretUpdate, manner: UpdateQuery);

/// Keys and values. A null value is dropped in a create and deletes its key in a merging update.
pub type Values = BTreeMap<String, Option<String>>;

list_query! {
    /// Query of [`LIST`].
    SecretQuery {
        /// Id.
        id,
        /// Name.
        name,
        /// Id or name of the owner.
        user,
        /// When it was created.
        created,
        /// When it was last changed.
        updated,
    } options {
        /// Whether the secret is private.
        private: bool,
        /// Ignored: a server replaces it with the caller.
        scope_user: UserId,
    }
}

/// Query of [`UPDATE`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct UpdateQuery {
    /// Whether `values` is merged into the stored ones instead of replacing them.
    pub patch_values: Option<bool>,
}

/// Fields of a new secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SecretCreate {
    /// Name, unique among the public secrets, or among one user's private ones.
    pub name: String,
    /// Whether only its owner can see it.
    #[serde(default)]
    pub private: bool,
    /// Keys and values.
    #[serde(default)]
    pub values: Sensitive<Values>,
}

/// An update of a secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SecretUpdate {
    /// New name; the server responds to null with 500.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub name: Patch<String>,
    /// Whether only its owner can see it.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub private: Patch<bool>,
    /// Replaces all keys, or is merged ([`UpdateQuery::patch_values`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Sensitive<Values>>,
}

/// Fields of a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SecretBody {
    /// When it was created.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
    /// Local id of the owner.
    #[serde(default)]
    pub user_id: Option<UserId>,
    /// Whether only its owner can see it.
    #[serde(default)]
    pub private: bool,
    /// Keys and values; empty in lists and for callers who cannot read them.
    #[serde(default)]
    pub values: Sensitive<Values>,
}
