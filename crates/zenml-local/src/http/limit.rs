//! Limits for the size of a request. The same limits apply to all routes, so that no free-form member is forgotten.
//! Single members have lower limits, which their handlers check.

use http::StatusCode;
use serde_json::Value;

use crate::authn::Access;
use crate::error::{Error, Issue, Plane, Result};

/// Maximum length of a query, in bytes.
const QUERY: usize = 32 << 10;
/// Maximum nesting of objects and lists.
const DEPTH: usize = 32;
/// Maximum number of objects, lists, strings, numbers and so on in one document.
const VALUES: usize = 20_000;

/// Maximum length of a body, in bytes. Requests without a credential are forms.
pub(super) const fn body(plane: Plane, access: Access) -> usize {
    match (access, plane) {
        (Access::Open, _) => 64 << 10,
        (_, Plane::Control) => 512 << 10,
        // For secrets, and schemas of flavors.
        (_, Plane::Workspace) => 4 << 20,
    }
}

/// Maximum length of a string in a document, in characters.
const fn text(plane: Plane) -> usize {
    match plane {
        Plane::Control => 4 << 10,
        Plane::Workspace => 1 << 20,
    }
}

pub(super) fn check_query(query: &str) -> Result<()> {
    if query.len() <= QUERY {
        return Ok(());
    }
    let message = format!("The query is longer than {QUERY} bytes.");
    Err(Error::with_status(StatusCode::URI_TOO_LONG, "ValueError", message))
}

/// Checks a JSON document.
pub(super) fn check_json(plane: Plane, document: &[u8]) -> Result<(), Issue> {
    // A document that is nested too deeply for the parser is not read.
    let value: Value = serde_json::from_slice(document).map_err(|_| deep())?;
    let mut values = 0;
    measure(plane, &value, &mut vec!["body".to_owned()], &mut values)
}

fn measure(plane: Plane, value: &Value, at: &mut Vec<String>, values: &mut usize) -> Result<(), Issue> {
    *values += 1;
    if *values > VALUES {
        return Err(Issue::new(&["body"], "too_long", format!("Must have at most {VALUES} values")));
    }
    // The first element of the place is the document itself.
    if at.len() > DEPTH + 1 {
        return Err(deep());
    }
    match value {
        Value::String(text) => check_text(plane, text, at),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                at.push(index.to_string());
                measure(plane, item, at, values)?;
                at.pop();
            }
            Ok(())
        }
        Value::Object(members) => {
            for (name, member) in members {
                check_text(plane, name, at)?;
                at.push(name.clone());
                measure(plane, member, at, values)?;
                at.pop();
            }
            Ok(())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

fn check_text(plane: Plane, value: &str, at: &[String]) -> Result<(), Issue> {
    let most = text(plane);
    if value.chars().nth(most).is_none() {
        return Ok(());
    }
    Err(Issue::too_long(at, most))
}

fn deep() -> Issue {
    Issue::new(&["body"], "recursion_loop", format!("Must have at most {DEPTH} levels"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(levels: usize) -> String {
        "[".repeat(levels) + &"]".repeat(levels)
    }

    #[test]
    fn documents_are_limited_in_depth_in_size_and_in_string_length() {
        for (document, expected) in [
            (nested(DEPTH), None),
            (nested(DEPTH + 1), None),
            (nested(DEPTH + 2), Some("recursion_loop")),
            (nested(1000), Some("recursion_loop")),
            (format!("[{}0]", "0,".repeat(VALUES - 2)), None),
            (format!("[{}0]", "0,".repeat(VALUES - 1)), Some("too_long")),
            (format!("{{\"a\":\"{}\"}}", "ü".repeat(4096)), None),
            (format!("{{\"a\":\"{}\"}}", "ü".repeat(4097)), Some("string_too_long")),
            (format!("{{\"{}\":1}}", "a".repeat(4097)), Some("string_too_long")),
        ] {
            let found = check_json(Plane::Control, document.as_bytes()).err().map(|issue| issue.kind);
            assert_eq!(found, expected, "{}", &document[..document.len().min(40)]);
        }
    }
}
