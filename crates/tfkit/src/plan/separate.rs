//! Elements of nested sets that have become equal, because one sets what is the default of another.
//!
//! The host counts the elements of a planned set, and rejects a plan with fewer elements than configured. It does
//! accept a result with fewer elements, if elements of the plan that contain unknown values have become equal.

use std::collections::BTreeSet;

use super::pair::{correlates, left_to_others};
use crate::schema::{Attribute, Nesting, Shape, Who};
use crate::value::Dyn;

/// Returns whether elements of a set may have become equal: there are fewer than configured.
pub(super) fn may_unite(attributes: &[Attribute], config: &Dyn, planned: &Dyn) -> bool {
    attributes.iter().any(|attribute| {
        let Shape::Nested(nesting, attributes) = &attribute.shape else { return false };
        match (nesting, config.attribute(attribute.name), planned.attribute(attribute.name)) {
            (Nesting::Single, config, planned) => may_unite(attributes, config, planned),
            // Elements of sets have no address, so that the sets in them cannot be compared.
            (Nesting::Set, Dyn::List(config), Dyn::List(planned)) => {
                config.len() != planned.len() || has_sets(attributes)
            }
            (_, Dyn::List(config), Dyn::List(planned)) => {
                config.iter().zip(planned).any(|(config, planned)| may_unite(attributes, config, planned))
            }
            (_, Dyn::Map(config), Dyn::Map(planned)) => config
                .iter()
                .any(|(key, config)| planned.get(key).is_some_and(|it| may_unite(attributes, config, it))),
            _ => false,
        }
    })
}

/// Returns whether there is a nested set, at any depth.
fn has_sets(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.shape {
        Shape::Nested(nesting, attributes) => *nesting == Nesting::Set || has_sets(attributes),
        Shape::Plain(_) => false,
    })
}

/// Returns the planned elements of a set, as many as configured: in an element that equals another one, defaults are
/// unknown.
pub(super) fn separate(attributes: &[Attribute], config: &[Dyn], planned: Vec<Dyn>) -> Dyn {
    let mut order: Vec<usize> = (0..planned.len()).collect();
    order.sort_by_key(|&place| left_to_others(attributes, &config[place]));
    let mut kept = BTreeSet::new();
    let mut apart = planned;
    for place in order {
        let element = &mut apart[place];
        if !element.wholly_known() || kept.insert(element.clone()) {
            continue;
        }
        open_defaults(attributes, &config[place], element);
    }
    Dyn::set(apart)
}

fn open_defaults(attributes: &[Attribute], config: &Dyn, planned: &mut Dyn) {
    let (Dyn::Map(config), Dyn::Map(planned)) = (config, planned) else { return };
    for attribute in attributes {
        let (Some(config), Some(planned)) = (config.get(attribute.name), planned.get_mut(attribute.name))
        else {
            continue;
        };
        match (&attribute.shape, config, planned) {
            (_, Dyn::Null, planned) if matches!(attribute.who, Who::Default(_)) => *planned = Dyn::Unknown,
            (Shape::Nested(Nesting::Single, attributes), config, planned) => {
                open_defaults(attributes, config, planned);
            }
            (Shape::Nested(Nesting::Set, attributes), Dyn::List(config), Dyn::List(planned)) => {
                for config in config {
                    let fits = |planned: &&mut Dyn| correlates(attributes, planned, config);
                    if let Some(planned) = planned.iter_mut().find(fits) {
                        open_defaults(attributes, config, planned);
                    }
                }
            }
            (Shape::Nested(_, attributes), Dyn::List(config), Dyn::List(planned)) => {
                for (config, planned) in config.iter().zip(planned) {
                    open_defaults(attributes, config, planned);
                }
            }
            (Shape::Nested(_, attributes), Dyn::Map(config), Dyn::Map(planned)) => {
                for (key, planned) in planned {
                    if let Some(config) = config.get(key) {
                        open_defaults(attributes, config, planned);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Unites the elements that [`for_host`](super::for_host) keeps apart: defaults that it made unknown are known again.
pub fn merge(attributes: &[Attribute], planned: &mut Dyn) {
    let Dyn::Map(members) = planned else { return };
    for attribute in attributes {
        let Some(value) = members.get_mut(attribute.name) else { continue };
        if let (Who::Default(default), Dyn::Unknown) = (&attribute.who, &*value) {
            value.clone_from(default);
        }
        let Shape::Nested(nesting, attributes) = &attribute.shape else { continue };
        match (nesting, value) {
            (Nesting::Single, value) => merge(attributes, value),
            (Nesting::Set, Dyn::List(elements)) => {
                for element in elements.iter_mut() {
                    merge(attributes, element);
                }
                if let Dyn::List(united) = Dyn::set(std::mem::take(elements)) {
                    *elements = united;
                }
            }
            (_, Dyn::List(elements)) => elements.iter_mut().for_each(|element| merge(attributes, element)),
            (_, Dyn::Map(elements)) => elements.values_mut().for_each(|element| merge(attributes, element)),
            _ => {}
        }
    }
}
