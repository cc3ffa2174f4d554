//! Secrets in wire types.

use std::cell::RefCell;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// A secret member of a wire type. It serializes but is never printed.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(transparent))]
pub struct Sensitive<T>(T);

impl<T> Sensitive<T> {
    /// Marks a value as secret.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// Returns the secret. Call it only where a request is built or a credential is checked.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// Returns the secret.
    pub fn into_exposed(self) -> T {
        self.0
    }
}

thread_local! {
    /// Secrets that were serialized or deserialized, while they are recorded.
    static NOTED: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Runs a function that serializes or deserializes. Also returns the secrets that it wrote or read.
pub(crate) fn noted<R>(work: impl FnOnce() -> R) -> (R, Vec<String>) {
    let outer = NOTED.replace(Some(Vec::new()));
    let result = work();
    (result, NOTED.replace(outer).unwrap_or_default())
}

fn note(secret: &impl Serialize) {
    let is_wanted = NOTED.with_borrow(Option::is_some);
    if is_wanted && let Ok(value) = serde_json::to_value(secret) {
        NOTED.with_borrow_mut(|noted| values(&value, noted.get_or_insert_default()));
    }
}

impl<T: Serialize> Serialize for Sensitive<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        note(&self.0);
        self.0.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de> + Serialize> Deserialize<'de> for Sensitive<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let secret = T::deserialize(deserializer)?;
        note(&secret);
        Ok(Self(secret))
    }
}

/// Returns all strings and numbers in a value.
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
    fn secrets_that_are_written_or_read_are_recorded() {
        #[derive(Serialize, Deserialize)]
        struct Body {
            name: String,
            password: Option<Sensitive<String>>,
            values: Sensitive<Value>,
        }
        let body = Body {
            name: "plain".to_owned(),
            password: Some("hunter2".into()),
            values: Sensitive::new(serde_json::json!({ "a": ["one", { "b": 4711 }], "c": null, "d": true })),
        };
        let (text, secrets) = noted(|| serde_json::to_string(&body).unwrap());
        assert_eq!(secrets, ["hunter2", "one", "4711"]);
        let (body, secrets) = noted(|| serde_json::from_str::<Body>(&text).unwrap());
        assert_eq!(secrets, ["hunter2", "one", "4711"]);
        assert_eq!(text, serde_json::to_string(&body).unwrap());
        assert_eq!(noted(|| ()).1, Vec::<String>::new());
    }
}
