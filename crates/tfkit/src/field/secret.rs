//! Sensitive values.

use std::fmt;

use super::{Facts, Misfit, Value};
use crate::schema::Shape;
use crate::value::Dyn;

/// A sensitive value. It has no `Display`, and its `Debug` output is `***`. The schema marks its attribute as
/// sensitive, which hides it in the output of the host. The host still stores it in the state in plain text.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Wraps a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// Returns the value. Call it only where a request is built.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// Returns the value. Call it only where a request is built.
    pub fn into_exposed(self) -> T {
        self.0
    }
}

impl<T> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

impl<T: Value> Value for Secret<T> {
    const SENSITIVE: bool = true;

    fn shape() -> Shape {
        T::shape()
    }

    fn facts() -> Facts {
        T::facts()
    }

    fn from_known(value: &Dyn) -> Result<Self, Misfit> {
        T::from_known(value).map(Self)
    }

    fn to_known(&self) -> Dyn {
        self.0.to_known()
    }

    fn misfits(value: &Dyn) -> Vec<Misfit> {
        T::misfits(value)
    }
}
