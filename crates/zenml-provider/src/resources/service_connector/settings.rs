//! Compares the configuration of a connector with what the server returns.

use std::collections::BTreeMap;

use tfkit::plan::same::scalar_text;
use zenml_api::workspace::JsonMap;
use zenml_api::workspace::connector::{AuthMethodDescription, Connector, ConnectorBody, ConnectorType};

/// A configuration as users write it. Requests omit null values.
pub(super) type Settings = BTreeMap<String, Option<String>>;

/// Returns the configuration for a request.
pub(super) fn json(settings: &Settings) -> JsonMap {
    let members = settings.iter();
    members.filter_map(|(key, value)| Some((key.clone(), value.clone()?.into()))).collect()
}

/// Returns the configuration for the state after an import: everything that the server returns, which omits secrets.
pub(super) fn imported(stored: &JsonMap) -> Settings {
    stored.iter().map(|(key, value)| (key.clone(), Some(text(value)))).collect()
}

/// Returns the configuration for the state after a read of a changed connector. Settings that the server adds are
/// ignored; secrets, which it does not return, count as unchanged.
pub(super) fn refreshed(
    known: &Settings,
    stored: &JsonMap,
    method: Option<&AuthMethodDescription>,
) -> Settings {
    let kept = known.iter().filter_map(|(key, value)| {
        let value = match (value, stored.get(key)) {
            (Some(known), Some(stored)) if means(known, stored) => Some(known.clone()),
            (Some(_), Some(stored)) => Some(text(stored)),
            (Some(_), None) if method.is_some_and(|method| is_plain(method, key)) => return None,
            (value, _) => value.clone(),
        };
        Some((key.clone(), value))
    });
    kept.collect()
}

/// Returns the description of a connector's authentication method, if the server sends one.
pub(super) fn method(body: &ConnectorBody) -> Option<&AuthMethodDescription> {
    match &body.connector_type {
        ConnectorType::Name(_) => None,
        ConnectorType::Description(description) => {
            description.auth_methods.iter().find(|method| method.auth_method == body.auth_method)
        }
    }
}

/// Drops the descriptions of other authentication methods than the connector's own, which saves most of the memory of
/// many connectors.
pub(super) fn forget_other_methods(connector: &mut Connector) {
    let Some(body) = &mut connector.body else { return };
    if let ConnectorType::Description(description) = &mut body.connector_type {
        description.auth_methods.retain(|method| method.auth_method == body.auth_method);
        description.resource_types = Vec::new();
    }
}

/// Returns whether a setting is known and not secret, so that the server would return it.
fn is_plain(method: &AuthMethodDescription, key: &str) -> bool {
    let property = &method.config_schema["properties"][key];
    let is_secret = |schema: &serde_json::Value| schema["format"] == "password";
    let variants = property["anyOf"].as_array().map_or(&[][..], Vec::as_slice);
    property.is_object() && !is_secret(property) && !variants.iter().any(is_secret)
}

/// Returns whether a configured string is equivalent to a stored value: servers store numbers, booleans and lists
/// with their types.
fn means(written: &str, stored: &serde_json::Value) -> bool {
    match stored {
        serde_json::Value::String(stored) => written == stored,
        stored => same(written, &stored.to_string()),
    }
}

/// Returns whether a server stores two configurations as the same one. A state from an import or from the Go provider
/// contains the server's values as strings.
pub(super) fn same_settings(one: &Settings, other: &Settings) -> bool {
    let set = |settings: &Settings| -> BTreeMap<String, String> {
        settings.iter().filter_map(|(key, value)| Some((key.clone(), value.clone()?))).collect()
    };
    let (one, other) = (set(one), set(other));
    one.len() == other.len()
        && one.iter().all(|(key, value)| other.get(key).is_some_and(|other| same(value, other)))
}

fn same(one: &str, other: &str) -> bool {
    scalar_text(&one.into()) == scalar_text(&other.into()) || {
        let (first, second) = (array(one), array(other));
        // A server accepts a list as JSON and as comma-separated strings.
        (first.is_some() || second.is_some())
            && first.unwrap_or_else(|| split(one)) == second.unwrap_or_else(|| split(other))
    }
}

fn array(text: &str) -> Option<Vec<String>> {
    serde_json::from_str(text).ok()
}

fn split(text: &str) -> Vec<String> {
    text.split(',').map(str::to_owned).collect()
}

fn text(stored: &serde_json::Value) -> String {
    stored.as_str().map_or_else(|| stored.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    type Members<'a> = &'a [(&'a str, Option<&'a str>)];

    fn settings(members: Members<'_>) -> Settings {
        members.iter().map(|(key, value)| ((*key).to_owned(), value.map(str::to_owned))).collect()
    }

    fn stored(json: Json) -> JsonMap {
        serde_json::from_value(json).unwrap()
    }

    fn with_schema() -> AuthMethodDescription {
        AuthMethodDescription {
            config_schema: json!({ "properties": {
                "server": { "type": "string" },
                "insecure": { "type": "boolean" },
                "token": { "anyOf": [{ "type": "string", "format": "password" }, { "type": "null" }] },
            } }),
            ..AuthMethodDescription::default()
        }
    }

    #[test]
    fn a_read_keeps_equivalent_values_and_secrets() {
        let known = [
            ("server", Some("https://a")),
            ("insecure", Some("True")),
            ("token", Some("t0ken")),
            ("mine", Some("x")),
            ("nothing", None),
        ];
        let cases: &[(Json, Members<'_>)] = &[
            // Unchanged, with the server's types and additions.
            (json!({ "server": "https://a", "insecure": true, "nothing": 7, "more": 1 }), &known),
            // Changed and removed outside of Terraform.
            (
                json!({ "server": "https://b" }),
                &[
                    ("server", Some("https://b")),
                    ("token", Some("t0ken")),
                    ("mine", Some("x")),
                    ("nothing", None),
                ],
            ),
            (
                json!({ "server": "https://a", "insecure": false }),
                &[
                    ("server", Some("https://a")),
                    ("insecure", Some("false")),
                    ("token", Some("t0ken")),
                    ("mine", Some("x")),
                    ("nothing", None),
                ],
            ),
        ];
        for (answer, expected) in cases {
            let seen = refreshed(&settings(&known), &stored(answer.clone()), Some(&with_schema()));
            assert_eq!(seen, settings(expected), "{answer}");
        }
    }

    #[test]
    fn without_a_description_nothing_that_is_missing_counts_as_removed() {
        let known = settings(&[("server", Some("https://a"))]);
        assert_eq!(refreshed(&known, &JsonMap::new(), None), known);
    }

    #[test]
    fn configurations_are_the_same_if_a_server_stores_them_as_one() {
        let json = "[\"one\",\"two\"]";
        let cases = [
            ("[ \"one\", \"two\" ]", json, true),
            ("one,two", json, true),
            ("one", "[\"one\"]", true),
            ("True", "true", true),
            ("two,one", json, false),
            ("one, two", "one,two", false),
            ("secret", "Secret", false),
        ];
        for (one, other, expected) in cases {
            let of = |text| settings(&[("key", Some(text)), ("region", Some("r"))]);
            assert_eq!(same_settings(&of(one), &of(other)), expected, "{one} {other}");
            assert_eq!(same_settings(&of(other), &of(one)), expected, "{other} {one}");
        }
        let one = settings(&[("a", Some("1")), ("b", None)]);
        assert!(same_settings(&one, &settings(&[("a", Some("1"))])));
        assert!(!same_settings(&one, &settings(&[("a", Some("1")), ("b", Some("2"))])));
    }

    #[test]
    fn null_settings_are_not_sent() {
        assert_eq!(json(&settings(&[("a", Some("1")), ("b", None)])), stored(json!({ "a": "1" })));
    }
}
