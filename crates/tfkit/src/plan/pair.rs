//! Pairing configured elements with elements of the state.

use std::collections::BTreeMap;

use super::assignment::Assignment;
use super::candidates::{Candidates, Form, Rules};
use super::same::means_the_same;
use crate::schema::{Attribute, Nesting, Shape};
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
            prior.len() == config.len() && matching(attributes, prior, config).iter().all(Option::is_some)
        }
        (Shape::Plain(ty), prior, config) => {
            means_the_same(attribute.same, ty, prior, config) && config.wholly_known()
        }
        (Shape::Nested(..), prior, config) => prior == config && config.wholly_known(),
    }
}

/// Returns, for every configured element of a set, the position of the element of the state that it continues, with
/// as many pairs as possible. Elements that set more values choose first, so that a completely specified one does not
/// lose its counterpart to one that matches any.
pub(super) fn matching(attributes: &[Attribute], prior: &[Dyn], config: &[Dyn]) -> Vec<Option<usize>> {
    let mut order: Vec<usize> = (0..config.len()).collect();
    order.sort_by_key(|&place| left_to_others(attributes, &config[place]));
    let all: Vec<&Dyn> = prior.iter().collect();
    let candidates = Candidates::find(Form::Object(attributes), CONTINUED, config, &all);
    let fits = |one: usize, other: usize| correlates(attributes, &prior[other], &config[one]);
    let mut assignment = Assignment::new(config.len(), prior.len());
    assignment.grow(order, &candidates, fits);
    assignment.into_places()
}

/// A configured element and one of the state, as [`correlates`] compares them.
const CONTINUED: Rules = Rules {
    is_hole: |attribute, config| attribute.write_only || (attribute.who.is_computed() && config.is_null()),
    by_meaning: true,
    unknown_fits: false,
};

fn left_to_others(attributes: &[Attribute], config: &Dyn) -> usize {
    let is_left =
        |attribute: &&Attribute| attribute.who.is_computed() && config.attribute(attribute.name).is_null();
    attributes.iter().filter(is_left).count()
}

/// Returns, for every configured element of a list, the position of the element of the state that it continues: the
/// one at the same position if it correlates, else one that moved. A changed element continues none.
pub(super) fn aligned(attributes: &[Attribute], prior: &[Dyn], config: &[Dyn]) -> Vec<Option<usize>> {
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
    let found = matching(attributes, &free_prior, &moved_config);
    for (place, found) in moved.into_iter().zip(found) {
        places[place] = found.map(|found| free[found]);
    }
    places
}
