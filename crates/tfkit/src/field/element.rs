//! Values that may be null inside a collection.

use super::{Misfit, Value};
use crate::value::Dyn;

/// An element of a list, set or map, or the content of a computed attribute: `T`, or `Option<T>` if it can be null.
pub trait Element: Sized + Clone + Send + Sync + 'static {
    /// The value when it is not null.
    type Value: Value;

    /// Whether it can be null.
    const NULLABLE: bool;

    /// Reads it.
    fn from_dyn(value: &Dyn) -> Result<Self, Misfit>;

    /// Writes it.
    fn to_dyn(&self) -> Dyn;

    /// The value, unless it is null.
    fn value(&self) -> Option<&Self::Value>;
}

impl<T: Value> Element for T {
    type Value = T;

    const NULLABLE: bool = false;

    fn from_dyn(value: &Dyn) -> Result<Self, Misfit> {
        match value {
            Dyn::Null => Err(Misfit::new("must have a value, but is not set").in_plan()),
            Dyn::Unknown => Err(Misfit::new("must be known here")),
            _ => T::from_known(value),
        }
    }

    fn to_dyn(&self) -> Dyn {
        self.to_known()
    }

    fn value(&self) -> Option<&T> {
        Some(self)
    }
}

impl<T: Value> Element for Option<T> {
    type Value = T;

    const NULLABLE: bool = true;

    fn from_dyn(value: &Dyn) -> Result<Self, Misfit> {
        match value {
            Dyn::Null => Ok(None),
            Dyn::Unknown => Err(Misfit::new("must be known here")),
            _ => T::from_known(value).map(Some),
        }
    }

    fn to_dyn(&self) -> Dyn {
        self.as_ref().map_or(Dyn::Null, Value::to_known)
    }

    fn value(&self) -> Option<&T> {
        self.as_ref()
    }
}
