//! What an attribute is and who may set it.

use crate::value::{Dyn, Type};

/// The schema of a resource, data source or provider block. Attributes only: nested attributes do all that
/// blocks do, and can be computed, sensitive and null.
#[derive(Clone, Debug)]
pub struct Schema {
    /// Version of the state's shape.
    pub version: i64,
    /// What it is for, in Markdown.
    pub description: String,
    /// Why it should not be used any more, and what to use instead.
    pub deprecated: Option<&'static str>,
    /// In the order of declaration.
    pub attributes: Vec<Attribute>,
}

/// One attribute.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// Its name in configurations.
    pub name: &'static str,
    /// What it means, in Markdown.
    pub description: String,
    /// The form of its value.
    pub shape: Shape,
    /// Who sets its value.
    pub who: Who,
    /// Hidden in the output of the host; stored in the state in clear.
    pub sensitive: bool,
    /// Read from the configuration only: never in a plan or a state.
    pub write_only: bool,
    /// Why it should not be used any more, and what to use instead.
    pub deprecated: Option<&'static str>,
    /// Changing it replaces the object.
    pub replace: bool,
    /// Its computed value never changes once it is known, so that an update keeps it known.
    pub stable: bool,
}

/// The form of an attribute's value.
#[derive(Clone, Debug)]
pub enum Shape {
    /// A value of a type.
    Plain(Type),
    /// One or more objects with attributes of their own.
    Nested(Nesting, Vec<Attribute>),
}

/// How objects nest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nesting {
    /// One object.
    Single,
    /// Objects in order.
    List,
    /// Objects without order.
    Set,
    /// Objects by key.
    Map,
}

/// Who sets an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Who {
    /// The user, always.
    Required,
    /// The user, or nobody: null means absent, and clears.
    Optional,
    /// The user, or somebody else whom we leave alone: null means hands off.
    IfSet,
    /// The user, else this value.
    Default(Dyn),
    /// The user, else the server.
    Server,
    /// The server only.
    Computed,
}
