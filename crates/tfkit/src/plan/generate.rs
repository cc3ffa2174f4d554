//! Generating a configuration from a state.

use super::block::{complete_blocks, without_absent};
use super::same::means_the_same;
use crate::check::Rule;
use crate::schema::{Attribute, Nesting, Schema, Shape, Who};
use crate::timeouts;
use crate::value::Dyn;

/// Returns the shortest configuration of an object whose plan is empty with this state.
///
/// It omits what only the server sets, what equals its default or means the same as null, what is deprecated or
/// write-only, and timeouts. Of attributes that exclude each other, or that mean the same because the server fills one
/// from the other, it keeps the first. It contains sensitive values: hosts do not write them to a file.
pub fn generate(schema: &Schema, state: &Dyn) -> Dyn {
    let mut config = object(&schema.attributes, &without_absent(&schema.attributes, state));
    if let Dyn::Map(values) = &mut config {
        values.entry(timeouts::ATTRIBUTE.to_owned()).and_modify(|value| *value = Dyn::Null);
        for rule in &schema.rules {
            for name in superfluous(rule, schema, &Dyn::Map(values.clone())) {
                values.insert(name.to_owned(), Dyn::Null);
            }
        }
    }
    complete_blocks(&schema.attributes, &mut config);
    config
}

/// Returns the attributes that break a rule, or that the server fills from another one.
fn superfluous(rule: &Rule, schema: &Schema, config: &Dyn) -> Vec<&'static str> {
    let is_set = |name: &&'static str| !config.attribute(name).is_null();
    let attribute = |name: &str| schema.attributes.iter().find(|attribute| attribute.name == name);
    match rule {
        Rule::ExactlyOneOf(names) | Rule::AtMostOneOf(names) => {
            names.iter().copied().filter(is_set).skip(1).collect()
        }
        Rule::AtLeastOneOf(names) => {
            let is_filled = |name: &&str| attribute(name).is_some_and(|one| one.who == Who::Server);
            names.iter().copied().filter(is_set).skip(1).filter(is_filled).collect()
        }
        Rule::Requires(name, needed) => {
            let is_useless = needed.iter().any(|needed| config.attribute(needed).is_null());
            let is_optional = attribute(name).is_some_and(|one| !one.who.is_required());
            (is_useless && is_optional).then_some(*name).into_iter().collect()
        }
    }
}

fn object(attributes: &[Attribute], state: &Dyn) -> Dyn {
    match state {
        Dyn::Map(_) => Dyn::map(
            attributes
                .iter()
                .map(|attribute| (attribute.name, value(attribute, state.attribute(attribute.name)))),
        ),
        _ => Dyn::Null,
    }
}

fn value(attribute: &Attribute, state: &Dyn) -> Dyn {
    if attribute.write_only || attribute.deprecated.is_some() || !attribute.who.is_configurable() {
        return Dyn::Null;
    }
    let means = |other: &Dyn| means_the_same(attribute.same, &attribute.ty(), state, other);
    match &attribute.who {
        Who::Default(default) if means(default) => return Dyn::Null,
        // Null means not managed here, and the server may fill it with something else.
        Who::Optional | Who::Server if means(&Dyn::Null) => return Dyn::Null,
        _ => {}
    }
    match (&attribute.shape, state) {
        (Shape::Nested(Nesting::Single, attributes), state) => object(attributes, state),
        (Shape::Nested(_, attributes), Dyn::List(elements)) => {
            Dyn::List(elements.iter().map(|element| object(attributes, element)).collect())
        }
        (Shape::Nested(_, attributes), Dyn::Map(elements)) => {
            Dyn::map(elements.iter().map(|(key, element)| (key.clone(), object(attributes, element))))
        }
        (_, state) => state.clone(),
    }
}
