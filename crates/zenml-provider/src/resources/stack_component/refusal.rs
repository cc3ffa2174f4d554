//! What a user is told when a server does not accept a component.

use tfkit::{Diag, Path, Secret};
use zenml_client::{ApiError, Refused};

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
    let diag = without_values(component, cannot(doing, Needs::WORKSPACE_ADMIN, error));
    match place(component, error, refused, &message) {
        Some(place) => diag.at(place),
        None => diag,
    }
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
    let is_about_settings = match error {
        ApiError::Invalid(_) => !refused.body.problems.iter().any(is_about_request),
        ApiError::NotFound(_) => message.contains("secret reference"),
        ApiError::Server(_) => component.configuration.is_some(),
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

/// Hides each value of the settings in a message of the server. A reference to a secret may be shown.
fn without_values(component: &StackComponent, mut diag: Diag) -> Diag {
    let settings = component.configuration.as_ref().map(Secret::expose).into_iter().flatten();
    let mut values: Vec<&str> = settings
        .filter_map(|(_, value)| value.as_deref())
        .filter(|value| value.len() > HARMLESS_LENGTH && !value.starts_with("{{"))
        .filter(|value| !matches!(*value, "true" | "false" | "True" | "False" | "null"))
        .collect();
    // A longer value can contain a shorter one.
    values.sort_by_key(|value| std::cmp::Reverse(value.len()));
    if let Some(why) = &mut diag.why {
        for value in values {
            *why = why.replace(value, "(hidden)");
        }
    }
    diag
}
