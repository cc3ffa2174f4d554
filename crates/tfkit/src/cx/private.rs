//! Private values that the host stores with a state without interpreting them.

use serde_json::{Map, Value};

use crate::diag::Diag;

const VERSION_NAME: &str = ".version";
const VERSION: u64 = 1;
const REPLACED_NAME: &str = ".replaced";

const LEASE_NAME: &str = ".lease";

/// The object was imported, and nothing has been applied to it since.
const IMPORTED_NAME: &str = ".imported";

/// The attributes whose imported value is still in the state, because the configuration has never set them.
const KEPT_NAME: &str = ".kept";

/// A map from names to JSON values. Its bytes are a JSON object that includes its version. Names that begin with `.`
/// are reserved for the framework.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Private(Map<String, Value>);

impl Private {
    /// Reads what an earlier run stored. No bytes are an empty map. Bytes of another format, such as those of a
    /// provider that managed the object before, are dropped.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        match serde_json::from_slice::<Map<String, Value>>(bytes) {
            Ok(map) if map.get(VERSION_NAME) == Some(&Value::from(VERSION)) => Self(map),
            _ => Self::default(),
        }
    }

    /// Returns the bytes for the host; empty for an empty map.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        if self.0.keys().all(|name| name == VERSION_NAME) {
            return Vec::new();
        }
        let mut map = self.0.clone();
        map.insert(VERSION_NAME.to_owned(), Value::from(VERSION));
        // A map of JSON values always serializes: its keys are strings and it holds no foreign types.
        serde_json::to_vec(&map).unwrap_or_default()
    }

    pub(crate) fn is_imported(&self) -> bool {
        self.0.contains_key(IMPORTED_NAME)
    }

    /// Returns whether the state may contain the imported value of an attribute that the configuration does not set.
    pub(crate) fn keeps(&self, attribute: &str) -> bool {
        let is_kept =
            |kept: &Value| kept.as_array().is_some_and(|names| names.iter().any(|name| name == attribute));
        self.is_imported() || self.0.get(KEPT_NAME).is_some_and(is_kept)
    }

    pub(crate) fn set_imported(&mut self) {
        self.0.insert(IMPORTED_NAME.to_owned(), Value::Bool(true));
    }

    /// Returns what renewing and closing an ephemeral resource need.
    pub(crate) fn lease(&self) -> Option<&Value> {
        self.0.get(LEASE_NAME)
    }

    pub(crate) fn set_lease(&mut self, lease: Value) {
        self.0.insert(LEASE_NAME.to_owned(), lease);
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        if name.starts_with('.') { None } else { self.0.get(name) }
    }

    pub(crate) fn set(&mut self, name: &str, value: Value) -> Result<(), Diag> {
        if name.starts_with('.') {
            return Err(Diag::bug(format!("The private name {name:?} is reserved for the framework")));
        }
        self.0.insert(name.to_owned(), value);
        Ok(())
    }

    /// Returns the id of the object that the planned one replaces. Set only between the two halves of a plan.
    pub(crate) fn replaced(&self) -> Option<&str> {
        self.0.get(REPLACED_NAME)?.as_str()
    }

    pub(crate) fn set_replaced(&mut self, id: &str) {
        self.0.insert(REPLACED_NAME.to_owned(), id.into());
    }

    /// Removes what only the plan needs, and the mark of an import: an apply changes what the import found. `kept` are
    /// the attributes whose imported value the apply leaves in the state.
    pub(crate) fn begin_apply(&mut self, kept: &[&str]) {
        self.0.remove(REPLACED_NAME);
        self.0.remove(IMPORTED_NAME);
        if kept.is_empty() {
            self.0.remove(KEPT_NAME);
        } else {
            self.0.insert(KEPT_NAME.to_owned(), kept.into());
        }
    }

    pub(crate) fn remove(&mut self, name: &str) {
        if !name.starts_with('.') {
            self.0.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_values_survive_a_round_trip_and_foreign_bytes_are_dropped() {
        let mut private = Private::default();
        assert!(private.to_bytes().is_empty());
        private.set("etag", Value::from("7")).unwrap();
        assert!(private.set(".version", Value::from(2)).is_err());
        let again = Private::from_bytes(&private.to_bytes());
        assert_eq!(again.get("etag"), Some(&Value::from("7")));
        assert_eq!(again.get(".version"), None);
        let cases: &[&[u8]] =
            &[b"", b"null", b"\xff", b"{\"etag\":\"7\"}", b"{\".version\":2,\"etag\":\"7\"}"];
        for foreign in cases {
            assert_eq!(Private::from_bytes(foreign), Private::default(), "{foreign:?}");
        }
    }
}
