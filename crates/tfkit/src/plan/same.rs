//! Rules for different values with the same meaning.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::value::{Dyn, Number, Type, json};

/// A function that returns the canonical form of a value. Two values have the same meaning if their canonical forms
/// are equal, so that a set of many elements is compared without comparing each with each.
///
/// It gets whole values of an attribute, and elements of a collection. They are known, and may be null. It must
/// return an equal form for the canonical form itself. Nobody ever sees a canonical form: it need not have the type
/// of the attribute.
///
/// If two values have the same meaning, the earlier spelling is kept: a plan keeps that of the state, a read keeps
/// that of the user.
///
/// ```
/// use std::borrow::Cow;
/// use tfkit::Dyn;
///
/// /// Ignores a final slash, as in addresses.
/// fn address(value: &Dyn) -> Cow<'_, Dyn> {
///     match value.as_str() {
///         Some(text) => Cow::Owned(Dyn::string(text.trim_end_matches('/'))),
///         None => Cow::Borrowed(value),
///     }
/// }
/// assert_eq!(address(&"https://a.example/".into()), address(&"https://a.example".into()));
/// ```
pub type Same = for<'a> fn(&'a Dyn) -> Cow<'a, Dyn>;

/// Treats null, an empty string and an empty collection as the same.
pub fn empty_is_null(value: &Dyn) -> Cow<'_, Dyn> {
    let is_empty = match value.untyped() {
        Dyn::Null => true,
        Dyn::String(text) => text.is_empty(),
        Dyn::List(elements) => elements.is_empty(),
        Dyn::Map(elements) => elements.is_empty(),
        _ => false,
    };
    if is_empty { Cow::Owned(Dyn::Null) } else { Cow::Borrowed(value) }
}

/// Ignores case, as in e-mail addresses.
pub fn ignoring_case(value: &Dyn) -> Cow<'_, Dyn> {
    match value.as_str() {
        Some(text) => Cow::Owned(Dyn::string(text.to_lowercase())),
        None => Cow::Borrowed(value),
    }
}

/// Ignores slashes at the end, as in addresses and paths.
pub fn ignoring_trailing_slash(value: &Dyn) -> Cow<'_, Dyn> {
    match value.as_str() {
        Some(text) => Cow::Owned(Dyn::string(text.trim_end_matches('/'))),
        None => Cow::Borrowed(value),
    }
}

/// Ignores white space at both ends, as servers that trim names do, and as a text block of the configuration adds.
pub fn ignoring_white_space_around(value: &Dyn) -> Cow<'_, Dyn> {
    match value.as_str() {
        Some(text) => Cow::Owned(Dyn::string(text.trim())),
        None => Cow::Borrowed(value),
    }
}

/// Compares strings as durations with units: `"90s"` equals `"1m30s"`.
pub fn duration_text(value: &Dyn) -> Cow<'_, Dyn> {
    parsed(value, |text| {
        let nanoseconds = go_duration::parse_go_duration(text.trim()).ok()?.nanoseconds();
        Some(Dyn::from(nanoseconds))
    })
}

/// Compares strings as JSON: white space and the order of members do not matter, and `1.0` equals `1`.
pub fn json_text(value: &Dyn) -> Cow<'_, Dyn> {
    parsed(value, |text| json::parse(text.as_bytes()).ok())
}

/// Compares strings as scalars: `"true"` equals `"True"`, and `"1.0"` equals `"1"`. Strings that are neither are
/// compared as JSON.
pub fn scalar_text(value: &Dyn) -> Cow<'_, Dyn> {
    parsed(value, scalar)
}

/// Returns what a string contains: a boolean in any case, a number, or JSON; `None` if it is just a string.
pub fn scalar(text: &str) -> Option<Dyn> {
    if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") {
        return Some(Dyn::Bool(text.eq_ignore_ascii_case("true")));
    }
    let number = text.parse::<Number>().map(Dyn::Number);
    number.ok().or_else(|| json::parse(text.as_bytes()).ok())
}

/// Replaces a string by its content. A list of one marks the content: the string `"a"` in quotes is not the string
/// `a`, and the content of `null` is not null.
fn parsed(value: &Dyn, parse: impl FnOnce(&str) -> Option<Dyn>) -> Cow<'_, Dyn> {
    match value.as_str().and_then(parse) {
        Some(content) => Cow::Owned(Dyn::list([content])),
        None => Cow::Borrowed(value),
    }
}

/// Ignores the types of dynamic values: a list, a set and a tuple with the same elements are the same, and so are a map
/// and an object.
pub fn ignoring_types(value: &Dyn) -> Cow<'_, Dyn> {
    Cow::Owned(value.without_types())
}

/// Compares numbers as 64-bit floats: two numbers with the same nearest float are the same.
pub fn float_64(value: &Dyn) -> Cow<'_, Dyn> {
    nearest::<f64>(value)
}

/// Compares numbers as 32-bit floats: two numbers with the same nearest float are the same.
pub fn float_32(value: &Dyn) -> Cow<'_, Dyn> {
    nearest::<f32>(value)
}

fn nearest<F: FromStr + Default + fmt::LowerExp>(value: &Dyn) -> Cow<'_, Dyn> {
    match value.as_number() {
        Some(number) => Cow::Owned(Dyn::Number(Number::shortest(number.nearest::<F>()))),
        None => Cow::Borrowed(value),
    }
}

/// Returns whether two values of a type have the same meaning: as a whole, or element by element.
pub(crate) fn means_the_same(same: Option<Same>, ty: &Type, one: &Dyn, other: &Dyn) -> bool {
    one == other
        || same.is_some_and(|same| {
            one.wholly_known()
                && other.wholly_known()
                && canonical(same, ty, one) == canonical(same, ty, other)
        })
}

/// Returns the canonical form of a known value of a type, and of the elements in it.
pub(crate) fn canonical<'a>(same: Same, ty: &Type, value: &'a Dyn) -> Cow<'a, Dyn> {
    let whole = same(value);
    let in_order = |element: &Type, elements: &[Dyn]| -> Vec<Dyn> {
        elements.iter().map(|value| canonical(same, element, value).into_owned()).collect()
    };
    match (ty, &*whole) {
        (Type::Set(element), Dyn::List(elements)) => Cow::Owned(Dyn::set(in_order(element, elements))),
        (Type::List(element), Dyn::List(elements)) => Cow::Owned(Dyn::List(in_order(element, elements))),
        (Type::Map(element), Dyn::Map(elements)) => {
            let elements = elements.iter();
            Cow::Owned(Dyn::map(elements.map(|(key, value)| {
                let value = canonical(same, element, value).into_owned();
                (key.as_str(), value)
            })))
        }
        _ => whole,
    }
}
