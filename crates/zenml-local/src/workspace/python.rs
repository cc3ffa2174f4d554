//! Texts as Python writes them, because a ZenML server's error messages contain them.

use std::fmt::Write as _;

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
pub(crate) fn type_name(value: &serde_json::Value) -> &'static str {
    match value {
        serde_json::Value::Null => "NoneType",
        serde_json::Value::Bool(_) => "bool",
        serde_json::Value::Number(number) if number.is_f64() => "float",
        serde_json::Value::Number(_) => "int",
        serde_json::Value::String(_) => "str",
        serde_json::Value::Array(_) => "list",
        serde_json::Value::Object(_) => "dict",
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
        assert_eq!(alternatives(&["a", "b", "c"]), "'a', 'b' or 'c'");
    }
}
