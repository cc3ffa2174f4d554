//! Which attribute of a workspace a control plane refuses.

use tfkit::{Diag, Path};
use zenml_api::control::workspace::{WorkspaceCreate, WorkspaceUpdate, ZenmlServiceRequest};
use zenml_client::ApiError;

use super::model::Workspace;

/// An attribute that a request sends.
pub(super) struct Sent {
    place: Path,
    /// Its name in the request, which is also the last part of its place there.
    member: &'static str,
    /// Its value, if messages repeat such values.
    value: Option<String>,
}

/// Returns what a creation sends.
pub(super) fn of_create(new: &WorkspaceCreate) -> Vec<Sent> {
    // Messages name the workspace, so its name in a message means nothing.
    listed([
        (Workspace::NAME.path(), "name", true),
        (Workspace::DISPLAY_NAME.path(), "display_name", new.display_name.is_some()),
        (Workspace::DESCRIPTION.path(), "description", new.description.is_some()),
        (Workspace::LOGO_URL.path(), "logo_url", new.logo_url.is_some()),
        (Workspace::TAGS.path(), "tags", new.tags.is_some()),
        (Workspace::METADATA.path(), "metadata", new.metadata.is_some()),
    ])
    .chain(version(new.zenml_service.as_ref()))
    .collect()
}

/// Returns what an update sends.
pub(super) fn of_update(change: &WorkspaceUpdate) -> Vec<Sent> {
    let state = change.desired_state.as_ref().map(|state| Sent {
        place: Workspace::DESIRED_STATE.path(),
        member: "desired_state",
        value: Some(state.to_string()),
    });
    listed([
        (Workspace::DISPLAY_NAME.path(), "display_name", change.display_name.is_some()),
        (Workspace::DESCRIPTION.path(), "description", !change.description.is_keep()),
        (Workspace::LOGO_URL.path(), "logo_url", !change.logo_url.is_keep()),
        (Workspace::TAGS.path(), "tags", !change.tags.is_keep()),
        (Workspace::METADATA.path(), "metadata", !change.metadata.is_keep()),
    ])
    .chain(version(change.zenml_service.as_ref()))
    .chain(state)
    .collect()
}

fn listed<const N: usize>(all: [(Path, &'static str, bool); N]) -> impl Iterator<Item = Sent> {
    let sent = all.into_iter().filter(|(.., is_sent)| *is_sent);
    sent.map(|(place, member, _)| Sent { place, member, value: None })
}

fn version(service: Option<&ZenmlServiceRequest>) -> Option<Sent> {
    let version = service?.configuration.version.clone()?;
    Some(Sent { place: Workspace::VERSION.path(), member: "version", value: Some(version) })
}

/// Points a diagnostic at the refused attribute, if it is certain which one it is.
pub(super) fn point(diag: Diag, sent: &[Sent], error: &ApiError) -> Diag {
    match refused(sent, error) {
        Some(place) => diag.at(place.clone()),
        None => diag,
    }
}

/// Finds the attribute: the one that the response locates, else the only one that the request sends, else the only one
/// whose value or name is a word of the message.
fn refused<'a>(sent: &'a [Sent], error: &ApiError) -> Option<&'a Path> {
    let (body, is_about_content) = match error {
        ApiError::Invalid(refused) => (&refused.body, true),
        // Not possible for this object, or now.
        ApiError::Forbidden(refused) => (&refused.body, false),
        _ => return None,
    };
    let located = |sent: &&Sent| {
        body.problems.iter().any(|problem| problem.location.iter().any(|part| part == sent.member))
    };
    if let Some(found) = sent.iter().find(located) {
        return Some(&found.place);
    }
    if let [only] = sent
        && is_about_content
    {
        return Some(&only.place);
    }
    let is_valued = |sent: &&Sent| sent.value.as_ref().is_some_and(|value| is_word_of(value, &body.message));
    let is_named = |sent: &&Sent| is_word_of(sent.member, &body.message);
    only(sent.iter().filter(is_valued)).or_else(|| only(sent.iter().filter(is_named)))
}

fn only<'a>(mut found: impl Iterator<Item = &'a Sent>) -> Option<&'a Path> {
    let first = found.next()?;
    found.next().is_none().then_some(&first.place)
}

/// Whether a text contains a word, and not only as a part of another one.
fn is_word_of(word: &str, text: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    !word.is_empty()
        && text.match_indices(word).any(|(start, _)| {
            let (before, after) = (&text[..start], &text[start + word.len()..]);
            !before.ends_with(is_part) && !after.starts_with(is_part)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_not_a_part_of_another_one() {
        for (word, text, expected) in [
            ("version", "cannot set the version here", true),
            ("version", "conversion", false),
            ("0.97.0", "downgraded to 0.97.0.", true),
            ("0.97.0", "10.97.0", false),
            ("name", "display_name is too long", false),
            ("", "anything", false),
        ] {
            assert_eq!(is_word_of(word, text), expected, "{word} {text}");
        }
    }
}
