//! The envelope that all objects of a workspace share.

use serde::{Deserialize, Serialize};

use crate::workspace::user::User;

/// An object of a workspace.
///
/// `body` is present if the caller can read the object. For a nested object that the caller cannot read, the server
/// sends a *stub*: `permission_denied` is true, and everything except the id and the name is null.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(bound(
    deserialize = "I: Deserialize<'de>, B: Deserialize<'de>, M: Deserialize<'de>, R: Deserialize<'de>"
))]
pub struct Object<I, B, M, R> {
    /// Identifier inside the workspace.
    pub id: I,
    /// Name; the scope in which it must be unique depends on the noun.
    pub name: String,
    /// Whether this is a stub of an object that the caller cannot read.
    #[serde(default)]
    pub permission_denied: bool,
    /// Fields that lists also contain.
    #[serde(default)]
    pub body: Option<B>,
    /// Fields of single reads, creates and updates; of lists only with `hydrate=true`.
    #[serde(default)]
    pub metadata: Option<M>,
    /// Related objects.
    #[serde(default)]
    pub resources: Option<R>,
}

impl<I, B, M, R> Object<I, B, M, R> {
    /// Creates a stub: the visible part of a nested object that the caller cannot read.
    pub fn stub(id: I, name: String) -> Self {
        Self { id, name, permission_denied: true, body: None, metadata: None, resources: None }
    }
}

/// The related object that most nouns have: the creator.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Owned {
    /// The owner; null for objects of the server.
    #[serde(default)]
    pub user: Option<User>,
}

/// The query of a read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Look {
    /// Whether to include `metadata`; the server's default is true.
    pub hydrate: Option<bool>,
}
