//! The host's own merge of state and configuration.

use std::collections::BTreeMap;

use crate::schema::{Attribute, Nesting, Shape, Who};
use crate::value::{Dyn, Type};

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
            let mut unused: Vec<&Dyn> = prior.as_list().unwrap_or_default().iter().collect();
            // The host orders nulls last.
            unused.sort_by_key(|prior| prior.is_null());
            Dyn::set(config.iter().map(|config| {
                let place = unused.iter().position(|prior| may_continue(attributes, prior, config));
                let prior = place.map_or(&Dyn::Null, |place| unused.remove(place));
                proposed_new(attributes, prior, config)
            }))
        }
        (_, config) => config.clone(),
    }
}

/// Returns whether the host takes an element of the state for an earlier form of a configured element: it differs only
/// in computed values that are not configured. Sets inside must be equal, even computed ones.
fn may_continue(attributes: &[Attribute], prior: &Dyn, config: &Dyn) -> bool {
    if prior == config {
        return true;
    }
    match (prior, config) {
        // The host finds no difference in what the state does not have.
        (Dyn::Null, _) => true,
        (_, Dyn::Map(_) | Dyn::Unknown) => attributes.iter().all(|attribute| {
            let config = if config.is_unknown() { config } else { config.attribute(attribute.name) };
            value_may_continue(attribute, prior.attribute(attribute.name), config)
        }),
        _ => false,
    }
}

fn value_may_continue(attribute: &Attribute, prior: &Dyn, config: &Dyn) -> bool {
    if prior == config {
        return true;
    }
    match (&attribute.shape, prior) {
        (Shape::Plain(Type::Set(_)) | Shape::Nested(Nesting::Set, _), _) => false,
        (Shape::Plain(_), _) => attribute.who.is_computed() && config.is_null(),
        (Shape::Nested(Nesting::List, attributes), Dyn::List(prior)) => match config {
            Dyn::List(config) => prior.iter().enumerate().all(|(index, prior)| {
                config.get(index).is_some_and(|it| may_continue(attributes, prior, it))
            }),
            config => {
                prior.iter().all(|prior| config.is_unknown() && may_continue(attributes, prior, config))
            }
        },
        (Shape::Nested(Nesting::Map, attributes), Dyn::Map(prior)) => match config {
            Dyn::Map(config) => prior
                .iter()
                .all(|(key, prior)| config.get(key).is_some_and(|it| may_continue(attributes, prior, it))),
            config => {
                prior.values().all(|prior| config.is_unknown() && may_continue(attributes, prior, config))
            }
        },
        (Shape::Nested(_, attributes), prior) => may_continue(attributes, prior, config),
    }
}

/// Returns whether a nested value contains something that only a user can have set.
fn holds_configured(nesting: Nesting, attributes: &[Attribute], value: &Dyn) -> bool {
    match (nesting, value) {
        (Nesting::Single, Dyn::Map(object)) => attributes.iter().any(|attribute| {
            let value = object.get(attribute.name).unwrap_or(&Dyn::Null);
            match &attribute.shape {
                _ if value.is_null() => false,
                _ if !attribute.who.is_computed() => true,
                Shape::Nested(nesting, attributes) => holds_configured(*nesting, attributes, value),
                Shape::Plain(_) => false,
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
