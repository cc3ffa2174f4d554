//! Issues of a part of a stack that is neither an id nor a description of a new object.
//!
//! A real server tries both and reports the problems of each.

use crate::error::Issue;
use serde_json::Value;

/// The type of a member of a description.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Text,
    TextOrNull,
    WholeOrNull,
    Map,
}

/// A member of a description.
struct Member {
    name: &'static str,
    kind: Kind,
    is_needed: bool,
}

const COMPONENT: [Member; 4] = [
    Member { name: "flavor", kind: Kind::Text, is_needed: true },
    Member { name: "service_connector_index", kind: Kind::WholeOrNull, is_needed: false },
    Member { name: "service_connector_resource_id", kind: Kind::TextOrNull, is_needed: false },
    Member { name: "configuration", kind: Kind::Map, is_needed: false },
];

const CONNECTOR: [Member; 3] = [
    Member { name: "type", kind: Kind::Text, is_needed: true },
    Member { name: "auth_method", kind: Kind::Text, is_needed: true },
    Member { name: "configuration", kind: Kind::Map, is_needed: false },
];

/// Adds issues for an invalid component.
pub(super) fn component(place: &[&str], given: &Value, issues: &mut Vec<Issue>) {
    add_issues(place, given, "ComponentInfo", &COMPONENT, issues);
}

/// Adds issues for an invalid connector.
pub(super) fn connector(place: &[&str], given: &Value, issues: &mut Vec<Issue>) {
    add_issues(place, given, "ServiceConnectorInfo", &CONNECTOR, issues);
}

fn add_issues(place: &[&str], given: &Value, class: &str, members: &[Member], issues: &mut Vec<Issue>) {
    fn below<'a>(place: &[&'a str], parts: &[&'a str]) -> Vec<&'a str> {
        [place, parts].concat()
    }
    let kind = if given.is_string() { "uuid_parsing" } else { "uuid_type" };
    issues.push(Issue::of_kind(&below(place, &["uuid"]), kind));
    let Value::Object(given) = given else {
        issues.push(Issue::of_kind(&below(place, &[class]), "model_attributes_type"));
        return;
    };
    for member in members {
        let wrong = match given.get(member.name) {
            None if member.is_needed => Some("missing"),
            None => None,
            Some(value) => wrong(member.kind, value),
        };
        if let Some(kind) = wrong {
            issues.push(Issue::of_kind(&below(place, &[class, member.name]), kind));
        }
    }
}

fn wrong(kind: Kind, value: &Value) -> Option<&'static str> {
    match (kind, value) {
        (Kind::Text | Kind::TextOrNull, Value::String(_))
        | (Kind::TextOrNull | Kind::WholeOrNull, Value::Null)
        | (Kind::Map, Value::Object(_)) => None,
        (Kind::Text | Kind::TextOrNull, _) => Some("string_type"),
        (Kind::Map, _) => Some("dict_type"),
        (Kind::WholeOrNull, value) => match zenml_api::lax::whole(value) {
            Ok(_) => None,
            Err(zenml_api::lax::FRACTION) => Some("int_from_float"),
            Err(_) if value.is_string() => Some("int_parsing"),
            Err(_) => Some("int_type"),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_invalid_part_has_issues_for_both_ways_to_read_it() {
        for (given, expected) in [
            (json!("default"), vec!["uuid: uuid_parsing", "ComponentInfo: model_attributes_type"]),
            (json!(5), vec!["uuid: uuid_type", "ComponentInfo: model_attributes_type"]),
            (json!({}), vec!["uuid: uuid_type", "ComponentInfo.flavor: missing"]),
            (
                json!({ "flavor": 5, "configuration": null, "service_connector_resource_id": 7 }),
                vec![
                    "uuid: uuid_type",
                    "ComponentInfo.flavor: string_type",
                    "ComponentInfo.service_connector_resource_id: string_type",
                    "ComponentInfo.configuration: dict_type",
                ],
            ),
            (
                json!({ "flavor": "local", "service_connector_index": 1.5 }),
                vec!["uuid: uuid_type", "ComponentInfo.service_connector_index: int_from_float"],
            ),
            (
                json!({ "flavor": "local", "service_connector_index": "x" }),
                vec!["uuid: uuid_type", "ComponentInfo.service_connector_index: int_parsing"],
            ),
            (
                json!({ "flavor": "local", "service_connector_index": [] }),
                vec!["uuid: uuid_type", "ComponentInfo.service_connector_index: int_type"],
            ),
        ] {
            let mut issues = Vec::new();
            component(&["body", "0"], &given, &mut issues);
            let found: Vec<String> = issues
                .iter()
                .map(|issue| format!("{}: {}", issue.place[2..].join("."), issue.kind))
                .collect();
            assert_eq!(found, expected, "{given}");
        }
    }
}
