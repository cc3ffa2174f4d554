//! Texts as Python writes them, because a ZenML server's error messages contain them.

use std::fmt::Write as _;

use serde_json::Value;

/// A text as Python's `repr` shows it.
pub(crate) fn text(text: &str) -> String {
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

/// A list of texts as Python's `repr` shows it.
pub(crate) fn list<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    let shown: Vec<String> = texts.into_iter().map(|item| text(item.as_ref())).collect();
    format!("[{}]", shown.join(", "))
}

/// The Python type of a JSON value.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

/// A JSON value as Python's `str` shows it.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => representation(value),
    }
}

/// A JSON value as Python's `repr` shows it.
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

/// A text as Python's `title` writes it: each run of letters begins with a capital, and has no others.
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

/// Texts as a Python sentence lists alternatives: `'a', 'b' or 'c'`.
pub(crate) fn alternatives(texts: &[&str]) -> String {
    let shown: Vec<String> = texts.iter().map(|item| text(item)).collect();
    match shown.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_are_quoted_as_python_quotes_them() {
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
        assert_eq!(list(["a", "b"]), "['a', 'b']");
        let value = json!({"a": [1, 1.5, true, null, "b"]});
        assert_eq!(shown(&value), "{'a': [1, 1.5, True, None, 'b']}");
        assert_eq!(shown(&json!("it's")), "it's");
        assert_eq!(alternatives(&["a", "b", "c"]), "'a', 'b' or 'c'");
    }
}
