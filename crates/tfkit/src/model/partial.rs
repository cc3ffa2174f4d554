//! Objects whose values may not be known yet.

use std::fmt;
use std::marker::PhantomData;

use super::{Model, Spot};
use crate::diag::Diag;
use crate::field::{Field, Misfit, Value};
use crate::value::{Dyn, Path};

/// A value while planning: unknown, null or known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Maybe<T> {
    /// Decided at apply, completely or in part.
    Unknown,
    /// Absent.
    Null,
    /// Known.
    Known(T),
}

impl<T> Maybe<T> {
    /// Returns the value if it is known and not null.
    pub fn known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown | Self::Null => None,
        }
    }

    /// Maps a known value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Maybe<U> {
        match self {
            Self::Unknown => Maybe::Unknown,
            Self::Null => Maybe::Null,
            Self::Known(value) => Maybe::Known(change(value)),
        }
    }

    /// Returns whether it is decided at apply.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    /// Returns whether it is null. An unknown value is not.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Returns the value or null once it is decided; `None` for an unknown value.
    pub fn decided(self) -> Option<Option<T>> {
        match self {
            Self::Unknown => None,
            Self::Null => Some(None),
            Self::Known(value) => Some(Some(value)),
        }
    }
}

/// A configuration or a plan of the model `M`. Read it with typed tokens, because its values may be unknown.
pub struct Partial<M> {
    object: Dyn,
    model: PhantomData<fn() -> M>,
}

impl<M> Clone for Partial<M> {
    fn clone(&self) -> Self {
        Self::new(self.object.clone())
    }
}

/// Hides the object, which may contain secrets.
impl<M> fmt::Debug for Partial<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Partial").finish_non_exhaustive()
    }
}

impl<M> Partial<M> {
    /// Wraps an object of the model's type.
    pub fn new(object: Dyn) -> Self {
        Self { object, model: PhantomData }
    }

    /// Returns the value of an attribute, at any depth: null inside a null object, and unknown inside an unknown one.
    /// A collection or an object with an unknown part is unknown as a whole;
    /// [`dyn_of`](Self::dyn_of) returns the parts. A known value that does not fit its type is also unknown: it was
    /// already reported as an error.
    pub fn get<F: Field>(&self, place: impl Into<Spot<M, F>>) -> Maybe<F::Value> {
        let value = self.dyn_of(place);
        match value {
            Dyn::Null => Maybe::Null,
            _ if !value.wholly_known() => Maybe::Unknown,
            _ => F::Value::from_known(value).map_or(Maybe::Unknown, Maybe::Known),
        }
    }

    /// Returns the value of an attribute as it is, including unknown parts.
    pub fn dyn_of<F>(&self, place: impl Into<Spot<M, F>>) -> &Dyn {
        let path = place.into().path();
        let mut value = &self.object;
        for step in path.steps() {
            if value.is_unknown() {
                return &Dyn::Unknown;
            }
            value = value.inner(step).unwrap_or(&Dyn::Null);
        }
        value
    }

    /// Returns the whole object.
    pub fn object(&self) -> &Dyn {
        &self.object
    }

    pub(crate) fn object_mut(&mut self) -> &mut Dyn {
        &mut self.object
    }

    /// Returns whether there is no object, as in the configuration of a deletion.
    pub fn is_null(&self) -> bool {
        self.object == Dyn::Null
    }

    /// Returns the root attributes that are unknown, completely or in part.
    pub fn unknown(&self) -> Vec<Path> {
        let Dyn::Map(attributes) = &self.object else { return Vec::new() };
        let unknown = attributes.iter().filter(|(_, value)| !value.wholly_known());
        unknown.map(|(name, _)| Path::from(name.as_str())).collect()
    }
}

impl<M: Model> Partial<M> {
    /// Returns the model. Fails unless every value that it needs is known.
    pub fn model(&self) -> Result<M, Diag> {
        M::from_object(&self.object).map_err(Misfit::into_diag)
    }
}
