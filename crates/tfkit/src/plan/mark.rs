//! Values of the server that become unknown because something that they depend on changes.

use std::collections::{BTreeMap, BTreeSet};

use super::same::means_the_same;
use crate::schema::{Attribute, Depends, Nesting, Shape, Who};
use crate::value::Dyn;

/// Marks values of one object as unknown. `prior` is the object that `planned` continues; `anything` is whether the
/// resource changes on the server at all; `is_open` returns whether neither the configuration nor the author's hook
/// has set an attribute.
pub(super) fn mark(
    attributes: &[Attribute],
    prior: &Dyn,
    anything: bool,
    is_open: impl Fn(&Attribute) -> bool,
    planned: &mut BTreeMap<String, Dyn>,
) {
    let is_left_to_server =
        |attribute: &&Attribute| matches!(attribute.who, Who::Server | Who::Computed) && is_open(attribute);
    let mut open: Vec<&Attribute> = attributes.iter().filter(is_left_to_server).collect();
    if !matches!(prior, Dyn::Map(_)) {
        // Everything about a new object is new.
        planned.extend(open.into_iter().map(|attribute| (attribute.name.to_owned(), Dyn::Unknown)));
        return;
    }
    let is_changed = |attribute: &&Attribute| {
        let (planned, prior) = (planned.get(attribute.name), prior.attribute(attribute.name));
        planned.is_some_and(|planned| !means_the_same(attribute.same, &attribute.ty(), prior, planned))
    };
    let mut changed: BTreeSet<&str> =
        attributes.iter().filter(is_changed).map(|attribute| attribute.name).collect();
    // One value can follow from another.
    loop {
        let (now, later): (Vec<&Attribute>, Vec<&Attribute>) = open
            .into_iter()
            .partition(|attribute| follows(attribute, prior.attribute(attribute.name), anything, &changed));
        if now.is_empty() {
            return;
        }
        for attribute in now {
            planned.insert(attribute.name.to_owned(), Dyn::Unknown);
            changed.insert(attribute.name);
        }
        open = later;
    }
}

fn follows(attribute: &Attribute, prior: &Dyn, anything: bool, changed: &BTreeSet<&str>) -> bool {
    if attribute.replace && !prior.is_null() {
        // Another value would mean another object: an update keeps it.
        return false;
    }
    match &attribute.depends {
        Depends::Anything => anything,
        Depends::Only { attributes, nullable } => {
            let is_missing = prior.is_null() && !nullable;
            (is_missing && anything) || attributes.iter().any(|name| changed.contains(name))
        }
    }
}

/// Returns whether a plan differs from the state in anything but local attributes.
pub(super) fn changes_the_server(attributes: &[Attribute], prior: &Dyn, planned: &Dyn) -> bool {
    let differs = |attribute: &Attribute| {
        let (prior, planned) = (prior.attribute(attribute.name), planned.attribute(attribute.name));
        match &attribute.shape {
            Shape::Nested(nesting, attributes) if has_local(attributes) => {
                remote(*nesting, attributes, prior) != remote(*nesting, attributes, planned)
            }
            _ => prior != planned,
        }
    };
    attributes.iter().any(|attribute| !attribute.local && differs(attribute))
}

fn has_local(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.local || matches!(&attribute.shape, Shape::Nested(_, attributes) if has_local(attributes))
    })
}

/// Returns a nested value without its local attributes.
fn remote(nesting: Nesting, attributes: &[Attribute], value: &Dyn) -> Dyn {
    let object = |value: &Dyn| remote(Nesting::Single, attributes, value);
    match (nesting, value) {
        (Nesting::Single, Dyn::Map(members)) => {
            let kept = attributes.iter().filter(|attribute| !attribute.local).filter_map(|attribute| {
                let value = members.get(attribute.name)?;
                let value = match &attribute.shape {
                    Shape::Nested(nesting, attributes) => remote(*nesting, attributes, value),
                    Shape::Plain(_) => value.clone(),
                };
                Some((attribute.name, value))
            });
            Dyn::map(kept)
        }
        (Nesting::Map, Dyn::Map(elements)) => {
            Dyn::map(elements.iter().map(|(key, element)| (key.clone(), object(element))))
        }
        (Nesting::Set, Dyn::List(elements)) => Dyn::set(elements.iter().map(object)),
        (_, Dyn::List(elements)) => Dyn::list(elements.iter().map(object)),
        (_, value) => value.clone(),
    }
}
