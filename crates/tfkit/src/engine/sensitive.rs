//! Sensitive values of an object.

use crate::schema::{Attribute, Nesting, Shape};
use crate::value::Dyn;

/// Returns all strings and numbers of the sensitive and write-only attributes of these objects.
pub(super) fn values(attributes: &[Attribute], objects: &[&Dyn]) -> Vec<String> {
    let mut found = Vec::new();
    for object in objects {
        in_object(attributes, object, &mut found);
    }
    found
}

fn in_object(attributes: &[Attribute], object: &Dyn, found: &mut Vec<String>) {
    let Dyn::Map(members) = object else { return };
    for attribute in attributes {
        let Some(value) = members.get(attribute.name) else { continue };
        if attribute.sensitive || attribute.write_only {
            texts(value, found);
        } else if let Shape::Nested(nesting, attributes) = &attribute.shape {
            match (nesting, value) {
                (Nesting::Single, value) => in_object(attributes, value, found),
                (_, Dyn::List(elements)) => elements.iter().for_each(|one| in_object(attributes, one, found)),
                (_, Dyn::Map(members)) => members.values().for_each(|one| in_object(attributes, one, found)),
                _ => {}
            }
        }
    }
}

fn texts(value: &Dyn, found: &mut Vec<String>) {
    match value {
        Dyn::String(text) => found.push(text.clone()),
        Dyn::Number(number) => found.push(number.to_string()),
        Dyn::List(elements) => elements.iter().for_each(|element| texts(element, found)),
        Dyn::Map(members) => members.values().for_each(|member| texts(member, found)),
        Dyn::Typed(typed) => texts(&typed.1, found),
        Dyn::Null | Dyn::Unknown | Dyn::Bool(_) => {}
    }
}
