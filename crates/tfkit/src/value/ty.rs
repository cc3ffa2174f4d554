//! Type constraints.

use std::collections::BTreeMap;

/// The type of a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Type {
    /// `bool`.
    Bool,
    /// `number`, of any size and precision.
    Number,
    /// `string`.
    String,
    /// `dynamic`: each value brings its own type.
    Dynamic,
    /// A sequence of elements of one type.
    List(Box<Type>),
    /// Unordered elements of one type, without duplicates.
    Set(Box<Type>),
    /// String keys to elements of one type.
    Map(Box<Type>),
    /// Named attributes, each of its own type.
    Object(BTreeMap<String, Type>),
    /// A fixed sequence of elements, each of its own type.
    Tuple(Vec<Type>),
}
