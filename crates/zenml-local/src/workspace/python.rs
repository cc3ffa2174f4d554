//! Values in Python's notation, because a ZenML server stores labels and display names like that.

use std::fmt::Write as _;

use serde_json::Value;

/// Formats a string like Python's `repr`.
fn text(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut shown = String::with_capacity(text.len() + 2);
    shown.push(quote);
    for character in text.chars() {
        match character {
            '\\' => shown.push_str("\\\\"),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            '\'' if quote == '\'' => shown.push_str("\\'"),
            other if other.is_control() => {
                let _ = write!(shown, "\\x{:02x}", u32::from(other));
            }
            other => shown.push(other),
        }
    }
    shown.push(quote);
    shown
}

/// Formats a JSON value like Python's `str`.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => representation(value),
    }
}

/// Formats a JSON value like Python's `repr`.
fn representation(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(content) => text(content),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(representation).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) => {
            let members =
                members.iter().map(|(name, value)| format!("{}: {}", text(name), representation(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
    }
}

/// Formats a string like Python's `title`: each run of letters starts with an upper-case letter; the rest is lower
/// case.
pub(crate) fn title(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut within = false;
    for character in text.chars() {
        if within {
            shown.extend(character.to_lowercase());
        } else {
            shown.extend(character.to_uppercase());
        }
        within = character.is_alphabetic();
    }
    shown
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn strings_are_quoted_like_in_python() {
        for (given, shown) in [
            ("plain", "'plain'"),
            ("it's", "\"it's\""),
            ("it's \"x\"", "'it\\'s \"x\"'"),
            ("a\tb\n", "'a\\tb\\n'"),
            ("a\\b", "'a\\\\b'"),
            ("\u{1}", "'\\x01'"),
        ] {
            assert_eq!(text(given), shown);
        }
        for (given, shown) in [("f1new", "F1New"), ("some-long name B", "Some-Long Name B"), ("", "")] {
            assert_eq!(title(given), shown);
        }
        let value = json!({"a": [1, 1.5, true, null, "b"]});
        assert_eq!(shown(&value), "{'a': [1, 1.5, True, None, 'b']}");
        assert_eq!(shown(&json!("it's")), "it's");
    }
}
