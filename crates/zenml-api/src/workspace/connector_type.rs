//! Service connector types: their authentication methods and resource types.
//!
//! A server knows the types whose packages are installed. Without additional packages, it knows `docker` and
//! `oauth2`, and stores connectors of all other types unchecked.

use serde::{Deserialize, Serialize};

use crate::Endpoint;

/// Types that the server knows.
pub const LIST: Endpoint<(), ConnectorTypeQuery, (), Vec<TypeDescription>> =
    Endpoint::get("/service_connector_types");

/// Returns one type by name; 404 if the server does not know it, although it may exist.
pub const GET: Endpoint<String, (), (), TypeDescription> =
    Endpoint::get("/service_connector_types/{connector_type}");

/// Query of [`LIST`]. All filters must match.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ConnectorTypeQuery {
    /// Only this type, such as `aws`.
    pub connector_type: Option<String>,
    /// Only types with this resource type, such as `s3-bucket`.
    pub resource_type: Option<String>,
    /// Only types with this authentication method, such as `iam-role`.
    pub auth_method: Option<String>,
}

/// The type of a connector: a name, or its complete description if the server has the packages of the type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum ConnectorType {
    /// Just the name.
    Name(String),
    /// A description.
    Description(Box<TypeDescription>),
}

impl ConnectorType {
    /// Returns the name, such as `aws`.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Name(name) => name,
            Self::Description(description) => &description.connector_type,
        }
    }
}

impl Default for ConnectorType {
    fn default() -> Self {
        Self::Name(String::new())
    }
}

/// Description of a connector type.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct TypeDescription {
    /// Display name.
    pub name: String,
    /// Name, such as `aws`.
    pub connector_type: String,
    /// Description for people.
    pub description: String,
    /// Types of resources.
    pub resource_types: Vec<ResourceTypeDescription>,
    /// Authentication methods.
    pub auth_methods: Vec<AuthMethodDescription>,
    /// Whether a connector can be created from the configuration of the caller's machine.
    pub supports_auto_configuration: bool,
    /// Address of a picture.
    pub logo_url: Option<String>,
    /// Sign for terminals.
    pub emoji: Option<String>,
    /// Address of its documentation.
    pub docs_url: Option<String>,
    /// URL of the SDK documentation.
    pub sdk_docs_url: Option<String>,
    /// Whether clients can use the type.
    pub local: bool,
    /// Whether servers can use the type.
    pub remote: bool,
}

/// Description of a resource type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ResourceTypeDescription {
    /// Display name.
    pub name: String,
    /// Name, such as `s3-bucket`.
    pub resource_type: String,
    /// Description for people.
    pub description: String,
    /// Authentication methods for it.
    pub auth_methods: Vec<String>,
    /// Whether there can be several of them.
    pub supports_instances: bool,
    /// Address of a picture.
    pub logo_url: Option<String>,
    /// Sign for terminals.
    pub emoji: Option<String>,
}

/// Description of an authentication method.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct AuthMethodDescription {
    /// Display name.
    pub name: String,
    /// Name, such as `iam-role`.
    pub auth_method: String,
    /// Description for people.
    pub description: String,
    /// JSON schema of the configuration: `required` lists the required members, `format: password` marks secret ones.
    pub config_schema: serde_json::Value,
    /// Minimum lifetime of credentials, in seconds.
    pub min_expiration_seconds: Option<i64>,
    /// Maximum lifetime of credentials, in seconds.
    pub max_expiration_seconds: Option<i64>,
    /// Default lifetime of credentials, in seconds; null if they do not expire.
    pub default_expiration_seconds: Option<i64>,
}
