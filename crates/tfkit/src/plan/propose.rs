//! The host's own merge of state and configuration.

use std::collections::BTreeMap;

use super::pair::first_unused;
use crate::schema::{Attribute, Nesting, Shape, Who};
use crate::value::Dyn;

/// Returns the new state that the host proposes before it asks the provider: the configuration, with the state's
/// values for computed attributes that are not configured. Null for a deletion.
///
/// For tests and the in-process harness, which simulate the host.
pub fn proposed_new(attributes: &[Attribute], prior: &Dyn, config: &Dyn) -> Dyn {
    let Dyn::Map(configured) = config else {
        return config.clone();
    };
    let proposed = attributes.iter().map(|attribute| {
        let config = configured.get(attribute.name).unwrap_or(&Dyn::Null);
        (attribute.name.to_owned(), proposed_value(attribute, prior.attribute(attribute.name), config))
    });
    Dyn::Map(proposed.collect::<BTreeMap<_, _>>())
}

fn proposed_value(attribute: &Attribute, prior: &Dyn, config: &Dyn) -> Dyn {
    let Shape::Nested(nesting, attributes) = &attribute.shape else {
        let left_to_others = attribute.who.is_computed() && config.is_null();
        return if left_to_others { prior.clone() } else { config.clone() };
    };
    if config.is_null() {
        let removed_by_user = attribute.who != Who::Computed && holds_configured(*nesting, attributes, prior);
        let keeps = attribute.who.is_computed() && !removed_by_user;
        return if keeps { prior.clone() } else { config.clone() };
    }
    match (nesting, config) {
        (Nesting::Single, config) => proposed_new(attributes, prior, config),
        (Nesting::Map, Dyn::Map(config)) => {
            let proposed = config
                .iter()
                .map(|(key, config)| (key.clone(), proposed_new(attributes, prior.attribute(key), config)));
            Dyn::Map(proposed.collect::<BTreeMap<_, _>>())
        }
        (Nesting::List, Dyn::List(config)) => {
            let prior = prior.as_list().unwrap_or_default();
            let proposed = config.iter().enumerate().map(|(index, config)| {
                proposed_new(attributes, prior.get(index).unwrap_or(&Dyn::Null), config)
            });
            Dyn::List(proposed.collect())
        }
        (Nesting::Set, Dyn::List(config)) => {
            let prior = prior.as_list().unwrap_or_default();
            let places = first_unused(attributes, prior, config);
            let proposed = config.iter().zip(places).map(|(config, place)| {
                proposed_new(attributes, place.map_or(&Dyn::Null, |place| &prior[place]), config)
            });
            Dyn::set(proposed)
        }
        (_, config) => config.clone(),
    }
}

/// Returns whether a nested value contains something that only a user can have set.
fn holds_configured(nesting: Nesting, attributes: &[Attribute], value: &Dyn) -> bool {
    match (nesting, value) {
        (Nesting::Single, Dyn::Map(object)) => attributes.iter().any(|attribute| {
            let value = object.get(attribute.name).unwrap_or(&Dyn::Null);
            match &attribute.shape {
                Shape::Nested(nesting, attributes) => holds_configured(*nesting, attributes, value),
                Shape::Plain(_) => !attribute.who.is_computed() && !value.is_null(),
            }
        }),
        (_, Dyn::Map(elements)) => {
            elements.values().any(|element| holds_configured(Nesting::Single, attributes, element))
        }
        (_, Dyn::List(elements)) => {
            elements.iter().any(|element| holds_configured(Nesting::Single, attributes, element))
        }
        _ => false,
    }
}
