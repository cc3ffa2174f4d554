//! The types of service connectors of ZenML 0.98, from `data/connector_types.json`.
//!
//! The platform behaves like a server that has the packages of all of them, as published server images do.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use zenml_api::workspace::connector::{
    AuthMethodDescription, ConnectorType, ResourceTypeDescription, TypeDescription,
};

/// A type of connectors.
#[derive(Debug, Deserialize)]
pub(crate) struct Known {
    pub(crate) connector_type: String,
    pub(crate) name: String,
    pub(crate) supports_auto_configuration: bool,
    pub(crate) resource_types: Vec<ResourceKind>,
    pub(crate) auth_methods: Vec<Method>,
}

/// A type of resources that a connector can reach; with every authentication method of the connector.
#[derive(Debug, Deserialize)]
pub(crate) struct ResourceKind {
    pub(crate) resource_type: String,
    pub(crate) name: String,
    pub(crate) supports_instances: bool,
}

/// A way to authenticate.
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
    /// What it is when it is left out.
    #[serde(default)]
    pub(crate) default: Option<Value>,
    /// The only values, if not every value will do.
    #[serde(default)]
    pub(crate) values: Vec<String>,
}

static TYPES: LazyLock<Vec<Known>> = LazyLock::new(|| {
    let text = include_str!("../../../data/connector_types.json");
    serde_json::from_str(text).expect("data/connector_types.json has the form that this module describes")
});

/// All types.
pub(crate) fn all() -> &'static [Known] {
    &TYPES
}

/// The type of this name; `None` means that nothing is known and nothing can be checked.
pub(crate) fn find(connector_type: &str) -> Option<&'static Known> {
    TYPES.iter().find(|known| known.connector_type == connector_type)
}

/// How answers describe a type: wholly if it is known, by its name otherwise.
pub(crate) fn describe(connector_type: &str) -> ConnectorType {
    match find(connector_type) {
        Some(known) => ConnectorType::Description(Box::new(known.description())),
        None => ConnectorType::Name(connector_type.to_owned()),
    }
}

impl Known {
    /// Names of all types of resources.
    pub(crate) fn resource_type_names(&self) -> Vec<String> {
        self.resource_types.iter().map(|kind| kind.resource_type.clone()).collect()
    }

    /// How answers describe it. They have no texts for people.
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
