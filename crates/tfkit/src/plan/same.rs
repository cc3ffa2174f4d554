//! Rules for different values with the same meaning.

use crate::value::{Dyn, Type, json};

/// A function that returns whether two values have the same meaning. It gets whole values of an attribute, or
/// elements of a collection. Both are known, and may be null.
///
/// If the rule holds, the earlier spelling is kept: a plan keeps that of the state, a read keeps that of the user.
pub type Same = fn(&Dyn, &Dyn) -> bool;

/// Treats null, an empty string and an empty collection as the same.
pub fn empty_is_null(one: &Dyn, other: &Dyn) -> bool {
    let is_empty = |value: &Dyn| match value.untyped() {
        Dyn::Null => true,
        Dyn::String(text) => text.is_empty(),
        Dyn::List(elements) => elements.is_empty(),
        Dyn::Map(elements) => elements.is_empty(),
        _ => false,
    };
    one == other || (is_empty(one) && is_empty(other))
}

/// Ignores case, as in e-mail addresses.
pub fn ignoring_case(one: &Dyn, other: &Dyn) -> bool {
    match (one.as_str(), other.as_str()) {
        (Some(one), Some(other)) => one.to_lowercase() == other.to_lowercase(),
        _ => one == other,
    }
}

/// Compares strings as JSON: white space and the order of members do not matter, and `1.0` equals `1`.
pub fn json_text(one: &Dyn, other: &Dyn) -> bool {
    let parsed = |value: &Dyn| value.as_str().and_then(|text| json::parse(text.as_bytes()).ok());
    one == other || matches!((parsed(one), parsed(other)), (Some(one), Some(other)) if one == other)
}

/// Compares strings as scalars: `"true"` equals `"True"`, and `"1.0"` equals `"1"`.
pub fn scalar_text(one: &Dyn, other: &Dyn) -> bool {
    let (Some(one_text), Some(other_text)) = (one.as_str(), other.as_str()) else {
        return one == other;
    };
    let is_bool = |text: &str| matches!(text.to_ascii_lowercase().as_str(), "true" | "false");
    if is_bool(one_text) || is_bool(other_text) {
        return one_text.eq_ignore_ascii_case(other_text);
    }
    match (one_text.parse::<crate::Number>(), other_text.parse::<crate::Number>()) {
        (Ok(one), Ok(other)) => one == other,
        _ => json_text(one, other),
    }
}

/// Returns whether two values of a type have the same meaning: as a whole, or element by element.
pub(crate) fn means_the_same(same: Option<Same>, ty: &Type, one: &Dyn, other: &Dyn) -> bool {
    if one == other {
        return true;
    }
    let Some(same) = same else { return false };
    if !one.wholly_known() || !other.wholly_known() {
        return false;
    }
    if same(one, other) {
        return true;
    }
    match (one, other, ty) {
        (Dyn::List(ones), Dyn::List(others), Type::Set(element)) => {
            let covers = |ones: &[Dyn], others: &[Dyn]| {
                ones.iter()
                    .all(|one| others.iter().any(|other| means_the_same(Some(same), element, one, other)))
            };
            covers(ones, others) && covers(others, ones)
        }
        (Dyn::List(ones), Dyn::List(others), Type::List(element)) => {
            ones.len() == others.len()
                && ones.iter().zip(others).all(|(one, other)| means_the_same(Some(same), element, one, other))
        }
        (Dyn::Map(ones), Dyn::Map(others), Type::Map(element)) => {
            ones.len() == others.len()
                && ones.iter().all(|(key, one)| {
                    others.get(key).is_some_and(|other| means_the_same(Some(same), element, one, other))
                })
        }
        _ => false,
    }
}
