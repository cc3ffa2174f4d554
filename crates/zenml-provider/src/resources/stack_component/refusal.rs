//! Diagnostics for components that a server rejects.

use serde_json::Value as Json;
use tfkit::{Diag, Path};
use zenml_api::workspace::JsonMap;
use zenml_client::{ApiError, Refused, Secrets};

use super::StackComponent;
use crate::failure::{Needs, cannot};
use crate::in_workspace::InWorkspace as _;

/// Returns the diagnostic of a rejected change, at the attribute that caused it, without any value of the settings.
pub(super) fn explain(component: &StackComponent, verb: &str, error: &ApiError) -> Diag {
    let StackComponent { name, kind, flavor, .. } = component;
    let doing = format!("{verb} {} {name:?}", StackComponent::NOUN.words);
    let Some(refused) = error.answer() else { return cannot(doing, Needs::WORKSPACE_ADMIN, error) };
    let message = refused.body.summary();
    if matches!(error, ApiError::NotFound(_)) && message.contains("No flavor with name") {
        return no_flavor(kind, flavor, None).trace(refused.call.to_string());
    }
    let mut diag = cannot(doing, Needs::WORKSPACE_ADMIN, error);
    let settings = component.sent();
    diag.why = diag.why.map(|why| without_values(&settings, &why));
    let Some(place) = place(component, error, refused, &message) else { return diag };
    if matches!(error, ApiError::Server(_)) {
        // A setting may be the cause, and then running the command again does not help.
        let otherwise = diag.fix.take().unwrap_or_default();
        diag = diag.fix("If the message is about a setting, correct it.").fix(otherwise);
    }
    diag.at(place)
}

/// Returns the error for a flavor that the server does not have. `available` are the existing ones.
pub(super) fn no_flavor(kind: &str, flavor: &str, available: Option<&str>) -> Diag {
    let diag = Diag::error(format!("There is no flavor {flavor:?} of the type {kind:?}"))
        .why("The server has no flavor with this name for this type, neither built in nor custom.");
    let diag = match available {
        Some(available) => diag.why(format!("It has: {available}.")),
        None => diag,
    };
    diag.fix(format!("Choose an existing flavor. To list them:\n  zenml {} flavor list", command(kind)))
        .at(StackComponent::FLAVOR)
}

/// Returns a type as the command line writes it.
fn command(kind: &str) -> String {
    kind.replace('_', "-")
}

/// Returns the attribute that caused a rejection.
fn place(component: &StackComponent, error: &ApiError, refused: &Refused, message: &str) -> Option<Path> {
    if matches!(error, ApiError::NotFound(_)) && message.to_lowercase().contains("connector") {
        return Some(StackComponent::CONNECTOR_ID.path());
    }
    if matches!(error, ApiError::NotFound(_)) && message.contains("get secret with name or ID") {
        return Some(StackComponent::SECRETS.path());
    }
    if matches!(error, ApiError::Invalid(_)) && (message.contains("The name `") || message.contains("`name`"))
    {
        return Some(StackComponent::NAME.path());
    }
    let is_about_settings = match error {
        ApiError::Invalid(_) => !refused.body.problems.iter().any(is_about_request),
        ApiError::NotFound(_) => message.contains("secret reference"),
        // A server reports some invalid settings, such as a path with another scheme, as an internal error.
        ApiError::Server(_) => refused.body.class.as_deref() == Some("RuntimeError"),
        _ => false,
    };
    if let Some(problem) = refused.body.problems.iter().find(|problem| is_about_request(problem)) {
        return match problem.location.get(1).map(String::as_str) {
            Some("name") => Some(StackComponent::NAME.path()),
            Some("type") => Some(StackComponent::TYPE.path()),
            Some("labels") => Some(StackComponent::LABELS.path()),
            Some("environment") => Some(StackComponent::ENVIRONMENT.path()),
            _ => None,
        };
    }
    if !is_about_settings {
        return None;
    }
    let named = |key: &&String| {
        let located = refused.body.problems.iter().any(|problem| problem.location.last() == Some(*key));
        let quoted = message.contains(&format!("'{key}'")) || message.contains(&format!("attribute {key}:"));
        located || quoted
    };
    let place = component.sent().keys().find(named).map(|key| component.setting_place(key));
    Some(place.unwrap_or_else(|| component.settings_place()))
}

/// Returns whether a problem concerns the request itself and not the settings in it.
fn is_about_request(problem: &zenml_api::error::Problem) -> bool {
    problem.location.first().is_some_and(|first| first == "body")
}

/// Masks each value of the settings in a server message, including those that were not sent again.
fn without_values(settings: &JsonMap, message: &str) -> String {
    let mut values = Vec::new();
    for value in settings.values() {
        texts(value, &mut values);
    }
    Secrets::of(values.iter().map(String::as_str)).hide(message)
}

/// Collects all strings and numbers in a value.
fn texts(value: &Json, found: &mut Vec<String>) {
    match value {
        Json::String(text) => found.push(text.clone()),
        Json::Number(number) => found.push(number.to_string()),
        Json::Array(elements) => elements.iter().for_each(|element| texts(element, found)),
        Json::Object(members) => members.values().for_each(|member| texts(member, found)),
        Json::Null | Json::Bool(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_shows_no_value_of_the_settings() {
        let settings = json!({
            "password": "it's\nhidden", "long": "s3://bucket/inside", "short": "s3://bucket", "flag": "true",
            "digit": "5", "reference": "{{mlflow.password}}", "deep": [{ "inside": "buried", "number": 123_456 }],
        });
        let settings: JsonMap = serde_json::from_value(settings).unwrap();
        let cases = [
            ("The path 's3://bucket/inside' is not 5 true", "The path '(hidden)' is not 5 true"),
            ("The path: s3://bucket is wrong", "The path: (hidden) is wrong"),
            ("got 'it\\'s\\nhidden'", "got '(hidden)'"),
            ("got it's\nhidden", "got (hidden)"),
            ("buried with 123456", "(hidden) with (hidden)"),
            ("no secret for {{mlflow.password}}", "no secret for {{mlflow.password}}"),
        ];
        for (message, expected) in cases {
            assert_eq!(without_values(&settings, message), expected);
        }
    }
}
