//! The built-in flavors of ZenML 0.98, from `data/flavors.json`.
//!
//! All flavors are listed, but only those with a `configuration` in the data are validated. A component of another
//! flavor is accepted with any configuration. The `config_schema` of each flavor says whether it is validated.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Deserialize;
use serde_json::{Map, Value, json};
use zenml_api::FlavorId;

/// A built-in flavor.
#[derive(Debug, Deserialize)]
pub(crate) struct BuiltIn {
    /// Constant, so that it is the same after a restart.
    pub(crate) id: FlavorId,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) display_name: String,
    pub(crate) integration: String,
    pub(crate) source: String,
    pub(crate) connector_type: Option<String>,
    pub(crate) connector_resource_type: Option<String>,
    pub(crate) connector_resource_id_attr: Option<String>,
    /// The settings of a component; `None` if this platform does not validate them.
    pub(crate) configuration: Option<Configuration>,
    /// When a server would have stored it. Later ones are a microsecond younger, so that lists have the server's order.
    #[serde(skip)]
    pub(crate) created: String,
    /// Whether the log has reported that the flavor is not validated.
    #[serde(skip)]
    warned: AtomicBool,
}

/// The settings of a component.
#[derive(Debug, Deserialize)]
pub(crate) struct Configuration {
    /// Title of its schema.
    pub(crate) class: String,
    pub(crate) properties: Vec<Property>,
    /// Valid prefixes of `path`, if the flavor has it.
    #[serde(default)]
    pub(crate) path_schemes: Vec<String>,
    /// Old names and the new ones that replace them.
    #[serde(default)]
    pub(crate) renamed: BTreeMap<String, String>,
    /// A rule that a list of properties cannot express.
    pub(crate) rule: Option<Rule>,
}

/// Rules that a list of properties cannot express.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Rule {
    /// Removes trailing slashes of `uri`.
    Registry,
    /// Also rejects any other slash.
    AwsRegistry,
    /// Allows a fixed set of concurrency policies.
    KubernetesOrchestrator,
    /// Credentials must be complete, and a remote server requires exactly one kind.
    MlflowTracker,
    /// Adds `instance_type`.
    SagemakerOrchestrator,
}

/// One member of a configuration.
#[derive(Debug, Deserialize)]
pub(crate) struct Property {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: Alternatives,
    #[serde(default)]
    pub(crate) required: bool,
    #[serde(default)]
    pub(crate) sensitive: bool,
    pub(crate) minimum: Option<f64>,
    pub(crate) exclusive_minimum: Option<f64>,
}

/// The valid types of a member, written as `string|null`.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Alternatives {
    pub(crate) types: Vec<Type>,
    pub(crate) nullable: bool,
}

/// The type of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Text,
    Integer,
    Number,
    Boolean,
    Object,
    TextMap,
    TextList,
}

impl TryFrom<String> for Alternatives {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut found = Self { types: Vec::new(), nullable: false };
        for name in text.split('|') {
            found.types.push(match name {
                "null" => {
                    found.nullable = true;
                    continue;
                }
                "string" => Type::Text,
                "integer" => Type::Integer,
                "number" => Type::Number,
                "boolean" => Type::Boolean,
                "object" => Type::Object,
                "object<string>" => Type::TextMap,
                "array<string>" => Type::TextList,
                other => return Err(format!("unknown type {other}")),
            });
        }
        Ok(found)
    }
}

static FLAVORS: LazyLock<Vec<BuiltIn>> = LazyLock::new(|| {
    let text = include_str!("../../../data/flavors.json");
    let mut all: Vec<BuiltIn> =
        serde_json::from_str(text).expect("data/flavors.json has the format that this module describes");
    for (position, flavor) in all.iter_mut().enumerate() {
        flavor.created = format!("2026-01-01T00:00:00.{position:06}");
    }
    all
});

/// All built-in flavors, in the order in which a server stores them.
pub(crate) fn all() -> &'static [BuiltIn] {
    &FLAVORS
}

/// Returns the flavor with this type and name.
pub(crate) fn find(kind: &str, name: &str) -> Option<&'static BuiltIn> {
    FLAVORS.iter().find(|flavor| flavor.kind == kind && flavor.name == name)
}

impl BuiltIn {
    /// Logs once per process that components of this flavor are not validated.
    pub(crate) fn warn_unchecked(&self) {
        if !self.warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                flavor.name = self.name,
                flavor.kind = self.kind,
                "components of this flavor are accepted with any configuration: this platform does not know its \
                 settings, and a ZenML server may reject what this platform accepts",
            );
        }
    }

    /// Returns the JSON schema of the configuration. If the platform does not validate it, the schema says so.
    pub(crate) fn schema(&self) -> Value {
        let Some(configuration) = &self.configuration else {
            return json!({
                "type": "object",
                "title": self.display_name,
                "description": "This local platform does not know the settings of this flavor and accepts any \
                 configuration. A ZenML server may reject what this platform accepts.",
                "additionalProperties": true,
            });
        };
        let mut properties: Map<String, Value> = configuration
            .properties
            .iter()
            .map(|property| (property.name.clone(), property.schema()))
            .collect();
        for old in configuration.renamed.keys() {
            if let Some(property) = properties.get_mut(old) {
                property["deprecated"] = json!(true);
            }
        }
        if configuration.rule == Some(Rule::SagemakerOrchestrator) {
            properties["instance_type"]["description"] =
                json!("Machine of a step. Default: ml.m5.xlarge for training, ml.t3.medium for processing.");
        }
        let required: Vec<&str> =
            configuration.properties.iter().filter(|p| p.required).map(|p| p.name.as_str()).collect();
        let mut schema = json!({ "type": "object", "title": configuration.class, "properties": properties });
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        schema
    }
}

impl Property {
    fn schema(&self) -> Value {
        let mut types: Vec<Value> = self
            .kind
            .types
            .iter()
            .map(|kind| match kind {
                Type::Text => json!({"type": "string"}),
                Type::Integer => json!({"type": "integer"}),
                Type::Number => json!({"type": "number"}),
                Type::Boolean => json!({"type": "boolean"}),
                Type::Object => json!({"type": "object", "additionalProperties": true}),
                Type::TextMap => json!({"type": "object", "additionalProperties": {"type": "string"}}),
                Type::TextList => json!({"type": "array", "items": {"type": "string"}}),
            })
            .collect();
        if let Some(first) = types.first_mut() {
            if let Some(minimum) = self.minimum {
                first["minimum"] = json!(minimum);
            }
            if let Some(minimum) = self.exclusive_minimum {
                first["exclusiveMinimum"] = json!(minimum);
            }
        }
        if self.kind.nullable {
            types.push(json!({"type": "null"}));
        }
        let mut schema = if types.len() == 1 { types.remove(0) } else { json!({ "anyOf": types }) };
        if self.sensitive {
            schema["sensitive"] = json!(true);
        }
        schema
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn flavors_are_unique_and_of_known_types() {
        let mut names = BTreeSet::new();
        let mut ids = BTreeSet::new();
        for flavor in all() {
            assert!(names.insert((&flavor.kind, &flavor.name)), "{} {}", flavor.kind, flavor.name);
            assert!(ids.insert(flavor.id));
            assert!(zenml_api::workspace::component::ALL_TYPES.contains(&flavor.kind.as_str()));
        }
        assert_eq!(names.len(), 82);
    }

    #[test]
    fn the_flavors_of_the_reference_journey_are_validated() {
        for (kind, name) in [
            ("artifact_store", "s3"),
            ("container_registry", "aws"),
            ("orchestrator", "kubernetes"),
            ("orchestrator", "sagemaker"),
            ("model_registry", "mlflow"),
            ("experiment_tracker", "mlflow"),
        ] {
            assert!(find(kind, name).unwrap().configuration.is_some(), "{kind} {name}");
        }
    }

    #[test]
    fn the_readme_lists_exactly_the_validated_flavors() {
        let readme = include_str!("../../../README.md");
        let table = readme.lines().map(str::trim).skip_while(|line| *line != "| type | checked |");
        let rows = table
            .take_while(|line| !line.is_empty())
            .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
        let mut listed: BTreeSet<(String, String)> = BTreeSet::new();
        for (kinds, names) in rows.filter_map(|row| row.split_once(" | ")) {
            for kind in kinds.split(", ").filter(|kind| *kind != "type") {
                listed.extend(names.split(", ").map(|name| (kind.to_owned(), name.to_owned())));
            }
        }
        let checked = all().iter().filter(|flavor| flavor.configuration.is_some());
        let checked: BTreeSet<_> = checked.map(|flavor| (flavor.kind.clone(), flavor.name.clone())).collect();
        assert_eq!(listed, checked);
    }

    #[test]
    fn a_schema_marks_secrets_and_flavors_that_are_not_validated() {
        let s3 = find("artifact_store", "s3").unwrap().schema();
        assert_eq!(s3["required"], json!(["path"]));
        assert_eq!(s3["properties"]["secret"]["sensitive"], json!(true));
        let unchecked = find("orchestrator", "kubeflow").unwrap().schema();
        assert!(unchecked["description"].as_str().unwrap().contains("accepts any"));
    }
}
