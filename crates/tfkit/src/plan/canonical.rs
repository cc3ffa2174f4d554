//! Canonical forms of objects, by the rules of all their attributes.

use super::same::canonical;
use crate::schema::{Attribute, Nesting, Shape};
use crate::value::Dyn;

/// Returns the canonical form of a value of an attribute, by its own rule and those of the attributes inside it.
pub(super) fn canonical_value(attribute: &Attribute, value: &Dyn) -> Dyn {
    let inside = match (&attribute.shape, value) {
        (Shape::Nested(Nesting::Single, attributes), value) => canonical_object(attributes, value),
        (Shape::Nested(nesting, attributes), Dyn::List(elements)) => {
            let elements = elements.iter().map(|element| canonical_object(attributes, element));
            if *nesting == Nesting::Set { Dyn::set(elements) } else { Dyn::list(elements) }
        }
        (Shape::Nested(_, attributes), Dyn::Map(elements)) => {
            let canonical =
                |(key, element): (&String, _)| (key.clone(), canonical_object(attributes, element));
            Dyn::map(elements.iter().map(canonical))
        }
        (_, value) => value.clone(),
    };
    match attribute.same {
        Some(same) if inside.wholly_known() => canonical(same, &attribute.ty(), &inside).into_owned(),
        _ => inside,
    }
}

/// Returns the canonical form of an object.
pub(super) fn canonical_object(attributes: &[Attribute], value: &Dyn) -> Dyn {
    let Dyn::Map(members) = value else { return value.clone() };
    let canonical = attributes.iter().map(|attribute| {
        let value = members.get(attribute.name).unwrap_or(&Dyn::Null);
        (attribute.name, canonical_value(attribute, value))
    });
    Dyn::map(canonical)
}
