//! Typed names of attributes.

use std::fmt;
use std::marker::PhantomData;

use crate::value::{Path, Step};

/// An attribute of the model `M` whose field has the type `F`, such as `Team::NAME`.
pub struct Token<M, F> {
    name: &'static str,
    place: PhantomData<fn() -> (M, F)>,
}

impl<M, F> Token<M, F> {
    /// Creates a token. Called by the derive macro.
    pub const fn new(name: &'static str) -> Self {
        Self { name, place: PhantomData }
    }

    /// Returns the attribute's name in configurations.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// Returns its path from the root of its object.
    pub fn path(self) -> Path {
        Path(vec![Step::Attribute(self.name.to_owned())])
    }

    /// Returns the path of a value inside it: an attribute of a nested object, an element of a list or map.
    pub fn then(self, step: impl Into<Place>) -> Path {
        let mut path = self.path();
        path.0.extend(step.into().0);
        path
    }
}

impl<M, F> Clone for Token<M, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, F> Copy for Token<M, F> {}

impl<M, F> fmt::Debug for Token<M, F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}

impl<M, F> fmt::Display for Token<M, F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}

impl<M, F> From<Token<M, F>> for Path {
    fn from(token: Token<M, F>) -> Self {
        token.path()
    }
}

/// Steps below an attribute, for [`Token::then`]: a token of the nested object, a map key or a list index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place(Vec<Step>);

impl<M, F> From<Token<M, F>> for Place {
    fn from(token: Token<M, F>) -> Self {
        Self(token.path().0)
    }
}

impl From<&str> for Place {
    fn from(key: &str) -> Self {
        Self(vec![Step::Key(key.to_owned())])
    }
}

impl From<u64> for Place {
    fn from(index: u64) -> Self {
        Self(vec![Step::Index(index)])
    }
}

impl From<Path> for Place {
    fn from(path: Path) -> Self {
        Self(path.0)
    }
}
