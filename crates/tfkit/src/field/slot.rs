//! Attributes whose value may come from the server.

use std::fmt;
use std::marker::PhantomData;

use super::{Element, Field, FromServer, Misfit, Value, WithoutDefault};
use crate::diag::Diag;
use crate::schema::Who;
use crate::value::Dyn;

/// A read-only attribute: unknown in a plan, set by the server at apply.
pub type Computed<E> = Slot<E, ByServer>;

/// An attribute that the user may set; otherwise the server sets it.
pub type OrServer<E> = Slot<E, ByUserOrServer>;

/// Who fills a [`Slot`].
pub trait Setter: Send + Sync + 'static {
    /// The corresponding value in the schema.
    const WHO: Who;

    /// Whether the user may fill it.
    const BY_USER: bool;
}

/// Only the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByServer {}

/// The user, else the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByUserOrServer {}

impl Setter for ByServer {
    const WHO: Who = Who::Computed;
    const BY_USER: bool = false;
}

impl Setter for ByUserOrServer {
    const WHO: Who = Who::Server;
    const BY_USER: bool = true;
}

/// A place for a value that is not known until the server sets it. It may be [unknown](Slot::unknown) in the input of
/// an operation, and must be filled in its result.
pub struct Slot<E, S> {
    content: Content<E>,
    setter: PhantomData<fn() -> S>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Content<E> {
    Unknown,
    /// Null, if `E` cannot be null itself, as in a state that was written before the attribute existed.
    Null,
    Filled(E),
}

impl<E, S> Slot<E, S> {
    /// Creates a filled slot.
    pub const fn known(value: E) -> Self {
        Self { content: Content::Filled(value), setter: PhantomData }
    }

    /// Creates a slot that the server fills later.
    pub const fn unknown() -> Self {
        Self { content: Content::Unknown, setter: PhantomData }
    }

    /// Creates a slot without a value.
    pub const fn null() -> Self {
        Self { content: Content::Null, setter: PhantomData }
    }

    /// Returns the value, if there is one.
    pub fn as_ref(&self) -> Option<&E> {
        match &self.content {
            Content::Filled(value) => Some(value),
            Content::Unknown | Content::Null => None,
        }
    }

    /// Returns the value, if there is one.
    pub fn into_option(self) -> Option<E> {
        match self.content {
            Content::Filled(value) => Some(value),
            Content::Unknown | Content::Null => None,
        }
    }

    /// Returns the value of an existing object. An error means that the state lacks a value that every state of this
    /// type has, which is a bug in the provider.
    pub fn get(&self) -> Result<&E, Diag> {
        self.as_ref().ok_or_else(|| {
            Diag::bug("A value that the server sets is missing from the state")
                .trace(format!("type: {}", std::any::type_name::<E>()))
        })
    }

    /// Returns whether the server fills it later.
    pub fn is_unknown(&self) -> bool {
        matches!(self.content, Content::Unknown)
    }

    /// Returns the planned value if it is known, else the prior one: the result of an update that sends nothing.
    #[must_use]
    pub fn or_prior(self, prior: Self) -> Self {
        if self.is_unknown() { prior } else { self }
    }

    /// Returns this value if there is one, else the other: the user's value takes precedence over the server's.
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
            // An element that can be null reads the null itself; any other stores it next to the value.
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

/// A value that the user may set can be null in any state: the server has none.
impl<E: Element, S: Setter> FromServer for Slot<E, S> {
    const NULLABLE: bool = E::NULLABLE || S::BY_USER;
}

impl<T: Value, S: Setter> Slot<T, S> {
    /// Converts an optional value of the server: `None` becomes null.
    pub fn from_option(value: Option<T>) -> Self {
        value.map_or_else(Self::null, Self::known)
    }
}
