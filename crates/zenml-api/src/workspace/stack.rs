//! Stacks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::workspace::component::Component;
use crate::workspace::crud::crud;
use crate::workspace::object::{Look, Object, Owned};
use crate::workspace::page::{Page, list_query};
use crate::workspace::{Environment, JsonMap};
use crate::{
    ComponentId, ConnectorId, Endpoint, Patch, SecretId, Sensitive, StackId, Timestamp, UserId, lax,
};

/// Creates a stack.
pub const CREATE: Endpoint<(), (), StackCreate, Stack> = Endpoint::post("/stacks");

/// Stacks that the caller can read.
pub const LIST: Endpoint<(), StackQuery, (), Page<Stack>> = Endpoint::get("/stacks");

/// One stack.
pub const GET: Endpoint<StackId, Look, (), Stack> = Endpoint::get("/stacks/{stack_id}");

/// Changes a stack.
pub const UPDATE: Endpoint<StackId, (), StackUpdate, Stack> = Endpoint::put("/stacks/{stack_id}");

/// Deletes a stack; its components are kept.
pub const DELETE: Endpoint<StackId, (), (), ()> = Endpoint::delete("/stacks/{stack_id}");

/// A stack.
pub type Stack = Object<StackId, StackBody, StackMetadata, Owned>;

crud!(Stack, StackQuery, StackCreate, StackUpdate);

/// Components of a new stack by type: existing ones, and ones to create.
///
/// Created components have the name of the stack, with a suffix if that name already exists, and are kept when the
/// stack is deleted.
pub type NewSlots = BTreeMap<String, Vec<Part<ComponentId, NewComponent>>>;

/// An existing object, or one to create.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Part<Id, New> {
    /// It is there.
    There(Id),
    /// It is created.
    New(New),
    /// Neither. A server decodes it to report the error; a client never sends it.
    Neither(Sensitive<Value>),
}

/// A component that is created with a stack. Its labels are those of the stack.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NewComponent {
    /// Flavor.
    pub flavor: String,
    /// Connector to link: its position among those of the request.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lax::integer")]
    pub service_connector_index: Option<i64>,
    /// Resource of the connector. By default, the server uses the one in the configuration, or that of the connector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_connector_resource_id: Option<String>,
    /// Configuration.
    #[serde(default)]
    pub configuration: Sensitive<JsonMap>,
}

/// A connector that is created with a stack. Its labels are those of the stack, as strings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NewConnector {
    /// Type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Authentication method.
    pub auth_method: String,
    /// Configuration, with its secrets.
    #[serde(default)]
    pub configuration: Sensitive<JsonMap>,
}

/// Components by type. The server does not check that a component has the specified type, and groups its response by
/// the real types.
pub type Slots = BTreeMap<String, Vec<ComponentId>>;

list_query! {
    /// Query of [`LIST`].
    StackQuery {
        /// Id.
        id,
        /// Name.
        name,
        /// Description.
        description,
        /// Id of a component of the stack.
        component_id,
        /// Id or name of a component of the stack.
        component,
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

/// Fields of a new stack.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StackCreate {
    /// Name, unique in the workspace.
    pub name: String,
    /// What it is for; at most 255 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Components; an orchestrator and an artifact store must be among them.
    pub components: NewSlots,
    /// Connectors for the components to create.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub service_connectors: Vec<Part<ConnectorId, NewConnector>>,
    /// Labels; values of any JSON type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<JsonMap>,
    /// Environment variables of runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<Environment>,
    /// Ids or names of secrets that runs get as environment variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets: Option<Vec<String>>,
    /// File that the stack was imported from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack_spec_path: Option<String>,
}

/// An update of a stack.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StackUpdate {
    /// New name; the server responds to null with 500.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub name: Patch<String>,
    /// New description; null is stored as null.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub description: Patch<String>,
    /// Replaces the whole set, so it must again contain an orchestrator and an artifact store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub components: Option<Slots>,
    /// Replaces all labels; null is stored as null.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub labels: Patch<JsonMap>,
    /// Replaces all environment variables.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub environment: Patch<Environment>,
    /// New file that the stack was imported from; null is stored as null.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub stack_spec_path: Patch<String>,
    /// Secrets that join.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub add_secrets: Option<Vec<String>>,
    /// Secrets that leave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remove_secrets: Option<Vec<String>>,
}

/// Fields in lists of a stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StackBody {
    /// When it was created.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
    /// Local id of the owner; null for the default stack.
    #[serde(default)]
    pub user_id: Option<UserId>,
}

/// Additional fields in single reads of a stack.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct StackMetadata {
    /// Components by their real type; those that the caller cannot read are stubs.
    pub components: BTreeMap<String, Vec<Component>>,
    /// What it is for.
    pub description: Option<String>,
    /// File that the stack was imported from.
    pub stack_spec_path: Option<String>,
    /// Environment variables of runs.
    pub environment: Option<Environment>,
    /// Secrets that runs get as environment variables.
    pub secrets: Vec<SecretId>,
    /// Labels.
    pub labels: Option<JsonMap>,
}
