//! Values of Terraform: each is null, unknown or known.

mod conform;
mod dynamic;
mod error;
pub mod json;
pub mod msgpack;
mod number;
mod path;
mod show;
mod ty;

use std::borrow::Cow;
use std::collections::BTreeMap;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

pub use conform::{Objects, conform};
pub use error::{DecodeError, DecodeProblem, EncodeError, EncodeProblem};
pub use number::{Number, NumberError};
pub use path::{Path, Step};
pub(crate) use show::{Shown, Whole};
pub use ty::{Type, TypeError};

/// A value of any type. Its meaning (a list, a set or a tuple; a map or an object) depends on the [`Type`] that it is
/// read or written with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dyn {
    /// Absent.
    Null,
    /// Decided at apply. Refinements are read and dropped: this framework makes no promises about unknown values.
    Unknown,
    /// A boolean.
    Bool(bool),
    /// A number, exact.
    Number(Number),
    /// A string, NFC-normalized.
    String(String),
    /// A list, a tuple, or a set (sorted and without duplicates).
    List(Vec<Dyn>),
    /// A map or an object. An object contains every attribute; unset ones are null.
    Map(BTreeMap<String, Dyn>),
    /// A value together with its type, for attributes of type [`Type::Dynamic`].
    Typed(Box<(Type, Dyn)>),
}

impl Dyn {
    /// Creates a string, NFC-normalized as the host requires.
    pub fn string(text: impl Into<String>) -> Self {
        Self::String(normalized(text.into()))
    }

    /// Creates a list or tuple.
    pub fn list(elements: impl IntoIterator<Item = Self>) -> Self {
        Self::List(elements.into_iter().collect())
    }

    /// Creates a set: sorted and without duplicates. Elements that contain unknowns are all kept, because they may
    /// become different elements.
    pub fn set(elements: impl IntoIterator<Item = Self>) -> Self {
        let mut elements: Vec<Self> = elements.into_iter().collect();
        elements.sort();
        elements.dedup_by(|one, other| one == other && one.wholly_known());
        Self::List(elements)
    }

    /// Creates a map or object.
    pub fn map<K: Into<String>>(elements: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Map(elements.into_iter().map(|(key, value)| (normalized(key.into()), value)).collect())
    }

    /// Creates a value together with its type, for attributes of type [`Type::Dynamic`].
    pub fn typed(ty: Type, value: Self) -> Self {
        Self::Typed(Box::new((ty, value)))
    }

    /// Returns the value without its type, if it has one.
    pub fn untyped(&self) -> &Self {
        match self {
            Self::Typed(typed) => typed.1.untyped(),
            other => other,
        }
    }

    /// Returns whether it is null, with or without a type.
    pub fn is_null(&self) -> bool {
        matches!(self.untyped(), Self::Null)
    }

    /// Returns whether it is unknown, with or without a type. False for a known value that contains unknowns.
    pub fn is_unknown(&self) -> bool {
        matches!(self.untyped(), Self::Unknown)
    }

    /// Returns whether neither the value nor anything inside it is unknown.
    pub fn wholly_known(&self) -> bool {
        match self {
            Self::Unknown => false,
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => true,
            Self::List(elements) => elements.iter().all(Self::wholly_known),
            Self::Map(elements) => elements.values().all(Self::wholly_known),
            Self::Typed(typed) => typed.1.wholly_known(),
        }
    }

    /// Returns the string, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self.untyped() {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// A boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self.untyped() {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// A number.
    pub fn as_number(&self) -> Option<&Number> {
        match self.untyped() {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }

    /// Returns the elements of a list, set or tuple.
    pub fn as_list(&self) -> Option<&[Self]> {
        match self.untyped() {
            Self::List(elements) => Some(elements),
            _ => None,
        }
    }

    /// Returns the elements of a map or object.
    pub fn as_map(&self) -> Option<&BTreeMap<String, Self>> {
        match self.untyped() {
            Self::Map(elements) => Some(elements),
            _ => None,
        }
    }

    /// Returns the value of an attribute, or null if this is not an object with this attribute.
    pub fn attribute(&self, name: &str) -> &Self {
        self.as_map().and_then(|attributes| attributes.get(name)).unwrap_or(&Self::Null)
    }

    /// Returns the value at a path; `None` if the path leads through a null, an unknown or past an end.
    pub fn get(&self, path: &Path) -> Option<&Self> {
        path.steps().iter().try_fold(self, Self::inner)
    }

    /// Returns the value one step further; `None` where [`Dyn::get`] returns `None`.
    pub(crate) fn inner(&self, step: &Step) -> Option<&Self> {
        match (self.untyped(), step) {
            (Self::Map(elements), Step::Attribute(name) | Step::Key(name)) => elements.get(name),
            (Self::List(elements), Step::Index(index)) => elements.get(usize::try_from(*index).ok()?),
            _ => None,
        }
    }

    /// Returns the value at a path, to change it; `None` where [`Dyn::get`] returns `None`.
    pub fn get_mut(&mut self, path: &Path) -> Option<&mut Self> {
        path.steps().iter().try_fold(self, |value, step| match (value.untyped_mut(), step) {
            (Self::Map(elements), Step::Attribute(name) | Step::Key(name)) => elements.get_mut(name),
            (Self::List(elements), Step::Index(index)) => elements.get_mut(usize::try_from(*index).ok()?),
            _ => None,
        })
    }

    /// Sets the value at a path. The last step may be a new attribute or key. Returns false and changes nothing if
    /// the path leads through a null, an unknown or past an end.
    pub fn set_at(&mut self, path: &Path, value: Self) -> bool {
        let Some((last, way)) = path.steps().split_last() else {
            *self = value;
            return true;
        };
        let parent = self.get_mut(&way.iter().cloned().collect()).map(Self::untyped_mut);
        match (parent, last) {
            (Some(Self::Map(elements)), Step::Attribute(name) | Step::Key(name)) => {
                elements.insert(name.clone(), value);
                true
            }
            (Some(Self::List(elements)), Step::Index(index)) => {
                let place = usize::try_from(*index).ok().and_then(|index| elements.get_mut(index));
                place.map(|place| *place = value).is_some()
            }
            _ => false,
        }
    }

    /// Visits this value and all values inside it, parents first.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Self)) {
        visit(self);
        match self {
            Self::List(elements) => elements.iter().for_each(|element| element.walk(visit)),
            Self::Map(elements) => elements.values().for_each(|element| element.walk(visit)),
            Self::Typed(typed) => typed.1.walk(visit),
            Self::Null | Self::Unknown | Self::Bool(_) | Self::Number(_) | Self::String(_) => {}
        }
    }

    fn untyped_mut(&mut self) -> &mut Self {
        match self {
            Self::Typed(typed) => typed.1.untyped_mut(),
            other => other,
        }
    }

    /// Returns the name of this kind of value in messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Unknown => "an unknown value",
            Self::Bool(_) => "a bool",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
            Self::Typed(_) => "a value with a type",
        }
    }
}

impl From<bool> for Dyn {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Dyn {
    fn from(value: i64) -> Self {
        Self::Number(value.into())
    }
}

impl From<&str> for Dyn {
    fn from(text: &str) -> Self {
        Self::string(text)
    }
}

impl From<String> for Dyn {
    fn from(text: String) -> Self {
        Self::string(text)
    }
}

/// Returns the elements of a set in the order and number in which [`Dyn::set`] stores them.
fn set_elements(elements: &[Dyn]) -> Vec<&Dyn> {
    let mut sorted: Vec<&Dyn> = elements.iter().collect();
    sorted.sort();
    sorted.dedup_by(|one, other| one == other && one.wholly_known());
    sorted
}

/// Returns the NFC form of a string. Nearly every string is already normalized.
fn normalized(text: String) -> String {
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => text,
        _ => text.nfc().collect(),
    }
}

fn normalized_str(text: &str) -> Cow<'_, str> {
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => Cow::Borrowed(text),
        _ => Cow::Owned(text.nfc().collect()),
    }
}
