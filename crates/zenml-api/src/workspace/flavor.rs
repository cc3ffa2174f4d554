//! Flavors: the implementations that a type of component has.

use serde::{Deserialize, Serialize};

use crate::workspace::object::{Object, Owned};
use crate::workspace::page::{Page, list_query};
use crate::{Endpoint, FlavorId, Timestamp, UserId};

/// Flavors that the server knows.
pub const LIST: Endpoint<(), FlavorQuery, (), Page<Flavor>> = Endpoint::get("/flavors");

/// One flavor.
pub const GET: Endpoint<FlavorId, (), (), Flavor> = Endpoint::get("/flavors/{flavor_id}");

/// A flavor.
pub type Flavor = Object<FlavorId, FlavorBody, FlavorMetadata, Owned>;

list_query! {
    /// Query of [`LIST`].
    FlavorQuery {
        /// Id.
        id = "id",
        /// Name; unique only per type.
        name = "name",
        /// Type of component.
        kind = "type",
        /// Integration that it belongs to.
        integration = "integration",
    }
}

/// What lists tell about a flavor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlavorBody {
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
    /// Local id of the owner; null for built-in flavors.
    #[serde(default)]
    pub user_id: Option<UserId>,
    /// Type of component.
    #[serde(rename = "type")]
    pub kind: String,
    /// Name for people.
    #[serde(default)]
    pub display_name: Option<String>,
    /// Integration that it belongs to; `built-in` for some.
    #[serde(default)]
    pub integration: Option<String>,
    /// Python class.
    pub source: String,
    /// Picture.
    #[serde(default)]
    pub logo_url: Option<String>,
    /// Whether a user made it.
    #[serde(default)]
    pub is_custom: bool,
}

/// What single reads tell about a flavor.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FlavorMetadata {
    /// JSON schema of the configuration; `sensitive: true` marks secrets.
    pub config_schema: serde_json::Value,
    /// Type of connector that fits; null means any that has the resource type.
    pub connector_type: Option<String>,
    /// Type of resource that a connector has to offer.
    pub connector_resource_type: Option<String>,
    /// Configuration attribute that names the resource.
    pub connector_resource_id_attr: Option<String>,
    /// Documentation.
    pub docs_url: Option<String>,
    /// Documentation of the Python class.
    pub sdk_docs_url: Option<String>,
}
