//! Secrets in wire types.

use std::cell::RefCell;
use std::fmt;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

/// A secret member of a wire type: it serializes, but never prints.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Sensitive<T>(T);

impl<T> Sensitive<T> {
    /// Marks a value as secret.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The secret itself. Call it only where a request is built or a credential is checked.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// The secret itself, taken out.
    pub fn into_exposed(self) -> T {
        self.0
    }
}

thread_local! {
    /// What was serialized as secret, while somebody wants to know it.
    static WRITTEN: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Does something that serializes, and tells which secrets were written by it.
pub(crate) fn written<R>(work: impl FnOnce() -> R) -> (R, Vec<String>) {
    let outer = WRITTEN.replace(Some(Vec::new()));
    let result = work();
    (result, WRITTEN.replace(outer).unwrap_or_default())
}

impl<T: Serialize> Serialize for Sensitive<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let is_wanted = WRITTEN.with_borrow(Option::is_some);
        if is_wanted && let Ok(value) = serde_json::to_value(&self.0) {
            WRITTEN.with_borrow_mut(|written| values(&value, written.get_or_insert_default()));
        }
        self.0.serialize(serializer)
    }
}

/// All texts and numbers in a value.
fn values(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Number(number) => found.push(number.to_string()),
        Value::Array(elements) => elements.iter().for_each(|element| values(element, found)),
        Value::Object(members) => members.values().for_each(|member| values(member, found)),
        Value::Null | Value::Bool(_) => {}
    }
}

impl From<String> for Sensitive<String> {
    fn from(value: String) -> Self {
        Self(value)
    }
}

impl From<&str> for Sensitive<String> {
    fn from(value: &str) -> Self {
        Self(value.to_owned())
    }
}

impl<T> fmt::Debug for Sensitive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_serializes_but_never_prints() {
        let secret = Sensitive::from("hunter2");
        assert_eq!(serde_json::to_string(&secret).unwrap(), "\"hunter2\"");
        assert_eq!(format!("{secret:?} {:#?}", Some(&secret)), "*** Some(\n    ***,\n)");
    }

    #[test]
    fn what_is_written_as_secret_is_told_to_who_asks() {
        #[derive(Serialize)]
        struct Body {
            name: &'static str,
            password: Option<Sensitive<String>>,
            values: Sensitive<Value>,
        }
        let body = Body {
            name: "plain",
            password: Some("hunter2".into()),
            values: Sensitive::new(serde_json::json!({ "a": ["one", { "b": 4711 }], "c": null, "d": true })),
        };
        let (text, secrets) = written(|| serde_json::to_string(&body).unwrap());
        assert_eq!(secrets, ["hunter2", "one", "4711"]);
        assert_eq!(text, serde_json::to_string(&body).unwrap());
        assert_eq!(written(|| ()).1, Vec::<String>::new());
    }
}
