//! Values that are only in the configuration, never in a plan or a state.

use std::collections::BTreeMap;

use crate::schema::{Attribute, Nesting, Shape};
use crate::value::{Dyn, Path};

/// Sets every write-only value to null, at any depth: neither a plan nor a state may contain one.
pub fn hide_write_only(attributes: &[Attribute], value: &mut Dyn) {
    if let Dyn::Map(object) = value {
        hide_in_object(attributes, object);
    }
}

fn hide_in_object(attributes: &[Attribute], object: &mut BTreeMap<String, Dyn>) {
    for attribute in attributes {
        let Some(value) = object.get_mut(attribute.name) else { continue };
        if attribute.write_only {
            *value = Dyn::Null;
            continue;
        }
        match (&attribute.shape, value) {
            (Shape::Nested(Nesting::Single, attributes), value) => hide_write_only(attributes, value),
            (Shape::Nested(_, attributes), Dyn::List(elements)) => {
                for element in elements {
                    hide_write_only(attributes, element);
                }
            }
            (Shape::Nested(_, attributes), Dyn::Map(elements)) => {
                for element in elements.values_mut() {
                    hide_write_only(attributes, element);
                }
            }
            _ => {}
        }
    }
}

/// Returns the path of the first write-only attribute with a value, at any depth.
pub(super) fn stored_write_only(attributes: &[Attribute], object: &Dyn, at: &Path) -> Option<Path> {
    attributes.iter().find_map(|attribute| {
        let value = object.attribute(attribute.name);
        let at = at.clone().attr(attribute.name);
        match (&attribute.shape, value) {
            _ if attribute.write_only => (!value.is_null()).then_some(at),
            (Shape::Nested(Nesting::Single, attributes), value) => stored_write_only(attributes, value, &at),
            (Shape::Nested(_, attributes), Dyn::List(elements)) => {
                elements.iter().enumerate().find_map(|(index, element)| {
                    stored_in_element(attributes, element, &at.clone().index(index))
                })
            }
            (Shape::Nested(_, attributes), Dyn::Map(elements)) => elements
                .iter()
                .find_map(|(key, element)| stored_in_element(attributes, element, &at.clone().key(key))),
            _ => None,
        }
    })
}

/// As for an object. The attributes of an unknown element are unknown, which is not null.
fn stored_in_element(attributes: &[Attribute], element: &Dyn, at: &Path) -> Option<Path> {
    if element.is_unknown() {
        let attribute = attributes.iter().find(|attribute| attribute.write_only)?;
        return Some(at.clone().attr(attribute.name));
    }
    stored_write_only(attributes, element, at)
}

/// Adds the write-only values of the configuration to its plan, at any depth, for the author to apply. Elements of
/// sets have none.
pub fn show_write_only(attributes: &[Attribute], config: &Dyn, mut planned: Dyn) -> Dyn {
    show(attributes, config, &mut planned);
    planned
}

fn show(attributes: &[Attribute], config: &Dyn, planned: &mut Dyn) {
    let (Dyn::Map(config), Dyn::Map(planned)) = (config, planned) else { return };
    for attribute in attributes {
        let Some(config) = config.get(attribute.name) else { continue };
        if attribute.write_only {
            planned.insert(attribute.name.to_owned(), config.clone());
            continue;
        }
        let Some(planned) = planned.get_mut(attribute.name) else { continue };
        match (&attribute.shape, config, planned) {
            (Shape::Nested(Nesting::Single, attributes), config, planned) => {
                show(attributes, config, planned);
            }
            (Shape::Nested(Nesting::List, attributes), Dyn::List(config), Dyn::List(planned)) => {
                config.iter().zip(planned).for_each(|(config, planned)| show(attributes, config, planned));
            }
            (Shape::Nested(Nesting::Map, attributes), Dyn::Map(config), Dyn::Map(planned)) => {
                for (key, planned) in planned {
                    show(attributes, config.get(key).unwrap_or(&Dyn::Null), planned);
                }
            }
            _ => {}
        }
    }
}
