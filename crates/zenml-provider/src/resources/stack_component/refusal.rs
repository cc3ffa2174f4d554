//! What a user is told when a server does not accept a component.

use tfkit::{Diag, Path, Secret};
use zenml_client::{ApiError, Refused};

use super::settings::Settings;
use super::{NOUN, StackComponent};
use crate::failure::{Needs, cannot};

/// Values of this length or shorter are no secrets, and would tear holes into any message.
const HARMLESS_LENGTH: usize = 3;

/// The diagnostic of a refused change, at the attribute that it is about, and without a value of the settings.
pub(super) fn explain(component: &StackComponent, verb: &str, error: &ApiError) -> Diag {
    let StackComponent { name, kind, flavor, .. } = component;
    let doing = format!("{verb} {} {name:?}", NOUN.words);
    let Some(refused) = error.answer() else { return cannot(doing, Needs::WORKSPACE_ADMIN, error) };
    let message = refused.body.summary();
    if matches!(error, ApiError::NotFound(_)) && message.contains("No flavor with name") {
        return Diag::error(format!("There is no flavor {flavor:?} of the type {kind:?}"))
            .why("The server has no flavor of this name for this type, neither built in nor registered by a user.")
            .fix(format!("Choose a flavor that it has. This lists them:\n  zenml {} flavor list", command(kind)))
            .at(StackComponent::FLAVOR)
            .trace(refused.call.to_string());
    }
    let mut diag = cannot(doing, Needs::WORKSPACE_ADMIN, error);
    if let Some(settings) = &component.configuration {
        diag.why = diag.why.map(|why| without_values(settings.expose(), &why));
    }
    let Some(place) = place(component, error, refused, &message) else { return diag };
    if matches!(error, ApiError::Server(_)) {
        // It may be the setting after all, and then running the command again does not help.
        let otherwise = diag.fix.take().unwrap_or_default();
        diag = diag.fix("If the message is about a setting, correct it.").fix(otherwise);
    }
    diag.at(place)
}

/// A type as the command line writes it.
fn command(kind: &str) -> String {
    kind.replace('_', "-")
}

/// The attribute that a refusal is about.
fn place(component: &StackComponent, error: &ApiError, refused: &Refused, message: &str) -> Option<Path> {
    if matches!(error, ApiError::NotFound(_)) && message.to_lowercase().contains("connector") {
        return Some(StackComponent::CONNECTOR_ID.path());
    }
    if matches!(error, ApiError::Invalid(_)) && (message.contains("The name `") || message.contains("`name`"))
    {
        return Some(StackComponent::NAME.path());
    }
    let is_about_settings = match error {
        ApiError::Invalid(_) => !refused.body.problems.iter().any(is_about_request),
        ApiError::NotFound(_) => message.contains("secret reference"),
        // A server reports some settings, such as a path of another scheme, as if it had failed itself.
        ApiError::Server(_) => refused.body.class.as_deref() == Some("RuntimeError"),
        _ => false,
    };
    if let Some(problem) = refused.body.problems.iter().find(|problem| is_about_request(problem)) {
        return match problem.location.get(1).map(String::as_str) {
            Some("name") => Some(StackComponent::NAME.path()),
            Some("type") => Some(StackComponent::TYPE.path()),
            Some("labels") => Some(StackComponent::LABELS.path()),
            _ => None,
        };
    }
    if !is_about_settings {
        return None;
    }
    let keys = component.configuration.as_ref().map(Secret::expose).into_iter().flat_map(|map| map.keys());
    let named = |key: &&String| {
        let located = refused.body.problems.iter().any(|problem| problem.location.last() == Some(*key));
        let quoted = message.contains(&format!("'{key}'")) || message.contains(&format!("attribute {key}:"));
        located || quoted
    };
    let place = keys.into_iter().find(named).map(|key| StackComponent::CONFIGURATION.then(key.as_str()));
    Some(place.unwrap_or_else(|| StackComponent::CONFIGURATION.path()))
}

/// Whether a problem is about the request itself and not about the settings in it.
fn is_about_request(problem: &zenml_api::error::Problem) -> bool {
    problem.location.first().is_some_and(|first| first == "body")
}

/// Hides each value of the settings in a message of a server, which quotes texts as Python does. A reference to a secret
/// may be shown.
fn without_values(settings: &Settings, message: &str) -> String {
    let values = settings.values().flatten().filter(|value| is_hidden(value));
    let mut forms: Vec<String> = values.flat_map(|value| [value.clone(), quoted(value)]).collect();
    // A longer one can contain a shorter one.
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms.iter().fold(message.to_owned(), |message, form| message.replace(form, "(hidden)"))
}

fn is_hidden(value: &str) -> bool {
    let is_plain = matches!(value, "true" | "false" | "True" | "False" | "null");
    value.len() > HARMLESS_LENGTH && !is_plain && !value.starts_with("{{")
}

/// The inside of a text in quotation marks.
fn quoted(value: &str) -> String {
    let mut text = value.replace('\\', "\\\\");
    for (character, escape) in [('\'', "\\'"), ('\n', "\\n"), ('\r', "\\r"), ('\t', "\\t")] {
        text = text.replace(character, escape);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_shows_no_value_of_the_settings() {
        let settings: Settings = [
            ("password", "it's\nhidden"),
            ("long", "s3://bucket/inside"),
            ("short", "s3://bucket"),
            ("flag", "true"),
            ("digit", "5"),
            ("reference", "{{mlflow.password}}"),
        ]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), Some(value.to_owned())))
        .chain([("none".to_owned(), None)])
        .collect();
        let cases = [
            ("The path 's3://bucket/inside' is not 5 true", "The path '(hidden)' is not 5 true"),
            ("The path: s3://bucket is wrong", "The path: (hidden) is wrong"),
            ("got 'it\\'s\\nhidden'", "got '(hidden)'"),
            ("got it's\nhidden", "got (hidden)"),
            ("no secret for {{mlflow.password}}", "no secret for {{mlflow.password}}"),
        ];
        for (message, expected) in cases {
            assert_eq!(without_values(&settings, message), expected);
        }
    }
}
