//! Field types, which determine who sets an attribute.
//!
//! Three traits build on each other. A [`Value`] is known and not null; it has a shape. An [`Element`] is a value
//! or an `Option` of one, so that lists and maps can hold nulls. A [`Field`] adds who sets it:
//!
//! | type | meaning |
//! |---|---|
//! | `T` | required |
//! | `Option<T>` | optional; null means not set, and clears the value |
//! | [`IfSet<T>`] | optional; null means not managed: neither refreshed nor sent |
//! | [`OrDefault<T>`] | optional and computed with a default; always has a value at apply |
//! | [`OrServer<T>`] | optional and computed; the server sets it if omitted |
//! | [`Computed<T>`], `Computed<Option<T>>` | read-only, unknown until applied |
//!
//! A [`Twin`] is a field of three attributes: a secret that is either stored or write-only.

mod attribute;
mod block;
mod collection;
mod element;
mod enumeration;
mod facts;
mod fields;
mod misfit;
mod number;
mod secret;
mod set;
mod slot;
mod twin;
mod value;
mod word;

use std::ops::{Deref, DerefMut};

pub use block::Blocks;
pub use element::Element;
pub use enumeration::Enum;
pub use facts::Facts;
pub use fields::{Fields, Misfits};
pub use misfit::Misfit;
pub use secret::Secret;
pub use set::Set;
pub use slot::{ByServer, ByUserOrServer, Computed, OrServer, Setter, Slot};
pub use twin::{Names, Twin, Twinned, rules};
pub use value::Value;
pub use word::{read_word, word_facts};

use crate::schema::Who;
use crate::value::Dyn;

/// An attribute's value together with who sets it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the type of an attribute",
    note = "use a value type (implement `tfkit::field::Value`, or derive `Object` for a nested object), alone or \
     inside Option, IfSet, OrDefault, OrServer or Computed; `Twin` requires `#[attr(twin)]`"
)]
pub trait Field: Sized + Clone + Send + Sync + 'static {
    /// The value when it is known and not null.
    type Value: Value;

    /// Returns who sets it. [`OrDefault`] gets its default from the declaration of the model.
    fn who() -> Who;

    /// Reads it from a state, a plan or a configuration.
    fn from_dyn(value: &Dyn) -> Result<Self, Misfit>;

    /// Writes it.
    fn to_dyn(&self) -> Dyn;

    /// Returns the value, if there is one.
    fn value(&self) -> Option<&Self::Value>;
}

/// Fields without a default: all but [`OrDefault`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the type of an attribute without a default",
    label = "`OrDefault<…>` requires `#[attr(default = …)]`; without a default, use a value type alone or inside \
     Option, IfSet, OrServer or Computed"
)]
pub trait WithoutDefault: Field {}

/// Fields with a default: only [`OrDefault`].
#[diagnostic::on_unimplemented(
    message = "an attribute of type `{Self}` cannot have a default",
    label = "`#[attr(default = …)]` requires the field type `OrDefault<…>`"
)]
pub trait WithDefault: Field {}

/// Fields that may get their value from the server: [`Computed`] and [`OrServer`].
#[diagnostic::on_unimplemented(
    message = "an attribute of type `{Self}` cannot be `stable` and cannot have `depends`",
    label = "only values from the server follow from others: `Computed<…>` or `OrServer<…>`"
)]
pub trait FromServer: Field {
    /// Whether null is a value of the server.
    const NULLABLE: bool;
}

/// Fields that only the user sets: all but [`Computed`] and [`OrServer`].
#[diagnostic::on_unimplemented(
    message = "an attribute of type `{Self}` cannot be `local`",
    label = "a value from the server cannot be local"
)]
pub trait FromUser: Field {}

impl<T: Value> Field for T {
    type Value = T;

    fn who() -> Who {
        Who::Required
    }

    fn from_dyn(value: &Dyn) -> Result<Self, Misfit> {
        Element::from_dyn(value)
    }

    fn to_dyn(&self) -> Dyn {
        self.to_known()
    }

    fn value(&self) -> Option<&T> {
        Some(self)
    }
}

impl<T: Value> WithoutDefault for T {}
impl<T: Value> FromUser for T {}

impl<T: Value> Field for Option<T> {
    type Value = T;

    fn who() -> Who {
        Who::Optional
    }

    fn from_dyn(value: &Dyn) -> Result<Self, Misfit> {
        Element::from_dyn(value)
    }

    fn to_dyn(&self) -> Dyn {
        Element::to_dyn(self)
    }

    fn value(&self) -> Option<&T> {
        self.as_ref()
    }
}

impl<T: Value> WithoutDefault for Option<T> {}
impl<T: Value> FromUser for Option<T> {}

/// An optional attribute that is not managed while the configuration does not set it: the engine neither refreshes it
/// nor plans a change for it, and the author does not send it. The value that an import finds stays in the state of a
/// resource, up to date, until the configuration sets the attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IfSet<T>(pub Option<T>);

impl<T> Default for IfSet<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> From<T> for IfSet<T> {
    fn from(value: T) -> Self {
        Self(Some(value))
    }
}

impl<T> IfSet<T> {
    /// Returns the value if the configuration manages it.
    pub fn as_ref(&self) -> Option<&T> {
        self.0.as_ref()
    }
}

impl<T: Value> Field for IfSet<T> {
    type Value = T;

    fn who() -> Who {
        Who::IfSet
    }

    fn from_dyn(value: &Dyn) -> Result<Self, Misfit> {
        Element::from_dyn(value).map(Self)
    }

    fn to_dyn(&self) -> Dyn {
        Element::to_dyn(&self.0)
    }

    fn value(&self) -> Option<&T> {
        self.0.as_ref()
    }
}

impl<T: Value> WithoutDefault for IfSet<T> {}
impl<T: Value> FromUser for IfSet<T> {}

/// An optional attribute with a default, `#[attr(default = …)]`. It is always known in the plan. A state that was
/// written before the attribute existed reads as the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrDefault<T>(pub T);

impl<T> From<T> for OrDefault<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T> Deref for OrDefault<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for OrDefault<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Value> Field for OrDefault<T> {
    type Value = T;

    fn who() -> Who {
        // The declaration of the attribute inserts the default here.
        Who::Default(Dyn::Null)
    }

    fn from_dyn(value: &Dyn) -> Result<Self, Misfit> {
        Element::from_dyn(value).map(Self)
    }

    fn to_dyn(&self) -> Dyn {
        self.0.to_known()
    }

    fn value(&self) -> Option<&T> {
        Some(&self.0)
    }
}

impl<T: Value> WithDefault for OrDefault<T> {}
impl<T: Value> FromUser for OrDefault<T> {}
