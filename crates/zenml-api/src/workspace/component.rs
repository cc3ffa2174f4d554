//! Stack components.

use serde::{Deserialize, Serialize};

use crate::workspace::connector::Connector;
use crate::workspace::crud::crud;
use crate::workspace::flavor::Flavor;
use crate::workspace::object::{Look, Object};
use crate::workspace::page::{Page, list_query};
use crate::workspace::user::User;
use crate::workspace::{Environment, JsonMap};
use crate::{ComponentId, ConnectorId, Endpoint, Patch, SecretId, Sensitive, Timestamp, UserId};

/// Lists the component types.
pub const TYPES: Endpoint<(), (), (), Vec<String>> = Endpoint::get("/component-types");

/// Creates a component. The server checks the configuration against the flavor.
pub const CREATE: Endpoint<(), (), ComponentCreate, Component> = Endpoint::post("/components");

/// Components that the caller can read.
pub const LIST: Endpoint<(), ComponentQuery, (), Page<Component>> = Endpoint::get("/components");

/// One component.
pub const GET: Endpoint<ComponentId, Look, (), Component> = Endpoint::get("/components/{component_id}");

/// Changes a component.
pub const UPDATE: Endpoint<ComponentId, (), ComponentUpdate, Component> =
    Endpoint::put("/components/{component_id}");

/// Deletes a component; rejected with 403 while a stack contains it.
pub const DELETE: Endpoint<ComponentId, (), (), ()> = Endpoint::delete("/components/{component_id}");

/// A stack component.
pub type Component = Object<ComponentId, ComponentBody, ComponentMetadata, ComponentResources>;

crud!(Component, ComponentQuery, ComponentCreate, ComponentUpdate);

/// The component types of ZenML 0.98, in the server's order.
pub const ALL_TYPES: [&str; 15] = [
    "alerter",
    "annotator",
    "artifact_store",
    "container_registry",
    "data_validator",
    "experiment_tracker",
    "feature_store",
    "image_builder",
    "log_store",
    "model_deployer",
    "orchestrator",
    "step_operator",
    "model_registry",
    "deployer",
    "sandbox",
];

/// The types of which one stack can contain several components.
pub const REPEATABLE_TYPES: [&str; 4] = ["alerter", "experiment_tracker", "step_operator", "sandbox"];

list_query! {
    /// Query of [`LIST`].
    ComponentQuery {
        /// Id.
        id,
        /// Name; unique only per type.
        name,
        /// Type.
        kind = "type",
        /// Type; not a filter with an operator, and it must also match if one of the filters is enough.
        scope_type,
        /// Flavor.
        flavor,
        /// Id of the linked connector.
        connector_id,
        /// Id of a stack that contains the component.
        stack_id,
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

/// Fields of a new component.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ComponentCreate {
    /// Name, unique among the components of its type.
    pub name: String,
    /// Type; cannot be changed later.
    #[serde(rename = "type")]
    pub kind: String,
    /// Flavor; cannot be changed later. Responses call it `flavor_name`.
    pub flavor: String,
    /// Configuration; required by the server even when it is empty. Never masked in responses.
    pub configuration: Sensitive<JsonMap>,
    /// Labels; values of any JSON type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<JsonMap>,
    /// Environment variables of runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<Environment>,
    /// Ids or names of secrets that runs get as environment variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets: Option<Vec<String>>,
    /// Service connector that provides access.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connector: Option<ConnectorId>,
    /// Resource of the connector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connector_resource_id: Option<String>,
}

/// An update of a component.
///
/// `connector` and `connector_resource_id` are always sent: a server removes the link if they are omitted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ComponentUpdate {
    /// New name; the server responds to null with 500.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub name: Patch<String>,
    /// Replaces the whole configuration. Null is stored, and then the component and all lists are unreadable.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub configuration: Patch<Sensitive<JsonMap>>,
    /// Replaces all labels; null is stored as null.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub labels: Patch<JsonMap>,
    /// Replaces all environment variables.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub environment: Patch<Environment>,
    /// Linked connector after the change; null removes the link.
    #[serde(default)]
    pub connector: Option<ConnectorId>,
    /// Resource of the connector after the change.
    #[serde(default)]
    pub connector_resource_id: Option<String>,
    /// Secrets that join.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub add_secrets: Option<Vec<String>>,
    /// Secrets that leave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remove_secrets: Option<Vec<String>>,
}

/// Fields in lists of a component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ComponentBody {
    /// When it was created.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
    /// Local id of the owner; null for the default components.
    #[serde(default)]
    pub user_id: Option<UserId>,
    /// Type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Flavor.
    pub flavor_name: String,
    /// Integration of the flavor.
    #[serde(default)]
    pub integration: Option<String>,
    /// Picture of the flavor.
    #[serde(default)]
    pub logo_url: Option<String>,
}

/// Additional fields in single reads of a component.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ComponentMetadata {
    /// Configuration as stored by the server: some flavors convert values (`"5"` to `5`) or add members.
    pub configuration: Sensitive<JsonMap>,
    /// Environment variables of runs.
    pub environment: Option<Environment>,
    /// Secrets that runs get as environment variables.
    pub secrets: Vec<SecretId>,
    /// Labels; null if the component was created without any.
    pub labels: Option<JsonMap>,
    /// Resource of the connector.
    pub connector_resource_id: Option<String>,
    /// Linked connector; a stub if the caller cannot read it.
    pub connector: Option<Connector>,
}

/// Objects that belong to a component.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ComponentResources {
    /// Owner.
    pub user: Option<User>,
    /// Flavor.
    pub flavor: Option<Flavor>,
}
