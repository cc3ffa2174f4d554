//! Flavors: the implementations of a component type.

use serde::{Deserialize, Serialize};

use crate::workspace::JsonMap;
use crate::workspace::crud::crud;
use crate::workspace::object::{Look, Object, Owned};
use crate::workspace::page::{Page, list_query};
use crate::{Endpoint, FlavorId, Patch, Timestamp, UserId};

/// Creates a flavor. The class is not checked.
pub const CREATE: Endpoint<(), (), FlavorCreate, Flavor> = Endpoint::post("/flavors");

/// Lists the flavors of the server.
pub const LIST: Endpoint<(), FlavorQuery, (), Page<Flavor>> = Endpoint::get("/flavors");

/// One flavor.
pub const GET: Endpoint<FlavorId, Look, (), Flavor> = Endpoint::get("/flavors/{flavor_id}");

/// Updates a flavor. A component refers to its flavor by type and name: if they change, the component is no longer
/// readable.
pub const UPDATE: Endpoint<FlavorId, (), FlavorUpdate, Flavor> = Endpoint::put("/flavors/{flavor_id}");

/// Stores the latest version of the built-in flavors, after an upgrade.
pub const SYNC: Endpoint<(), (), (), ()> = Endpoint::patch("/flavors/sync");

/// Deletes a flavor, including built-in ones, unless a component of any type has a flavor with this name.
pub const DELETE: Endpoint<FlavorId, (), (), ()> = Endpoint::delete("/flavors/{flavor_id}");

/// A flavor.
pub type Flavor = Object<FlavorId, FlavorBody, FlavorMetadata, Owned>;

crud!(Flavor, FlavorQuery, FlavorCreate, FlavorUpdate);

list_query! {
    /// Query of [`LIST`].
    FlavorQuery {
        /// Id.
        id,
        /// Name; unique only per type.
        name,
        /// Type of component.
        kind = "type",
        /// Its integration.
        integration,
        /// Display name.
        display_name,
        /// Id or name of the owner.
        user,
        /// When it was created.
        created,
        /// When it was last changed.
        updated,
    } options {
        /// Ignored: a server replaces it with the caller.
        scope_user: UserId,
    }
}

/// Fields of a new flavor. A `display_name` would be ignored: the server derives it from the name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FlavorCreate {
    /// At most 255 characters, unique among the flavors of the type.
    pub name: String,
    /// Type of component.
    #[serde(rename = "type")]
    pub kind: String,
    /// JSON schema of the configuration; an object.
    pub config_schema: JsonMap,
    /// Python class.
    pub source: String,
    /// Its integration. The member is required, but may be null.
    #[serde(deserialize_with = "required")]
    pub integration: Option<String>,
    /// Type of connector that fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connector_type: Option<String>,
    /// Resource type that a connector must support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connector_resource_type: Option<String>,
    /// Configuration attribute that names the resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connector_resource_id_attr: Option<String>,
    /// Picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_url: Option<String>,
    /// Documentation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub docs_url: Option<String>,
    /// Documentation of the Python class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sdk_docs_url: Option<String>,
    /// Whether it is custom, which is the default; otherwise it belongs to the server.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::lax::not_null")]
    pub is_custom: Option<bool>,
}

/// Reads a required member, which may be null.
fn required<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(deserializer)
}

/// An update of a flavor.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FlavorUpdate {
    /// New name; a derived display name changes with it.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub name: Patch<String>,
    /// New display name; null and empty make the server derive it from the name again.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub display_name: Patch<String>,
    /// Another type of component.
    #[serde(default, rename = "type", skip_serializing_if = "Patch::is_keep")]
    pub kind: Patch<String>,
    /// New JSON schema of the configuration.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub config_schema: Patch<JsonMap>,
    /// New Python class.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub source: Patch<String>,
    /// New integration.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub integration: Patch<String>,
    /// New type of connector.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub connector_type: Patch<String>,
    /// New resource type that a connector must support.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub connector_resource_type: Patch<String>,
    /// New configuration attribute that names the resource.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub connector_resource_id_attr: Patch<String>,
    /// New picture.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub logo_url: Patch<String>,
    /// New documentation.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub docs_url: Patch<String>,
    /// New documentation of the Python class.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub sdk_docs_url: Patch<String>,
    /// Whether it is custom; its owner is kept.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub is_custom: Patch<bool>,
}

/// Fields in lists of a flavor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FlavorBody {
    /// When it was created.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
    /// Local id of the owner; null for built-in flavors.
    #[serde(default)]
    pub user_id: Option<UserId>,
    /// Type of component.
    #[serde(rename = "type")]
    pub kind: String,
    /// Display name.
    #[serde(default)]
    pub display_name: Option<String>,
    /// Its integration; `built-in` for some.
    #[serde(default)]
    pub integration: Option<String>,
    /// Python class.
    pub source: String,
    /// Picture.
    #[serde(default)]
    pub logo_url: Option<String>,
    /// Whether a user created it.
    #[serde(default)]
    pub is_custom: bool,
}

/// Additional fields in single reads of a flavor.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct FlavorMetadata {
    /// JSON schema of the configuration; `sensitive: true` marks secrets.
    pub config_schema: serde_json::Value,
    /// Type of connector that fits; null means any that has the resource type.
    pub connector_type: Option<String>,
    /// Resource type that a connector must support.
    pub connector_resource_type: Option<String>,
    /// Configuration attribute that names the resource.
    pub connector_resource_id_attr: Option<String>,
    /// Documentation.
    pub docs_url: Option<String>,
    /// Documentation of the Python class.
    pub sdk_docs_url: Option<String>,
}
