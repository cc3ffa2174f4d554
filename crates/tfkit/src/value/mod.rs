//! Values as Terraform sees them: each is null, unknown or known.

mod number;
mod path;
mod ty;

use std::collections::BTreeMap;

pub use number::Number;
pub use path::{Path, Step};
pub use ty::Type;

/// A value of any type. What it means (a list, a set or a tuple; a map or an object) is said by the [`Type`]
/// that it is read or written with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dyn {
    /// Absent.
    Null,
    /// To be decided at apply. Refinements are read and dropped: we promise nothing about a value to come.
    Unknown,
    /// A boolean.
    Bool(bool),
    /// A number, exact.
    Number(Number),
    /// A string, NFC-normalized.
    String(String),
    /// A list, a tuple, or a set (sorted and without duplicates).
    List(Vec<Dyn>),
    /// A map or an object; an object holds every attribute, null where it is unset.
    Map(BTreeMap<String, Dyn>),
    /// A value whose type travels with it, for attributes of type [`Type::Dynamic`].
    Typed(Box<(Type, Dyn)>),
}
