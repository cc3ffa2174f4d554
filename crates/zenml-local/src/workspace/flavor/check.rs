//! Checking the configuration of a component against its flavor, and bringing it into the form in which a
//! ZenML server stores it: `"true"` becomes `true`, `"5"` becomes `5`, some flavors add members.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use zenml_api::workspace::JsonMap;

use super::catalog::{BuiltIn, Configuration, Property, Rule, Type};
use super::convert;
use crate::workspace::python;
use crate::workspace::refusal::{Complaint, Refusal};

/// A configuration value that stands for a value of a secret: `{{secret.key}}`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SecretReference {
    /// Name of the secret.
    pub(crate) secret: String,
    /// Key in the secret.
    pub(crate) key: String,
}

impl SecretReference {
    /// Reads a reference; `None` if the text is an ordinary value.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let inner = text.strip_prefix("{{")?.strip_suffix("}}")?.trim();
        let (secret, key) = inner.split_once('.')?;
        let whole = !secret.is_empty() && !key.is_empty() && !inner.contains(char::is_whitespace);
        whole.then(|| Self { secret: secret.to_owned(), key: key.to_owned() })
    }
}

/// The references that the server has to resolve in order to check the configuration: attribute and reference.
///
/// Only the MLflow tracker looks at the values themselves; elsewhere a reference to a missing secret is stored.
pub(crate) fn references_to_resolve(
    flavor: &BuiltIn,
    configuration: &JsonMap,
) -> Vec<(&'static str, SecretReference)> {
    if flavor.configuration.as_ref().and_then(|known| known.rule) != Some(Rule::MlflowTracker) {
        return Vec::new();
    }
    MLFLOW_ATTRIBUTES
        .iter()
        .filter_map(|name| Some((*name, SecretReference::parse(configuration.get(*name)?.as_str()?)?)))
        .collect()
}

/// Attributes of an MLflow tracker that its check looks at, in the order in which the server does.
const MLFLOW_ATTRIBUTES: [&str; 7] = [
    "tracking_username",
    "tracking_password",
    "databricks_client_id",
    "databricks_client_secret",
    "tracking_uri",
    "databricks_host",
    "tracking_token",
];

/// Checks a configuration and gives the one to store.
///
/// `stored` is the configuration so far: keys that were accepted once do not become unknown. `resolved` holds
/// the values of [`references_to_resolve`].
pub(crate) fn configuration(
    flavor: &BuiltIn,
    given: JsonMap,
    stored: Option<&JsonMap>,
    resolved: &BTreeMap<&'static str, String>,
) -> Result<JsonMap, Refusal> {
    let Some(known) = &flavor.configuration else {
        flavor.tell_that_it_is_not_checked();
        return Ok(given);
    };
    let unknown: Vec<&String> = given
        .keys()
        .filter(|key| !known.properties.iter().any(|property| property.name == **key))
        .filter(|key| stored.is_none_or(|stored| !stored.contains_key(*key)))
        .collect();
    if !unknown.is_empty() {
        let keys = python::list(unknown);
        return Err(Refusal::value(&format!(
            "Invalid configuration keys {keys} for {} {}.",
            flavor.name, flavor.kind
        )));
    }
    let prepared = prepare(known, given)?;
    let converted = convert_members(known, &prepared)?;
    after(known, converted, resolved)
}

/// What the server does before it looks at types.
fn prepare(known: &Configuration, mut given: JsonMap) -> Result<JsonMap, Refusal> {
    let model = |text: String| Refusal::model(&known.class, &[Complaint::new(&[], "value_error", text)]);
    if !known.path_schemes.is_empty()
        && let Some(path) = given.get_mut("path")
    {
        let Some(text) = path.as_str() else {
            return Err(Refusal::runtime(&format!(
                "'{}' object has no attribute 'strip'",
                python::type_name(path)
            )));
        };
        let text = text.trim_matches(['\'', '"', '`']).to_owned();
        if !known.path_schemes.iter().any(|scheme| text.starts_with(scheme)) {
            return Err(Refusal::runtime(&format!(
                "The path: '{text}' you defined for your artifact store is not supported by the implementation \
                 of {}, because it does not start with one of its supported schemes: {{{}}}.",
                known.class,
                known.path_schemes.iter().map(|scheme| python::text(scheme)).collect::<Vec<_>>().join(", "),
            )));
        }
        *path = Value::String(text);
    }
    for (old, new) in &known.renamed {
        let Some(value) = given.get(old).filter(|value| !value.is_null()).cloned() else { continue };
        match given.get(new).filter(|value| !value.is_null()) {
            Some(other) if *other != value => {
                return Err(model(format!(
                    "Value error, Got different values for deprecated attribute {old} and replacement attribute \
                     {new}."
                )));
            }
            Some(_) => {}
            None => {
                given.insert(new.clone(), value);
            }
        }
        given.remove(old);
    }
    for property in &known.properties {
        let structured = property
            .kind
            .types
            .iter()
            .all(|kind| matches!(kind, Type::Object | Type::TextMap | Type::TextList));
        let Some(Value::String(text)) = given.get(&property.name) else { continue };
        if structured {
            let Ok(value) = serde_json::from_str(text) else {
                return Err(model(format!("Value error, Invalid json string for {}", property.name)));
            };
            given.insert(property.name.clone(), value);
        }
    }
    let is_reference = |value: &Value| value.as_str().and_then(SecretReference::parse).is_some();
    match known.rule {
        Some(Rule::SagemakerOrchestrator) => sagemaker(&mut given).map_err(model)?,
        Some(Rule::Registry | Rule::AwsRegistry) if given.get("uri").is_some_and(is_reference) => {
            return Err(Refusal::value(
                "Passing the stack component attribute `uri` as a secret reference is not allowed as additional \
                 validation is required for this attribute.",
            ));
        }
        _ => {}
    }
    Ok(given)
}

fn sagemaker(given: &mut JsonMap) -> Result<(), String> {
    let is_off = |value: &Value| value.is_null() || *value == json!(false) || *value == json!(0);
    let training = !given.get("use_training_step").is_some_and(is_off);
    let mode = given.get("output_data_s3_mode").and_then(Value::as_str).unwrap_or("EndOfJob");
    let unsupported = match given.get("output_data_s3_uri") {
        Some(Value::Object(_)) => true,
        Some(Value::String(_)) => mode != "EndOfJob",
        _ => false,
    };
    if training && unsupported {
        return Err(
            "Value error, `use_training_step=True` is not supported when `output_data_s3_uri` is a dict \
                    or when `output_data_s3_mode` is not 'EndOfJob'."
                .to_owned(),
        );
    }
    if given.get("instance_type").is_none_or(Value::is_null) {
        let default = if training { "ml.m5.xlarge" } else { "ml.t3.medium" };
        given.insert("instance_type".to_owned(), json!(default));
    }
    Ok(())
}

/// Checks and converts each member, and collects everything that is wrong.
fn convert_members(known: &Configuration, given: &JsonMap) -> Result<JsonMap, Refusal> {
    let mut complaints = Vec::new();
    let mut stored = JsonMap::new();
    for property in &known.properties {
        match given.get(&property.name) {
            None if property.required => {
                complaints.push(Complaint::new(&[&property.name], "missing", "Field required"));
            }
            None => {}
            Some(value) => {
                match convert::value(&property.kind, value).and_then(|value| bounded(property, value)) {
                    Ok(value) => {
                        stored.insert(property.name.clone(), value);
                    }
                    Err(mut complaint) => {
                        complaint.place.insert(0, property.name.clone());
                        complaints.push(complaint);
                    }
                }
            }
        }
    }
    if complaints.is_empty() { Ok(stored) } else { Err(Refusal::model(&known.class, &complaints)) }
}

fn bounded(property: &Property, value: Value) -> Result<Value, Complaint> {
    let Some(number) = value.as_f64() else { return Ok(value) };
    if let Some(minimum) = property.minimum
        && number < minimum
    {
        let text = format!("Input should be greater than or equal to {minimum}");
        return Err(Complaint::new(&[], "greater_than_equal", text));
    }
    if let Some(minimum) = property.exclusive_minimum
        && number <= minimum
    {
        return Err(Complaint::new(&[], "greater_than", format!("Input should be greater than {minimum}")));
    }
    Ok(value)
}

/// What the server checks when all members have their types.
fn after(
    known: &Configuration,
    mut stored: JsonMap,
    resolved: &BTreeMap<&'static str, String>,
) -> Result<JsonMap, Refusal> {
    let at = |place: &[&str], text: &str| {
        let text = format!("Value error, {text}");
        Refusal::model(&known.class, &[Complaint::new(place, "value_error", text)])
    };
    match known.rule {
        Some(rule @ (Rule::Registry | Rule::AwsRegistry)) => {
            if let Some(Value::String(uri)) = stored.get_mut("uri") {
                uri.truncate(uri.trim_end_matches('/').len());
                if rule == Rule::AwsRegistry && uri.contains('/') {
                    return Err(at(
                        &["uri"],
                        "Property `uri` can not contain a `/`. An example of a valid URI is: \
                         `123456789012.dkr.ecr.us-east-1.amazonaws.com`",
                    ));
                }
            }
        }
        Some(Rule::KubernetesOrchestrator) => {
            if let Some(Value::String(policy)) = stored.get_mut("concurrency_policy") {
                let lower = policy.trim().to_lowercase();
                let allowed = ["Allow", "Forbid", "Replace"];
                let Some(found) = allowed.iter().find(|one| one.to_lowercase() == lower) else {
                    let text = "Invalid concurrency policy. Must be one of: Allow, Forbid, Replace";
                    return Err(at(&["concurrency_policy"], text));
                };
                (*found).clone_into(policy);
            }
        }
        Some(Rule::MlflowTracker) => mlflow(&stored, resolved).map_err(|text| at(&[], &text))?,
        Some(Rule::SagemakerOrchestrator) | None => {}
    }
    Ok(stored)
}

fn mlflow(stored: &JsonMap, resolved: &BTreeMap<&'static str, String>) -> Result<(), String> {
    let value = |name: &str| {
        resolved.get(name).map(String::as_str).or_else(|| stored.get(name)?.as_str()).unwrap_or_default()
    };
    let is_set = |name: &str| !value(name).is_empty();
    if is_set("tracking_username") != is_set("tracking_password") {
        return Err("MLflow username/password authentication requires both `tracking_username` and \
                    `tracking_password` to be configured."
            .to_owned());
    }
    if is_set("databricks_client_id") != is_set("databricks_client_secret") {
        return Err("Databricks OAuth M2M authentication requires both `databricks_client_id` and \
                    `databricks_client_secret` to be configured."
            .to_owned());
    }
    let uri = value("tracking_uri");
    let databricks = uri == "databricks";
    if databricks && !is_set("databricks_host") {
        return Err(
            "MLflow experiment tracking with a Databricks MLflow managed tracking server requires the \
                    `databricks_host` to be set in your stack component."
                .to_owned(),
        );
    }
    if !databricks {
        let mut options: Vec<&str> = ["databricks_host", "databricks_client_id", "databricks_client_secret"]
            .into_iter()
            .filter(|name| is_set(name))
            .collect();
        if stored.get("enable_unity_catalog") == Some(&json!(true)) {
            options.push("enable_unity_catalog");
        }
        if !options.is_empty() {
            let options: Vec<String> = options.iter().map(|name| format!("`{name}`")).collect();
            return Err(format!(
                "Databricks options {} require `tracking_uri` to be set to `databricks`.",
                options.join(", ")
            ));
        }
    }
    if !databricks && !uri.starts_with("http://") && !uri.starts_with("https://") {
        return Ok(());
    }
    let mut methods = Vec::new();
    if is_set("tracking_username") {
        methods.push("username/password");
    }
    if is_set("tracking_token") {
        methods.push("token");
    }
    if is_set("databricks_client_id") {
        methods.push("Databricks OAuth M2M");
    }
    if methods.len() == 1 {
        return Ok(());
    }
    let received = if methods.is_empty() {
        ".".to_owned()
    } else {
        format!(", but received multiple authentication methods: {}.", methods.join(", "))
    };
    let databricks_option =
        if databricks { ", or `databricks_client_id` with `databricks_client_secret`" } else { "" };
    Err(format!(
        "MLflow experiment tracking with a remote backend requires exactly one authentication method{received} \
         Valid options are `tracking_token`, `tracking_username` with `tracking_password`{databricks_option}."
    ))
}
