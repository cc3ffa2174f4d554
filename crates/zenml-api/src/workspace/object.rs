//! The envelope that all objects of a workspace share.

use serde::{Deserialize, Serialize};

use crate::workspace::user::User;

/// An object of a workspace.
///
/// `body` is there whenever the caller may read the object. Where a nested object may not be read the server
/// sends a *stub*: `permission_denied` is true and everything but the id and the name is null.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(bound(
    deserialize = "I: Deserialize<'de>, B: Deserialize<'de>, M: Deserialize<'de>, R: Deserialize<'de>"
))]
pub struct Object<I, B, M, R> {
    /// Identifier inside the workspace.
    pub id: I,
    /// Name; what it has to be unique in depends on the noun.
    pub name: String,
    /// Whether this is a stub of an object that the caller may not read.
    #[serde(default)]
    pub permission_denied: bool,
    /// What lists tell too.
    #[serde(default)]
    pub body: Option<B>,
    /// What single reads, creates and updates tell; lists only with `hydrate=true`.
    #[serde(default)]
    pub metadata: Option<M>,
    /// Related objects.
    #[serde(default)]
    pub resources: Option<R>,
}

impl<I, B, M, R> Object<I, B, M, R> {
    /// A stub: what a caller sees of a nested object that it may not read.
    pub fn stub(id: I, name: String) -> Self {
        Self { id, name, permission_denied: true, body: None, metadata: None, resources: None }
    }
}

/// The related object that most nouns have: who made it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Owned {
    /// The owner; null for what belongs to the server.
    #[serde(default)]
    pub user: Option<User>,
}
