//! Objects whose values may not be known yet.

use std::fmt;
use std::marker::PhantomData;

use super::{Model, Token};
use crate::diag::Diag;
use crate::field::{Field, Misfit, Value};
use crate::value::{Dyn, Path};

/// A value while planning: unknown, null or known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Maybe<T> {
    /// To be decided at apply, wholly or in part.
    Unknown,
    /// Absent.
    Null,
    /// Known.
    Known(T),
}

impl<T> Maybe<T> {
    /// The value, if it is known and not null.
    pub fn known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown | Self::Null => None,
        }
    }

    /// The same with another value where it is known.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Maybe<U> {
        match self {
            Self::Unknown => Maybe::Unknown,
            Self::Null => Maybe::Null,
            Self::Known(value) => Maybe::Known(change(value)),
        }
    }

    /// Whether it is to be decided at apply.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    /// Whether it is absent; an unknown value is not.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The value or its absence, once that is decided; an unknown value gives `None`.
    pub fn decided(self) -> Option<Option<T>> {
        match self {
            Self::Unknown => None,
            Self::Null => Some(None),
            Self::Known(value) => Some(Some(value)),
        }
    }
}

/// A configuration or a plan of the model `M`, read by typed tokens because its values may be unknown.
pub struct Partial<M> {
    object: Dyn,
    model: PhantomData<fn() -> M>,
}

impl<M> Clone for Partial<M> {
    fn clone(&self) -> Self {
        Self::new(self.object.clone())
    }
}

/// The object may hold secrets.
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

    /// The value of an attribute. A collection or an object with an unknown part is unknown as a whole;
    /// [`dyn_of`](Self::dyn_of) shows the parts. A known value that does not fit its type is unknown too: that
    /// was an error before anything is asked here.
    pub fn get<F: Field>(&self, token: Token<M, F>) -> Maybe<F::Value> {
        let value = self.dyn_of(token);
        match value {
            Dyn::Null => Maybe::Null,
            _ if !value.wholly_known() => Maybe::Unknown,
            _ => F::Value::from_known(value).map_or(Maybe::Unknown, Maybe::Known),
        }
    }

    /// The value of an attribute as it is, with unknown parts.
    pub fn dyn_of<F>(&self, token: Token<M, F>) -> &Dyn {
        if self.object.is_unknown() { &Dyn::Unknown } else { self.object.attribute(token.name()) }
    }

    /// The whole object.
    pub fn object(&self) -> &Dyn {
        &self.object
    }

    pub(crate) fn object_mut(&mut self) -> &mut Dyn {
        &mut self.object
    }

    /// Whether there is no object, as in the configuration of a deletion.
    pub fn is_null(&self) -> bool {
        self.object == Dyn::Null
    }

    /// Attributes of the root that are unknown, wholly or in part.
    pub fn unknown(&self) -> Vec<Path> {
        let Dyn::Map(attributes) = &self.object else { return Vec::new() };
        let unknown = attributes.iter().filter(|(_, value)| !value.wholly_known());
        unknown.map(|(name, _)| Path::from(name.as_str())).collect()
    }
}

impl<M: Model> Partial<M> {
    /// The model, once everything that it needs is known.
    pub fn model(&self) -> Result<M, Diag> {
        M::from_object(&self.object).map_err(Misfit::into_diag)
    }
}
