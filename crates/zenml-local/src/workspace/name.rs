//! Rules for names and other strings.

use zenml_api::Patch;
use zenml_api::workspace::component::ALL_TYPES;

use crate::error::{Error, Issue, Result};

/// Adds an issue for a string in a request body that is too long; `most` is in characters.
pub(crate) fn at_most(member: &str, text: &str, most: usize, issues: &mut Vec<Issue>) {
    if is_longer(text, most) {
        issues.push(Issue::too_long(&["body", member], most));
    }
}

/// Returns whether a string has more than this number of characters.
pub(crate) fn is_longer(text: &str, most: usize) -> bool {
    text.chars().count() > most
}

/// Rejects a request with issues.
pub(crate) fn settle(issues: Vec<Issue>) -> Result<()> {
    if issues.is_empty() { Ok(()) } else { Err(Error::validation(issues)) }
}

/// Changes a column that is never null. A real server passes a null on to its database, which rejects it.
pub(crate) fn not_null<T>(column: &str, change: Patch<T>, stored: T) -> Result<T> {
    match change {
        Patch::Keep => Ok(stored),
        Patch::Set(value) => Ok(value),
        Patch::Clear => Err(Error::runtime(format!("{column} cannot be null"))),
    }
}

/// Adds an issue for an unknown component type.
pub(crate) fn component_type(kind: &str, issues: &mut Vec<Issue>) {
    if !ALL_TYPES.contains(&kind) {
        issues.push(Issue::not_one_of(&["body", "type"], &ALL_TYPES));
    }
}

/// Adds issues for an invalid project name: it must be 1 to 50 characters of `a-z 0-9 _ -`.
pub(crate) fn project(name: &str, issues: &mut Vec<Issue>) {
    if name.is_empty() {
        issues.push(Issue::new(&["body", "name"], "string_too_short", "Must not be empty"));
        return;
    }
    at_most("name", name, 50, issues);
    let allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-';
    if !name.bytes().all(allowed) {
        let message = "Can contain only the characters a-z, 0-9, _ and -";
        issues.push(Issue::new(&["body", "name"], "string_pattern_mismatch", message));
    }
}

/// Derives the name of a project from its display name: lower case, spaces become `-`, other characters are dropped.
pub(crate) fn from_display_name(display_name: &str) -> String {
    display_name
        .to_lowercase()
        .chars()
        .map(|character| if character == ' ' { '-' } else { character })
        .filter(|character| {
            character.is_ascii_lowercase() || character.is_ascii_digit() || matches!(character, '_' | '-')
        })
        .collect()
}

/// Rejects an invalid name of a new stack or component: empty, or with a tab or a line break. A server does not check
/// this when the name is changed.
pub(crate) fn without_breaks(name: &str) -> Result<()> {
    if name.is_empty() {
        return Err(Error::value("The `name` is empty."));
    }
    if name.contains(['\t', '\n']) {
        return Err(Error::value(format!("The name `{name}` contains a tab or a line break.")));
    }
    Ok(())
}

/// Returns a name for an object created with a stack if the stack's name is taken: the stack's in lower case, with
/// random letters.
pub(crate) fn with_addition(stack: &str) -> String {
    let drawn = uuid::Uuid::new_v4();
    let letters = drawn.as_bytes().iter().take(4).map(|byte| char::from(b'a' + byte % 26));
    format!("{stack}-{}", letters.collect::<String>()).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn project_names_follow_the_pattern() {
        for (name, kind) in [
            ("vision", None),
            ("a_1-b", None),
            ("11111111-1111-1111-1111-111111111111", None),
            ("", Some("string_too_short")),
            ("A", Some("string_pattern_mismatch")),
            ("a b", Some("string_pattern_mismatch")),
            ("é", Some("string_pattern_mismatch")),
            (&"a".repeat(50), None),
            (&"a".repeat(51), Some("string_too_long")),
        ] {
            let mut issues = Vec::new();
            project(name, &mut issues);
            assert_eq!(issues.first().map(|issue| issue.kind), kind, "{name:?}");
        }
        assert_eq!(from_display_name("My Proj! X"), "my-proj-x");
    }

    #[test]
    fn names_with_line_breaks_are_rejected_for_new_objects() {
        without_breaks("a b").unwrap();
        for name in ["", "a\tb", "a\nb"] {
            assert_eq!(without_breaks(name).unwrap_err().status(), 400, "{name:?}");
        }
    }
}
