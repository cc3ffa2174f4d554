//! Points in time, as the servers write them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A point in time, kept as the text that the server sent.
///
/// Servers differ in precision and in the offset (`2025-01-02T03:04:05.678901`, with or without `Z`), and no
/// offset means UTC. The text is kept because it goes into Terraform's state, where a rewritten spelling
/// would be a difference.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Timestamp(String);

impl Timestamp {
    /// Wraps a text that is already in a server's form.
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
