//! The service connector types of ZenML 0.98, from `data/connector_types.json`.
//!
//! The platform behaves like a server with the packages of all of them, like the published server images.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use zenml_api::workspace::connector::{
    AuthMethodDescription, ConnectorType, ResourceTypeDescription, TypeDescription,
};

/// A connector type.
#[derive(Debug, Deserialize)]
pub(crate) struct Known {
    pub(crate) connector_type: String,
    pub(crate) name: String,
    pub(crate) supports_auto_configuration: bool,
    pub(crate) resource_types: Vec<ResourceKind>,
    pub(crate) auth_methods: Vec<Method>,
}

/// A resource type that a connector has access to, with every authentication method of the connector.
#[derive(Debug, Deserialize)]
pub(crate) struct ResourceKind {
    pub(crate) resource_type: String,
    pub(crate) name: String,
    pub(crate) supports_instances: bool,
}

/// An authentication method.
#[derive(Debug, Deserialize)]
pub(crate) struct Method {
    #[serde(rename = "auth_method")]
    pub(crate) key: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) min_expiration_seconds: Option<i64>,
    #[serde(default)]
    pub(crate) max_expiration_seconds: Option<i64>,
    #[serde(default)]
    pub(crate) default_expiration_seconds: Option<i64>,
    pub(crate) attributes: Vec<Attribute>,
}

/// One member of a configuration.
#[derive(Debug, Deserialize)]
pub(crate) struct Attribute {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) required: bool,
    #[serde(default)]
    pub(crate) secret: bool,
    /// Its default.
    #[serde(default)]
    pub(crate) default: Option<Value>,
    /// The valid values, if they are limited.
    #[serde(default)]
    pub(crate) values: Vec<String>,
}

static TYPES: LazyLock<Vec<Known>> = LazyLock::new(|| {
    let text = include_str!("../../../data/connector_types.json");
    serde_json::from_str(text).expect("data/connector_types.json has the format that this module describes")
});

/// All types.
pub(crate) fn all() -> &'static [Known] {
    &TYPES
}

/// Returns the type with this name; `None` if it is unknown and cannot be validated.
pub(crate) fn find(connector_type: &str) -> Option<&'static Known> {
    TYPES.iter().find(|known| known.connector_type == connector_type)
}

/// How responses describe a type: completely if it is known, otherwise by its name.
pub(crate) fn describe(connector_type: &str) -> ConnectorType {
    match find(connector_type) {
        Some(known) => ConnectorType::Description(Box::new(known.description())),
        None => ConnectorType::Name(connector_type.to_owned()),
    }
}

impl Known {
    /// Returns the names of all resource types.
    pub(crate) fn resource_type_names(&self) -> Vec<String> {
        self.resource_types.iter().map(|kind| kind.resource_type.clone()).collect()
    }

    /// How responses describe it. They do not contain descriptions.
    pub(crate) fn description(&self) -> TypeDescription {
        let methods: Vec<String> = self.auth_methods.iter().map(|method| method.key.clone()).collect();
        TypeDescription {
            name: self.name.clone(),
            connector_type: self.connector_type.clone(),
            resource_types: self
                .resource_types
                .iter()
                .map(|kind| ResourceTypeDescription {
                    name: kind.name.clone(),
                    resource_type: kind.resource_type.clone(),
                    auth_methods: methods.clone(),
                    supports_instances: kind.supports_instances,
                    ..ResourceTypeDescription::default()
                })
                .collect(),
            auth_methods: self
                .auth_methods
                .iter()
                .map(|method| AuthMethodDescription {
                    name: method.name.clone(),
                    auth_method: method.key.clone(),
                    config_schema: method.schema(),
                    min_expiration_seconds: method.min_expiration_seconds,
                    max_expiration_seconds: method.max_expiration_seconds,
                    default_expiration_seconds: method.default_expiration_seconds,
                    ..AuthMethodDescription::default()
                })
                .collect(),
            supports_auto_configuration: self.supports_auto_configuration,
            local: true,
            remote: false,
            ..TypeDescription::default()
        }
    }
}

impl Method {
    fn schema(&self) -> Value {
        let properties: Map<String, Value> =
            self.attributes.iter().map(|attribute| (attribute.name.clone(), attribute.schema())).collect();
        let required: Vec<&str> =
            self.attributes.iter().filter(|one| one.required).map(|one| one.name.as_str()).collect();
        json!({ "type": "object", "title": self.name, "properties": properties, "required": required })
    }
}

impl Attribute {
    fn schema(&self) -> Value {
        let mut types: Vec<Value> = self
            .kind
            .split('|')
            .map(|kind| match kind {
                "array<string>" => json!({ "type": "array", "items": { "type": "string" } }),
                kind => json!({ "type": kind }),
            })
            .collect();
        if self.secret {
            types[0]["format"] = json!("password");
            types[0]["writeOnly"] = json!(true);
        }
        if !self.values.is_empty() {
            types[0]["enum"] = json!(self.values);
        }
        let mut schema = if types.len() == 1 { types.remove(0) } else { json!({ "anyOf": types }) };
        if let Some(default) = &self.default {
            schema["default"] = default.clone();
        }
        schema
    }
}
