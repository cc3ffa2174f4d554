//! Service connectors: how a stack gets cloud credentials.

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

/// Connectors that the caller can read.
pub const LIST: Endpoint<(), ConnectorQuery, (), Page<Connector>> = Endpoint::get("/service_connectors");

/// What the connectors that the caller can read give access to.
pub const RESOURCES: Endpoint<(), ConnectorQuery, (), Vec<Verification>> =
    Endpoint::get("/service_connectors/resources");

/// One connector.
pub const GET: Endpoint<ConnectorId, SecretsQuery, (), Connector> =
    Endpoint::get("/service_connectors/{connector_id}");

/// Changes a connector.
pub const UPDATE: Endpoint<ConnectorId, (), ConnectorUpdate, Connector> =
    Endpoint::put("/service_connectors/{connector_id}");

/// Deletes a connector; rejected with 403 while a component uses it.
pub const DELETE: Endpoint<ConnectorId, (), (), ()> = Endpoint::delete("/service_connectors/{connector_id}");

/// Verifies a configuration without storing it.
pub const VERIFY_NEW: Endpoint<(), VerifyQuery, ConnectorCreate, Verification> =
    Endpoint::post("/service_connectors/verify");

/// Verifies a stored connector, from the server. **200 even if it fails**: check [`Verification::error`].
pub const VERIFY: Endpoint<ConnectorId, VerifyQuery, (), Verification> =
    Endpoint::put("/service_connectors/{connector_id}/verify");

/// Returns a connector with credentials for the caller, short-lived if the authentication method supports that.
pub const CLIENT: Endpoint<ConnectorId, ClientQuery, (), Connector> =
    Endpoint::get("/service_connectors/{connector_id}/client");

/// A service connector.
pub type Connector = Object<ConnectorId, ConnectorBody, ConnectorMetadata, Owned>;

crud!(Connector, ConnectorQuery, ConnectorCreate, ConnectorUpdate, look: SecretsQuery);

list_query! {
    /// Query of [`LIST`].
    ConnectorQuery {
        /// Id.
        id,
        /// Name.
        name,
        /// Type, such as `aws`.
        connector_type,
        /// Authentication method, such as `iam-role`.
        auth_method,
        /// Resource type, such as `s3-bucket`.
        resource_type,
        /// Resource.
        resource_id,
        /// Labels as a JSON object, or as `name=value,name`. A server ignores a filter named `labels`.
        labels = "labels_str",
        /// Id or name of the owner.
        user,
        /// When it was created.
        created,
        /// When it was last changed.
        updated,
    }
    options {
        /// Whether to include secret members of the configuration; the server's default is true.
        expand_secrets: bool,
        /// Ignored: a server replaces it with the caller.
        scope_user: UserId,
    }
}

/// Query of [`GET`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct SecretsQuery {
    /// Whether to include secret members of the configuration; the server's default is true.
    pub expand_secrets: Option<bool>,
    /// Whether to include `metadata`; the server's default is true.
    pub hydrate: Option<bool>,
}

/// Query of [`VERIFY`] and [`VERIFY_NEW`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct VerifyQuery {
    /// Whether to list the accessible resources; the server's default is true.
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
    /// Resource type of the credentials.
    pub resource_type: Option<String>,
    /// Resource of the credentials.
    pub resource_id: Option<String>,
}

/// Fields of a new connector.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ConnectorCreate {
    /// Name, unique in the workspace.
    pub name: String,
    /// Type.
    pub connector_type: ConnectorType,
    /// Authentication method.
    pub auth_method: String,
    /// Resource types of the connector; the server keeps at most one, otherwise all types of the connector apply.
    #[serde(default)]
    pub resource_types: Vec<String>,
    /// The only resource of the connector.
    #[serde(default)]
    pub resource_id: Option<String>,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// When its credentials expire.
    #[serde(default, deserialize_with = "lax::moment")]
    pub expires_at: Option<Timestamp>,
    /// Tolerated clock skew to the cloud, in seconds.
    #[serde(default, deserialize_with = "lax::integer")]
    pub expires_skew_tolerance: Option<i64>,
    /// Lifetime of the credentials that it creates, in seconds.
    #[serde(default, deserialize_with = "lax::integer")]
    pub expiration_seconds: Option<i64>,
    /// Configuration, with its secrets. Members that the authentication method does not support are dropped.
    #[serde(default)]
    pub configuration: Sensitive<JsonMap>,
    /// Labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

/// An update of a connector. Clients must send the whole connector, so everything is always sent.
///
/// If omitted (or null), most members are kept. But `resource_id` and `expiration_seconds` are removed, and
/// `resource_types` becomes all types of the connector, even while components use it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ConnectorUpdate {
    /// Name.
    pub name: Option<String>,
    /// Type. The server would change it without a check: never do that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connector_type: Option<ConnectorType>,
    /// Authentication method.
    pub auth_method: Option<String>,
    /// Types of resources.
    pub resource_types: Option<Vec<String>>,
    /// The only resource of the connector.
    pub resource_id: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// When its credentials expire.
    #[serde(deserialize_with = "lax::moment")]
    pub expires_at: Option<Timestamp>,
    /// Tolerated clock skew to the cloud, in seconds.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lax::integer")]
    pub expires_skew_tolerance: Option<i64>,
    /// Lifetime of the credentials that it creates, in seconds.
    #[serde(deserialize_with = "lax::integer")]
    pub expiration_seconds: Option<i64>,
    /// The complete configuration with its secrets.
    pub configuration: Option<Sensitive<JsonMap>>,
    /// All labels.
    pub labels: Option<BTreeMap<String, String>>,
}

/// Fields in lists of a connector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ConnectorBody {
    /// When it was created.
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
    /// The only resource of the connector.
    #[serde(default)]
    pub resource_id: Option<String>,
    /// Whether the resource type can have several instances.
    #[serde(default)]
    pub supports_instances: bool,
    /// When its credentials expire.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    /// Tolerated clock skew to the cloud, in seconds.
    #[serde(default)]
    pub expires_skew_tolerance: Option<i64>,
}

/// Additional fields in single reads of a connector.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ConnectorMetadata {
    /// Configuration. Secret members are missing without permission to read them, or if not requested.
    pub configuration: Sensitive<JsonMap>,
    /// Lifetime of the credentials that it creates, in seconds.
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
    /// The error; null if the verification succeeded.
    pub error: Option<String>,
}

/// Accessible resources of one type.
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
