//! Timestamps, as the servers write them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A timestamp, kept as the string that the server sent.
///
/// Servers differ in precision and in the offset (`2025-01-02T03:04:05.678901`, with or without `Z`), and no offset
/// means UTC. The string is kept because it is stored in Terraform's state, where another spelling would be a
/// difference.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Timestamp(String);

impl Timestamp {
    /// Wraps a string in the format of a server.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
