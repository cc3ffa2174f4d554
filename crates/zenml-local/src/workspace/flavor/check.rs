//! Validating the configuration of a component against its flavor, and converting it to the form that a ZenML server
//! stores: `"true"` becomes `true`, `"5"` becomes `5`, some flavors add members.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use zenml_api::workspace::JsonMap;

use super::catalog::{BuiltIn, Configuration, Property, Rule, Type};
use super::convert;
use crate::error::{Error, Issue, Result};

/// A configuration value that refers to a value of a secret: `{{secret.key}}`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SecretReference {
    /// Name of the secret.
    pub(crate) secret: String,
    /// Key in the secret.
    pub(crate) key: String,
}

impl SecretReference {
    /// Parses a reference; `None` if the string is an ordinary value.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let inner = text.strip_prefix("{{")?.strip_suffix("}}")?.trim();
        let (secret, key) = inner.split_once('.')?;
        let whole = !secret.is_empty() && !key.is_empty() && !inner.contains(char::is_whitespace);
        whole.then(|| Self { secret: secret.to_owned(), key: key.to_owned() })
    }
}

/// Returns the references that the server must resolve to validate the configuration: attribute and reference.
///
/// Only the MLflow tracker reads the values themselves; elsewhere, a reference to a missing secret is stored.
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

/// Attributes that the validation of an MLflow tracker reads, in the order of the server.
const MLFLOW_ATTRIBUTES: [&str; 7] = [
    "tracking_username",
    "tracking_password",
    "databricks_client_id",
    "databricks_client_secret",
    "tracking_uri",
    "databricks_host",
    "tracking_token",
];

/// Validates a configuration and returns the one to store.
///
/// `stored` is the current configuration: keys that were accepted once stay valid. `resolved` contains the values of
/// [`references_to_resolve`].
pub(crate) fn configuration(
    flavor: &BuiltIn,
    given: JsonMap,
    stored: Option<&JsonMap>,
    resolved: &BTreeMap<&'static str, String>,
) -> Result<JsonMap> {
    let Some(known) = &flavor.configuration else {
        flavor.warn_unchecked();
        return Ok(given);
    };
    let unknown: Vec<&String> = given
        .keys()
        .filter(|key| !known.properties.iter().any(|property| property.name == **key))
        .filter(|key| stored.is_none_or(|stored| !stored.contains_key(*key)))
        .collect();
    if !unknown.is_empty() {
        let keys: Vec<String> = unknown.iter().map(|key| format!("'{key}'")).collect();
        return Err(Error::value(format!(
            "The {} {} has no configuration keys {}.",
            flavor.name,
            flavor.kind,
            keys.join(", ")
        )));
    }
    let prepared = prepare(known, given)?;
    let converted = convert_members(known, &prepared)?;
    after(known, converted, resolved)
}

/// The steps of the server before it checks types.
fn prepare(known: &Configuration, mut given: JsonMap) -> Result<JsonMap> {
    if !known.path_schemes.is_empty()
        && let Some(path) = given.get_mut("path")
    {
        let Some(text) = path.as_str() else {
            return Err(Error::runtime("The `path` must be a string."));
        };
        let text = text.trim_matches(['\'', '"', '`']).to_owned();
        if !known.path_schemes.iter().any(|scheme| text.starts_with(scheme)) {
            let schemes = known.path_schemes.join(", ");
            return Err(Error::runtime(format!("The `path` {text} must start with one of {schemes}.")));
        }
        *path = Value::String(text);
    }
    for (old, new) in &known.renamed {
        let Some(value) = given.get(old).filter(|value| !value.is_null()).cloned() else { continue };
        match given.get(new).filter(|value| !value.is_null()) {
            Some(other) if *other != value => {
                return Err(wrong(
                    &[],
                    format!("`{old}` is the old name of `{new}`, but their values differ."),
                ));
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
                return Err(wrong(&[], format!("The value of `{}` is not valid JSON.", property.name)));
            };
            given.insert(property.name.clone(), value);
        }
    }
    let is_reference = |value: &Value| value.as_str().and_then(SecretReference::parse).is_some();
    match known.rule {
        Some(Rule::SagemakerOrchestrator) => sagemaker(&mut given)?,
        Some(Rule::Registry | Rule::AwsRegistry) if given.get("uri").is_some_and(is_reference) => {
            return Err(Error::value("The `uri` cannot be a secret reference, because it is validated."));
        }
        _ => {}
    }
    Ok(given)
}

/// Creates an error for one problem of a configuration.
fn wrong(place: &[&str], reason: impl Into<String>) -> Error {
    Error::invalid(vec![Issue::new(place, "value_error", reason)])
}

fn sagemaker(given: &mut JsonMap) -> Result<()> {
    let is_off = |value: &Value| value.is_null() || *value == json!(false) || *value == json!(0);
    let training = !given.get("use_training_step").is_some_and(is_off);
    let mode = given.get("output_data_s3_mode").and_then(Value::as_str).unwrap_or("EndOfJob");
    let unsupported = match given.get("output_data_s3_uri") {
        Some(Value::Object(_)) => true,
        Some(Value::String(_)) => mode != "EndOfJob",
        _ => false,
    };
    if training && unsupported {
        let reason = "`use_training_step` requires `output_data_s3_uri` to be a string and `output_data_s3_mode` \
         to be EndOfJob.";
        return Err(wrong(&[], reason));
    }
    if given.get("instance_type").is_none_or(Value::is_null) {
        let default = if training { "ml.m5.xlarge" } else { "ml.t3.medium" };
        given.insert("instance_type".to_owned(), json!(default));
    }
    Ok(())
}

/// Validates and converts each member, and collects all problems.
fn convert_members(known: &Configuration, given: &JsonMap) -> Result<JsonMap> {
    let mut issues = Vec::new();
    let mut stored = JsonMap::new();
    for property in &known.properties {
        match given.get(&property.name) {
            None if property.required => {
                issues.push(Issue::of_kind(&[&property.name], "missing"));
            }
            None => {}
            Some(value) => {
                match convert::value(&property.kind, value).and_then(|value| bounded(property, value)) {
                    Ok(value) => {
                        stored.insert(property.name.clone(), value);
                    }
                    Err(mut issue) => {
                        issue.place.insert(0, property.name.clone());
                        issues.push(issue);
                    }
                }
            }
        }
    }
    if issues.is_empty() { Ok(stored) } else { Err(Error::invalid(issues)) }
}

fn bounded(property: &Property, value: Value) -> Result<Value, Issue> {
    let Some(number) = value.as_f64() else { return Ok(value) };
    if let Some(minimum) = property.minimum
        && number < minimum
    {
        return Err(Issue::too_small::<&str>(&[], minimum));
    }
    if let Some(minimum) = property.exclusive_minimum
        && number <= minimum
    {
        return Err(Issue::new::<&str>(&[], "greater_than", format!("Must be greater than {minimum}")));
    }
    Ok(value)
}

/// The validation of the server after all members have their types.
fn after(
    known: &Configuration,
    mut stored: JsonMap,
    resolved: &BTreeMap<&'static str, String>,
) -> Result<JsonMap> {
    match known.rule {
        Some(rule @ (Rule::Registry | Rule::AwsRegistry)) => {
            if let Some(Value::String(uri)) = stored.get_mut("uri") {
                uri.truncate(uri.trim_end_matches('/').len());
                if rule == Rule::AwsRegistry && uri.contains('/') {
                    return Err(wrong(&["uri"], "Cannot contain a slash."));
                }
            }
        }
        Some(Rule::KubernetesOrchestrator) => {
            if let Some(Value::String(policy)) = stored.get_mut("concurrency_policy") {
                let lower = policy.trim().to_lowercase();
                let allowed = ["Allow", "Forbid", "Replace"];
                let Some(found) = allowed.iter().find(|one| one.to_lowercase() == lower) else {
                    let reason = format!("Must be one of {}", allowed.join(", "));
                    return Err(wrong(&["concurrency_policy"], reason));
                };
                (*found).clone_into(policy);
            }
        }
        Some(Rule::MlflowTracker) => mlflow(&stored, resolved).map_err(|reason| wrong(&[], reason))?,
        Some(Rule::SagemakerOrchestrator) | None => {}
    }
    Ok(stored)
}

fn mlflow(stored: &JsonMap, resolved: &BTreeMap<&'static str, String>) -> Result<(), String> {
    let value = |name: &str| {
        resolved.get(name).map(String::as_str).or_else(|| stored.get(name)?.as_str()).unwrap_or_default()
    };
    let is_set = |name: &str| !value(name).is_empty();
    for (one, other) in
        [("tracking_username", "tracking_password"), ("databricks_client_id", "databricks_client_secret")]
    {
        if is_set(one) != is_set(other) {
            return Err(format!("`{one}` and `{other}` must be set together."));
        }
    }
    let uri = value("tracking_uri");
    let databricks = uri == "databricks";
    if databricks && !is_set("databricks_host") {
        return Err("The `tracking_uri` databricks requires `databricks_host`.".to_owned());
    }
    if !databricks {
        let option = ["databricks_host", "databricks_client_id", "databricks_client_secret"]
            .into_iter()
            .find(|name| is_set(name))
            .or((stored.get("enable_unity_catalog") == Some(&json!(true))).then_some("enable_unity_catalog"));
        if let Some(option) = option {
            return Err(format!("`{option}` requires the `tracking_uri` databricks."));
        }
    }
    if !databricks && !uri.starts_with("http://") && !uri.starts_with("https://") {
        return Ok(());
    }
    let methods = ["tracking_username", "tracking_token", "databricks_client_id"];
    if methods.iter().filter(|name| is_set(name)).count() == 1 {
        return Ok(());
    }
    Err("A remote `tracking_uri` requires exactly one of `tracking_username` with `tracking_password`, \
         `tracking_token` and, for databricks, `databricks_client_id` with `databricks_client_secret`."
        .to_owned())
}
