//! The strings of a JSON value.

use serde_json::Value;

/// Converts each string in a value; the function also gets the member that contains it.
pub(super) fn texts(value: &Value, convert: &dyn Fn(&str, &str) -> String) -> Value {
    fn inner(member: &str, value: &Value, convert: &dyn Fn(&str, &str) -> String) -> Value {
        match value {
            Value::String(text) => Value::String(convert(member, text)),
            Value::Array(items) => items.iter().map(|item| inner(member, item, convert)).collect(),
            Value::Object(members) => Value::Object(
                members.iter().map(|(name, value)| (name.clone(), inner(name, value, convert))).collect(),
            ),
            other => other.clone(),
        }
    }
    inner("", value, convert)
}
