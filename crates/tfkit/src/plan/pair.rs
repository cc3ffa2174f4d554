//! Pairing configured elements with elements of the state.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::assignment::Assignment;
use super::candidates::{Candidates, Form, Rules};
use super::canonical::{canonical_object, canonical_value};
use super::same::means_the_same;
use crate::schema::{Attribute, Nesting, Shape, Who};
use crate::value::Dyn;

/// Returns whether an element of the state may result from the configured element: both are equal except for values
/// that the configuration does not set.
pub(super) fn correlates(attributes: &[Attribute], prior: &Dyn, config: &Dyn) -> bool {
    let (Dyn::Map(prior), Dyn::Map(config)) = (prior, config) else {
        return prior == config && prior.wholly_known();
    };
    attributes.iter().all(|attribute| {
        attribute.write_only
            || attribute_correlates(attribute, member(prior, attribute), member(config, attribute))
    })
}

fn member<'a>(object: &'a BTreeMap<String, Dyn>, attribute: &Attribute) -> &'a Dyn {
    object.get(attribute.name).unwrap_or(&Dyn::Null)
}

fn attribute_correlates(attribute: &Attribute, prior: &Dyn, config: &Dyn) -> bool {
    if attribute.who.is_computed() && config.is_null() {
        return true;
    }
    match (&attribute.shape, prior, config) {
        (Shape::Nested(Nesting::Single, attributes), prior @ Dyn::Map(_), config @ Dyn::Map(_)) => {
            correlates(attributes, prior, config)
        }
        (Shape::Nested(Nesting::List, attributes), Dyn::List(prior), Dyn::List(config)) => {
            prior.len() == config.len()
                && prior.iter().zip(config).all(|(prior, config)| correlates(attributes, prior, config))
        }
        (Shape::Nested(Nesting::Map, attributes), Dyn::Map(prior), Dyn::Map(config)) => {
            prior.len() == config.len()
                && prior.iter().all(|(key, prior)| {
                    config.get(key).is_some_and(|config| correlates(attributes, prior, config))
                })
        }
        (Shape::Nested(Nesting::Set, attributes), Dyn::List(prior), Dyn::List(config)) => {
            let places = continued_in_set(attributes, prior, config);
            let used: BTreeSet<usize> = places.iter().flatten().copied().collect();
            used.len() == prior.len() && !places.contains(&None)
        }
        (Shape::Plain(ty), prior, config) => {
            means_the_same(attribute.same, ty, prior, config) && config.wholly_known()
        }
        (Shape::Nested(..), prior, config) => prior == config && config.wholly_known(),
    }
}

/// Returns, for every configured element of a set, the position of the element of the state that it continues, with
/// as many pairs as possible. Elements that set more values choose first, so that a completely specified one does not
/// lose its counterpart to one that matches any. `filled` are the configured elements with their defaults: one of the
/// state with the default is a better match than one in which somebody has changed it.
fn matching(attributes: &[Attribute], prior: &[Dyn], config: &[Dyn], filled: &[Dyn]) -> Vec<Option<usize>> {
    let mut order: Vec<usize> = (0..config.len()).collect();
    order.sort_by_key(|&place| left_to_others(attributes, &config[place]));
    let all: Vec<&Dyn> = prior.iter().collect();
    let mut assignment = Assignment::new(config.len(), prior.len());
    for wanted in [filled, config] {
        let candidates = Candidates::find(Form::Object(attributes), CONTINUED, wanted, &all);
        let fits = |one: usize, other: usize| correlates(attributes, &prior[other], &wanted[one]);
        assignment.grow(order.iter().copied(), &candidates, fits);
        if filled == config {
            break;
        }
    }
    assignment.into_places()
}

/// A configured element and one of the state, as [`correlates`] compares them.
const CONTINUED: Rules = Rules {
    is_hole: |attribute, config| attribute.write_only || (attribute.who.is_computed() && config.is_null()),
    by_meaning: true,
    unknown_fits: false,
};

pub(super) fn left_to_others(attributes: &[Attribute], config: &Dyn) -> usize {
    let is_left =
        |attribute: &&Attribute| attribute.who.is_computed() && config.attribute(attribute.name).is_null();
    attributes.iter().filter(is_left).count()
}

/// Returns, for every configured element of a list, the position of the element of the state that it continues: the
/// one with the same key. Without keys, the one at the same position if it correlates, else one that moved; a changed
/// element continues none.
pub(super) fn continued_in_list(
    attributes: &[Attribute],
    prior: &[Dyn],
    config: &[Dyn],
) -> Vec<Option<usize>> {
    if has_keys(attributes) {
        return with_same_key(attributes, prior, config);
    }
    let stays =
        |place: usize| prior.get(place).is_some_and(|prior| correlates(attributes, prior, &config[place]));
    let mut places: Vec<Option<usize>> =
        (0..config.len()).map(|place| stays(place).then_some(place)).collect();
    let (moved, moved_config): (Vec<usize>, Vec<Dyn>) = (0..config.len())
        .filter(|&place| places[place].is_none())
        .map(|place| (place, config[place].clone()))
        .unzip();
    let (free, free_prior): (Vec<usize>, Vec<Dyn>) = (0..prior.len())
        .filter(|&place| places.get(place).is_none_or(Option::is_none))
        .map(|place| (place, prior[place].clone()))
        .unzip();
    let moved_filled: Vec<Dyn> =
        moved_config.iter().map(|config| with_defaults(attributes, config)).collect();
    let found = matching(attributes, &free_prior, &moved_config, &moved_filled);
    for (place, found) in moved.into_iter().zip(found) {
        places[place] = found.map(|found| free[found]);
    }
    places
}

/// Returns, for every configured element of a set, the position of the element of the state that it continues.
/// Elements with the same meaning may have become one element on the server, which all of them continue.
pub(super) fn continued_in_set(
    attributes: &[Attribute],
    prior: &[Dyn],
    config: &[Dyn],
) -> Vec<Option<usize>> {
    let filled: Vec<Dyn> = config.iter().map(|config| with_defaults(attributes, config)).collect();
    let mut places = if has_keys(attributes) {
        with_same_key(attributes, prior, config)
    } else {
        matching(attributes, prior, config, &filled)
    };
    if places.contains(&None) {
        let leaders = leaders(attributes, &filled);
        let mut of_group = vec![None; config.len()];
        for (place, leader) in leaders.iter().enumerate() {
            of_group[*leader] = of_group[*leader].or(places[place]);
        }
        for (place, leader) in leaders.into_iter().enumerate() {
            places[place] = places[place].or(of_group[leader]);
        }
    }
    places
}

/// Returns, for every configured element of a set, the first one with its meaning.
fn leaders(attributes: &[Attribute], filled: &[Dyn]) -> Vec<usize> {
    let mut known: BTreeMap<Dyn, usize> = BTreeMap::new();
    let of_element = |(place, filled): (usize, &Dyn)| {
        if filled.wholly_known() {
            *known.entry(canonical_object(attributes, filled)).or_insert(place)
        } else {
            place
        }
    };
    filled.iter().enumerate().map(of_element).collect()
}

/// Returns a configured object with its defaults.
fn with_defaults(attributes: &[Attribute], config: &Dyn) -> Dyn {
    let Dyn::Map(members) = config else { return config.clone() };
    let object = |attributes: &[Attribute], config: &Dyn| with_defaults(attributes, config);
    let filled = attributes.iter().map(|attribute| {
        let config = members.get(attribute.name).unwrap_or(&Dyn::Null);
        let value = match (&attribute.who, &attribute.shape, config) {
            (Who::Default(default), _, Dyn::Null) => default.clone(),
            (_, Shape::Nested(Nesting::Single, attributes), config) => object(attributes, config),
            (_, Shape::Nested(nesting, attributes), Dyn::List(elements)) => {
                let elements = elements.iter().map(|element| object(attributes, element));
                if *nesting == Nesting::Set { Dyn::set(elements) } else { Dyn::list(elements) }
            }
            (_, Shape::Nested(_, attributes), Dyn::Map(elements)) => {
                Dyn::map(elements.iter().map(|(key, element)| (key.clone(), object(attributes, element))))
            }
            (_, _, config) => config.clone(),
        };
        (attribute.name, value)
    });
    Dyn::map(filled)
}

fn has_keys(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.key)
}

/// Pairs elements by their key attributes. An element whose key is not known yet continues none.
fn with_same_key(attributes: &[Attribute], prior: &[Dyn], config: &[Dyn]) -> Vec<Option<usize>> {
    let keys: Vec<&Attribute> = attributes.iter().filter(|attribute| attribute.key).collect();
    let key = |element: &Dyn| -> Vec<Dyn> {
        let canonical =
            |attribute: &&Attribute| canonical_value(attribute, element.attribute(attribute.name));
        keys.iter().map(canonical).collect()
    };
    let mut free: BTreeMap<Vec<Dyn>, VecDeque<usize>> = BTreeMap::new();
    for (place, prior) in prior.iter().enumerate() {
        free.entry(key(prior)).or_default().push_back(place);
    }
    let take = |config: &Dyn| {
        let wanted = key(config);
        let is_known = wanted.iter().all(Dyn::wholly_known);
        free.get_mut(&wanted).filter(|_| is_known).and_then(VecDeque::pop_front)
    };
    config.iter().map(take).collect()
}
