//! Service connectors: how a stack gets credentials of a cloud.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::workspace::JsonMap;
use crate::workspace::crud::crud;
use crate::workspace::object::{Object, Owned};
use crate::workspace::page::{Page, list_query};
use crate::{ConnectorId, Endpoint, Sensitive, Timestamp, UserId, lax};

pub use crate::workspace::connector_type::{
    AuthMethodDescription, ConnectorType, ResourceTypeDescription, TypeDescription,
};

/// Creates a connector; never verifies it.
pub const CREATE: Endpoint<(), (), ConnectorCreate, Connector> = Endpoint::post("/service_connectors");

/// Connectors that the caller may read.
pub const LIST: Endpoint<(), ConnectorQuery, (), Page<Connector>> = Endpoint::get("/service_connectors");

/// One connector.
pub const GET: Endpoint<ConnectorId, SecretsQuery, (), Connector> =
    Endpoint::get("/service_connectors/{connector_id}");

/// Changes a connector.
pub const UPDATE: Endpoint<ConnectorId, (), ConnectorUpdate, Connector> =
    Endpoint::put("/service_connectors/{connector_id}");

/// Deletes a connector; refused with 403 while a component uses it.
pub const DELETE: Endpoint<ConnectorId, (), (), ()> = Endpoint::delete("/service_connectors/{connector_id}");

/// Tries a configuration without storing it.
pub const VERIFY_NEW: Endpoint<(), VerifyQuery, ConnectorCreate, Verification> =
    Endpoint::post("/service_connectors/verify");

/// Tries a stored connector, from the server. **200 even when it failed**: look at [`Verification::error`].
pub const VERIFY: Endpoint<ConnectorId, VerifyQuery, (), Verification> =
    Endpoint::put("/service_connectors/{connector_id}/verify");

/// A connector with credentials for its user, short-lived where the authentication method can.
pub const CLIENT: Endpoint<ConnectorId, ClientQuery, (), Connector> =
    Endpoint::get("/service_connectors/{connector_id}/client");

/// A service connector.
pub type Connector = Object<ConnectorId, ConnectorBody, ConnectorMetadata, Owned>;

crud!(Connector, ConnectorQuery, ConnectorCreate, ConnectorUpdate, look: SecretsQuery);

list_query! {
    /// Query of [`LIST`].
    ConnectorQuery {
        /// Id.
        id = "id",
        /// Name.
        name = "name",
        /// Type, like `aws`.
        connector_type = "connector_type",
        /// Authentication method, like `iam-role`.
        auth_method = "auth_method",
        /// Type of resource, like `s3-bucket`.
        resource_type = "resource_type",
        /// Resource.
        resource_id = "resource_id",
        /// Labels as a JSON object, or as `name=value,name`. A server ignores a filter that is called `labels`.
        labels = "labels_str",
        /// Id or name of the owner.
        user = "user",
        /// When it was made.
        created = "created",
        /// When it was last changed.
        updated = "updated",
    }
    options {
        /// Whether secret members of the configuration are wanted; the server's default is yes.
        expand_secrets: bool,
    }
}

/// Query of [`GET`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct SecretsQuery {
    /// Whether secret members of the configuration are wanted; the server's default is yes.
    pub expand_secrets: Option<bool>,
}

/// Query of [`VERIFY`] and [`VERIFY_NEW`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct VerifyQuery {
    /// Whether to list the resources that the connector reaches; the server's default is yes.
    pub list_resources: Option<bool>,
    /// Only this type of resource.
    pub resource_type: Option<String>,
    /// Only this resource.
    pub resource_id: Option<String>,
}

/// Query of [`CLIENT`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ClientQuery {
    /// Type of resource that the credentials are for.
    pub resource_type: Option<String>,
    /// Resource that the credentials are for.
    pub resource_id: Option<String>,
}

/// What a new connector is made of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ConnectorCreate {
    /// Name, unique in the workspace.
    pub name: String,
    /// Type.
    pub connector_type: ConnectorType,
    /// Authentication method.
    pub auth_method: String,
    /// What the connector is for; at most one is kept, otherwise it means all types of the connector.
    #[serde(default)]
    pub resource_types: Vec<String>,
    /// Resource that the connector is limited to.
    #[serde(default)]
    pub resource_id: Option<String>,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// When its credentials expire.
    #[serde(default, deserialize_with = "lax::moment")]
    pub expires_at: Option<Timestamp>,
    /// Seconds by which the clock of the cloud may differ.
    #[serde(default, deserialize_with = "lax::integer")]
    pub expires_skew_tolerance: Option<i64>,
    /// Life of the credentials that it makes, in seconds.
    #[serde(default, deserialize_with = "lax::integer")]
    pub expiration_seconds: Option<i64>,
    /// Configuration, with its secrets. Members that the authentication method does not know are dropped.
    #[serde(default)]
    pub configuration: Sensitive<JsonMap>,
    /// Labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

/// A change of a connector. Clients must send the whole connector, and so everything is always sent.
///
/// Left out (or null), most members stay. But `resource_id` and `expiration_seconds` are removed, and
/// `resource_types` becomes all types of the connector, even while components use it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ConnectorUpdate {
    /// Name.
    pub name: Option<String>,
    /// Type. The server would change it without any check: never do that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connector_type: Option<ConnectorType>,
    /// Authentication method.
    pub auth_method: Option<String>,
    /// Types of resources.
    pub resource_types: Option<Vec<String>>,
    /// Resource that the connector is limited to.
    pub resource_id: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// When its credentials expire.
    #[serde(deserialize_with = "lax::moment")]
    pub expires_at: Option<Timestamp>,
    /// Seconds by which the clock of the cloud may differ.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lax::integer")]
    pub expires_skew_tolerance: Option<i64>,
    /// Life of the credentials that it makes, in seconds.
    #[serde(deserialize_with = "lax::integer")]
    pub expiration_seconds: Option<i64>,
    /// The complete configuration with its secrets.
    pub configuration: Option<Sensitive<JsonMap>>,
    /// All labels.
    pub labels: Option<BTreeMap<String, String>>,
}

/// What lists tell about a connector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ConnectorBody {
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
    /// Local id of the owner.
    #[serde(default)]
    pub user_id: Option<UserId>,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Type; nested in a component always just a name.
    pub connector_type: ConnectorType,
    /// Authentication method.
    pub auth_method: String,
    /// Types of resources.
    #[serde(default)]
    pub resource_types: Vec<String>,
    /// Resource that the connector is limited to.
    #[serde(default)]
    pub resource_id: Option<String>,
    /// Whether the type of resource can have several instances.
    #[serde(default)]
    pub supports_instances: bool,
    /// When its credentials expire.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    /// Seconds by which the clock of the cloud may differ.
    #[serde(default)]
    pub expires_skew_tolerance: Option<i64>,
}

/// What single reads tell about a connector.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ConnectorMetadata {
    /// Configuration. Secret members are missing without permission to read them, or when not asked for.
    pub configuration: Sensitive<JsonMap>,
    /// Life of the credentials that it makes, in seconds.
    pub expiration_seconds: Option<i64>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
}

/// Result of a verification.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Verification {
    /// The connector, if it is stored.
    pub id: Option<ConnectorId>,
    /// Its name.
    pub name: Option<String>,
    /// Its type.
    pub connector_type: ConnectorType,
    /// What it reaches.
    pub resources: Vec<VerifiedResources>,
    /// Why it does not work; null when it does.
    pub error: Option<String>,
}

/// Resources of one type that a connector reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct VerifiedResources {
    /// Type of the resources.
    pub resource_type: String,
    /// The resources; null if they were not listed.
    pub resource_ids: Option<Vec<String>>,
    /// Why they cannot be reached.
    pub error: Option<String>,
}
