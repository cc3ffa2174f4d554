//! Values that are known and not null.

use super::{Facts, Misfit};
use crate::plan::same;
use crate::schema::Shape;
use crate::value::{Dyn, Type};

/// A known value of a plain or nested shape.
///
/// A provider implements it for its own newtypes, so that an invalid string is reported at its attribute during
/// validation and cannot reach a request:
///
/// ```
/// use tfkit::field::{Misfit, Value};
/// use tfkit::{Dyn, Shape};
///
/// #[derive(Clone, Debug, PartialEq)]
/// struct Port(u16);
///
/// impl Value for Port {
///     fn shape() -> Shape {
///         u64::shape()
///     }
///     fn from_known(value: &Dyn) -> Result<Self, Misfit> {
///         let number = u64::from_known(value)?;
///         u16::try_from(number).map(Port).map_err(|_| Misfit::new("must be a port from 0 to 65535"))
///     }
///     fn to_known(&self) -> Dyn {
///         u64::from(self.0).to_known()
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a value of an attribute",
    note = "implement `tfkit::field::Value` for it, or derive `Object` for a nested object; a type of another crate \
     requires a local wrapper"
)]
pub trait Value: Sized + Clone + Send + Sync + 'static {
    /// Whether the host hides it.
    const SENSITIVE: bool = false;

    /// Returns the shape of the value in the schema.
    fn shape() -> Shape;

    /// Returns what the type declares about every attribute with such a value, such as the words that it may be.
    fn facts() -> Facts {
        Facts::default()
    }

    /// Reads a value that is neither null nor unknown. Parts of it may be.
    fn from_known(value: &Dyn) -> Result<Self, Misfit>;

    /// Writes the value.
    fn to_known(&self) -> Dyn;

    /// Returns the misfits of a value in a configuration. Unknown parts are ignored. `value` itself is neither null
    /// nor unknown.
    fn misfits(value: &Dyn) -> Vec<Misfit> {
        if !value.wholly_known() {
            return Vec::new();
        }
        Self::from_known(value).err().into_iter().collect()
    }
}

impl Value for String {
    fn shape() -> Shape {
        Shape::Plain(Type::String)
    }

    fn from_known(value: &Dyn) -> Result<Self, Misfit> {
        match value {
            Dyn::String(text) => Ok(text.clone()),
            _ => Err(Misfit::new("must be a string")),
        }
    }

    fn to_known(&self) -> Dyn {
        Dyn::string(self)
    }
}

impl Value for bool {
    fn shape() -> Shape {
        Shape::Plain(Type::Bool)
    }

    fn from_known(value: &Dyn) -> Result<Self, Misfit> {
        match value {
            Dyn::Bool(flag) => Ok(*flag),
            _ => Err(Misfit::new("must be true or false")),
        }
    }

    fn to_known(&self) -> Dyn {
        Dyn::Bool(*self)
    }
}

/// A value of any type, for attributes whose type the user chooses: at the root, or in single nested objects. Each
/// value is a [`Dyn::Typed`]; [`Dyn::dynamic`] adds the type to one that has none.
///
/// Two values that differ only in their types, such as a list and a tuple with the same elements, are the same value:
/// a server that stores JSON does not know the types, and the user's type stays in the state.
impl Value for Dyn {
    fn shape() -> Shape {
        Shape::Plain(Type::Dynamic)
    }

    fn facts() -> Facts {
        Facts { same: Some(same::ignoring_types), ..Facts::default() }
    }

    fn from_known(value: &Dyn) -> Result<Self, Misfit> {
        Ok(value.clone())
    }

    fn to_known(&self) -> Dyn {
        self.clone()
    }
}
