//! Attributes whose value may come from the server.

use std::fmt;
use std::marker::PhantomData;

use super::{Element, Field, FromServer, Misfit, Value, WithoutDefault};
use crate::diag::Diag;
use crate::schema::Who;
use crate::value::Dyn;

/// A read-only attribute: unknown in a plan, set by the server at apply.
pub type Computed<E> = Slot<E, ByServer>;

/// An attribute that the user may set, and that the server fills otherwise.
pub type OrServer<E> = Slot<E, ByUserOrServer>;

/// Says who fills a [`Slot`].
pub trait Setter: Send + Sync + 'static {
    /// The schema's word for it.
    const WHO: Who;
}

/// Only the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByServer {}

/// The user, else the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByUserOrServer {}

impl Setter for ByServer {
    const WHO: Who = Who::Computed;
}

impl Setter for ByUserOrServer {
    const WHO: Who = Who::Server;
}

/// A place for a value that is not known until the server gave it. In what an operation receives it may be
/// [unknown](Slot::unknown); in what a successful operation returns it must be filled.
pub struct Slot<E, S> {
    content: Content<E>,
    setter: PhantomData<fn() -> S>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Content<E> {
    Unknown,
    /// Null where `E` has no null of its own, as in a state that was written before the attribute existed.
    Null,
    Filled(E),
}

impl<E, S> Slot<E, S> {
    /// A filled slot.
    pub const fn known(value: E) -> Self {
        Self { content: Content::Filled(value), setter: PhantomData }
    }

    /// A slot that the server has yet to fill.
    pub const fn unknown() -> Self {
        Self { content: Content::Unknown, setter: PhantomData }
    }

    /// A slot that has no value and will get none.
    pub const fn null() -> Self {
        Self { content: Content::Null, setter: PhantomData }
    }

    /// The value, where there is one.
    pub fn as_ref(&self) -> Option<&E> {
        match &self.content {
            Content::Filled(value) => Some(value),
            Content::Unknown | Content::Null => None,
        }
    }

    /// The value, where there is one.
    pub fn into_option(self) -> Option<E> {
        match self.content {
            Content::Filled(value) => Some(value),
            Content::Unknown | Content::Null => None,
        }
    }

    /// The value of an object that exists. An error means that the state lacks what every state of this type
    /// has: the provider's mistake, not the user's.
    pub fn get(&self) -> Result<&E, Diag> {
        self.as_ref().ok_or_else(|| {
            Diag::bug("A value that the server sets is missing from the state")
                .trace(format!("type: {}", std::any::type_name::<E>()))
        })
    }

    /// Whether the server has yet to fill it.
    pub fn is_unknown(&self) -> bool {
        matches!(self.content, Content::Unknown)
    }

    /// What was planned where the plan knows it, else what was there before: the outcome of an update that had
    /// nothing to send.
    #[must_use]
    pub fn or_prior(self, prior: Self) -> Self {
        if self.is_unknown() { prior } else { self }
    }

    /// Keeps a value that is there, else takes another: the user's choice before the server's.
    #[must_use]
    pub fn or(self, other: impl FnOnce() -> E) -> Self {
        match self.content {
            Content::Filled(_) => self,
            Content::Unknown | Content::Null => Self::known(other()),
        }
    }
}

impl<E, S> From<E> for Slot<E, S> {
    fn from(value: E) -> Self {
        Self::known(value)
    }
}

impl<E, S> Default for Slot<E, S> {
    fn default() -> Self {
        Self::unknown()
    }
}

impl<E: Clone, S> Clone for Slot<E, S> {
    fn clone(&self) -> Self {
        Self { content: self.content.clone(), setter: PhantomData }
    }
}

impl<E: PartialEq, S> PartialEq for Slot<E, S> {
    fn eq(&self, other: &Self) -> bool {
        self.content == other.content
    }
}

impl<E: Eq, S> Eq for Slot<E, S> {}

impl<E: fmt::Debug, S> fmt::Debug for Slot<E, S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.content {
            Content::Unknown => formatter.write_str("Unknown"),
            Content::Null => formatter.write_str("Null"),
            Content::Filled(value) => value.fmt(formatter),
        }
    }
}

impl<E: Element, S: Setter> Field for Slot<E, S> {
    type Value = E::Value;

    fn who() -> Who {
        S::WHO
    }

    fn from_dyn(value: &Dyn) -> Result<Self, Misfit> {
        match value {
            Dyn::Unknown => Ok(Self::unknown()),
            // An element with a null of its own reads it; any other keeps the null beside it.
            Dyn::Null => Ok(E::from_dyn(value).map_or_else(|_| Self::null(), Self::known)),
            _ => E::from_dyn(value).map(Self::known),
        }
    }

    fn to_dyn(&self) -> Dyn {
        match &self.content {
            Content::Unknown => Dyn::Unknown,
            Content::Null => Dyn::Null,
            Content::Filled(value) => value.to_dyn(),
        }
    }

    fn value(&self) -> Option<&E::Value> {
        self.as_ref().and_then(Element::value)
    }
}

impl<E: Element, S: Setter> WithoutDefault for Slot<E, S> {}
impl<E: Element, S: Setter> FromServer for Slot<E, S> {}

impl<T: Value, S: Setter> Slot<T, S> {
    /// What an optional answer of the server means: null where it has none.
    pub fn from_option(value: Option<T>) -> Self {
        value.map_or_else(Self::null, Self::known)
    }
}
