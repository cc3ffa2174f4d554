//! Types of service connectors: which ways to authenticate there are, and what a connector of a type reaches.
//!
//! A server knows the types whose packages it has. One with nothing but its own packages knows `docker` and `oauth2`
//! and keeps connectors of all other types unchecked.

use serde::{Deserialize, Serialize};

use crate::Endpoint;

/// Types that the server knows.
pub const LIST: Endpoint<(), ConnectorTypeQuery, (), Vec<TypeDescription>> =
    Endpoint::get("/service_connector_types");

/// One type by its name; 404 when the server does not know it, which does not say that there is none.
pub const GET: Endpoint<String, (), (), TypeDescription> =
    Endpoint::get("/service_connector_types/{connector_type}");

/// Query of [`LIST`]. Several members narrow the list together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ConnectorTypeQuery {
    /// Only this type, like `aws`.
    pub connector_type: Option<String>,
    /// Only types that reach this type of resource, like `s3-bucket`.
    pub resource_type: Option<String>,
    /// Only types with this authentication method, like `iam-role`.
    pub auth_method: Option<String>,
}

/// The type of a connector: a name, or its whole description where the server has the packages of the type.
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
    /// The name, like `aws`.
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

/// Description of a type of connectors.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct TypeDescription {
    /// Name for people.
    pub name: String,
    /// Name, like `aws`.
    pub connector_type: String,
    /// What it is for, for people.
    pub description: String,
    /// Types of resources.
    pub resource_types: Vec<ResourceTypeDescription>,
    /// Authentication methods.
    pub auth_methods: Vec<AuthMethodDescription>,
    /// Whether a connector can be made of what is configured on the caller's machine.
    pub supports_auto_configuration: bool,
    /// Address of a picture.
    pub logo_url: Option<String>,
    /// Sign for terminals.
    pub emoji: Option<String>,
    /// Address of its documentation.
    pub docs_url: Option<String>,
    /// Address of the documentation of its code.
    pub sdk_docs_url: Option<String>,
    /// Whether clients can use the type.
    pub local: bool,
    /// Whether servers can use the type.
    pub remote: bool,
}

/// Description of a type of resources.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ResourceTypeDescription {
    /// Name for people.
    pub name: String,
    /// Name, like `s3-bucket`.
    pub resource_type: String,
    /// What it is, for people.
    pub description: String,
    /// Authentication methods that reach it.
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
    /// Name for people.
    pub name: String,
    /// Name, like `iam-role`.
    pub auth_method: String,
    /// How it works, for people.
    pub description: String,
    /// JSON schema of the configuration: `required` names what must be there, `format: password` marks secret members.
    pub config_schema: serde_json::Value,
    /// The shortest life of credentials that can be asked for, in seconds.
    pub min_expiration_seconds: Option<i64>,
    /// The longest life of credentials that can be asked for, in seconds.
    pub max_expiration_seconds: Option<i64>,
    /// The life of credentials when nothing is asked for, in seconds; null when they do not expire.
    pub default_expiration_seconds: Option<i64>,
}
