//! Absent blocks.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::schema::{Attribute, Block, Nesting, Shape};
use crate::value::Dyn;

/// Replaces null with what the host expects of an absent block, at any depth: an empty list, set or map, or for a group
/// an object without values. A single block stays null. An author may omit blocks, and so does a state that was written
/// before the block existed.
pub fn complete_blocks(attributes: &[Attribute], object: &mut Dyn) {
    let Dyn::Map(members) = object else { return };
    for attribute in attributes {
        let (Some(block), Shape::Nested(nesting, inner)) = (attribute.block, &attribute.shape) else {
            continue;
        };
        let Some(value) = members.get_mut(attribute.name) else { continue };
        if value.is_null() {
            *value = absent(block, *nesting, inner);
        }
        match (nesting, value) {
            (Nesting::Single, value) => complete_blocks(inner, value),
            (_, Dyn::List(elements)) => {
                for element in elements {
                    complete_blocks(inner, element);
                }
            }
            (_, Dyn::Map(elements)) => {
                for element in elements.values_mut() {
                    complete_blocks(inner, element);
                }
            }
            _ => {}
        }
    }
}

/// Returns whether an attribute is not set, or no such block is written.
pub(crate) fn is_absent(attribute: &Attribute, value: &Dyn) -> bool {
    let Some(block) = attribute.block else { return value.is_null() };
    match (&attribute.shape, value) {
        (_, Dyn::Null) => true,
        (_, Dyn::List(blocks)) => blocks.is_empty(),
        (Shape::Nested(Nesting::Map, _), Dyn::Map(blocks)) => blocks.is_empty(),
        (Shape::Nested(_, inner), group @ Dyn::Map(_)) => {
            block.is_group && inner.iter().all(|one| is_absent(one, group.attribute(one.name)))
        }
        _ => false,
    }
}

/// Returns an object in which absent blocks are null, as absent attributes are.
pub(crate) fn without_absent<'a>(attributes: &[Attribute], object: &'a Dyn) -> Cow<'a, Dyn> {
    let mut object = Cow::Borrowed(object);
    for attribute in attributes.iter().filter(|attribute| attribute.block.is_some()) {
        if is_absent(attribute, object.attribute(attribute.name))
            && let Dyn::Map(members) = object.to_mut()
        {
            members.insert(attribute.name.to_owned(), Dyn::Null);
        }
    }
    object
}

fn absent(block: Block, nesting: Nesting, inner: &[Attribute]) -> Dyn {
    match nesting {
        Nesting::Single if block.is_group => Dyn::map(inner.iter().map(|one| (one.name, Dyn::Null))),
        Nesting::Single => Dyn::Null,
        Nesting::List | Nesting::Set => Dyn::List(Vec::new()),
        Nesting::Map => Dyn::Map(BTreeMap::new()),
    }
}
