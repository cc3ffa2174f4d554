//! The start and the target of an update of an object that somebody has changed since it was planned.
//!
//! A plan is based on the object in the state. Until it is applied, minutes or days may pass. Therefore, an update
//! compares the plan with the current object, and sends every difference, not only what the plan changes. It keeps
//! the current values of everything that the plan does not manage:
//!
//! - an argument that the configuration does not set and the plan keeps;
//! - an argument that the plan keeps although the configuration sets another value, because of `ignore_changes`. If
//!   that names single keys of a map, only these are kept;
//! - values that only the server sets.
//!
//! The host accepts only planned values, so the result repeats the plan for all of these. The next refresh shows
//! their real values.

use std::collections::{BTreeMap, BTreeSet};

use super::same::means_the_same;
use crate::schema::{Attribute, Nesting, Shape, Who};
use crate::value::{Dyn, Type};

/// An update as the host requests it.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The prior state.
    pub prior: &'a Dyn,
    /// The planned object.
    pub planned: &'a Dyn,
    /// The configuration, without the host's `ignore_changes`.
    pub config: &'a Dyn,
}

/// An update as the author executes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Rebased {
    /// The current object.
    pub base: Dyn,
    /// The target: planned values, and current values where the plan manages nothing.
    pub target: Dyn,
}

/// Moves an update from the state to the current object.
pub fn rebase(attributes: &[Attribute], asked: Asked<'_>, current: &Dyn) -> Rebased {
    let (Dyn::Map(planned), Dyn::Map(now)) = (asked.planned, current) else {
        return Rebased { base: current.clone(), target: asked.planned.clone() };
    };
    let (mut base, mut target) = (now.clone(), planned.clone());
    for attribute in attributes {
        let name = attribute.name;
        let prior = asked.prior.attribute(name);
        // If the state does not contain the location of the object, the update has to find it.
        if prior.is_null() && attribute.replace && attribute.who == Who::Server {
            base.insert(name.to_owned(), Dyn::Null);
            continue;
        }
        let (Some(planned), Some(now)) = (target.get_mut(name), now.get(name)) else { continue };
        match left_alone(attribute, prior, planned, asked.config.attribute(name)) {
            LeftAlone::Nothing => {}
            // The value means that the attribute is not managed. The current one may not even be known, such as a
            // secret.
            LeftAlone::All if attribute.who.is_left_alone() => {
                *planned = Dyn::Null;
                base.insert(name.to_owned(), Dyn::Null);
            }
            LeftAlone::All => planned.clone_from(now),
            LeftAlone::Keys(keys) => copy_keys(&keys, now, planned),
        }
    }
    Rebased { base: Dyn::Map(base), target: Dyn::Map(target) }
}

/// Repeats the planned values in a result wherever the update did not manage them.
pub fn as_planned(attributes: &[Attribute], asked: Asked<'_>, result: &mut Dyn) {
    let Dyn::Map(result) = result else { return };
    for attribute in attributes {
        let name = attribute.name;
        let planned = asked.planned.attribute(name);
        let Some(now) = result.get_mut(name) else { continue };
        match left_alone(attribute, asked.prior.attribute(name), planned, asked.config.attribute(name)) {
            LeftAlone::Nothing => {
                if let Shape::Nested(nesting, attributes) = &attribute.shape {
                    nested_as_planned(*nesting, attributes, planned, asked.config.attribute(name), now);
                }
            }
            LeftAlone::All => now.clone_from(planned),
            LeftAlone::Keys(keys) => copy_keys(&keys, planned, now),
        }
    }
}

/// Repeats the planned values of the server inside a nested value that the update manages.
fn nested_as_planned(nesting: Nesting, attributes: &[Attribute], planned: &Dyn, config: &Dyn, now: &mut Dyn) {
    match (nesting, planned, config, now) {
        (Nesting::Single, planned, config, now) => object_as_planned(attributes, planned, config, now),
        (Nesting::List, Dyn::List(planned), Dyn::List(config), Dyn::List(now)) => {
            for ((planned, config), now) in planned.iter().zip(config).zip(now) {
                object_as_planned(attributes, planned, config, now);
            }
        }
        (Nesting::Map, Dyn::Map(planned), Dyn::Map(config), Dyn::Map(now)) => {
            for (key, now) in now {
                if let (Some(planned), Some(config)) = (planned.get(key), config.get(key)) {
                    object_as_planned(attributes, planned, config, now);
                }
            }
        }
        // Elements of sets have no address.
        _ => {}
    }
}

fn object_as_planned(attributes: &[Attribute], planned: &Dyn, config: &Dyn, now: &mut Dyn) {
    let (Dyn::Map(planned), Dyn::Map(config), Dyn::Map(now)) = (planned, config, now) else { return };
    for attribute in attributes {
        let (Some(planned), Some(config), Some(now)) =
            (planned.get(attribute.name), config.get(attribute.name), now.get_mut(attribute.name))
        else {
            continue;
        };
        match &attribute.shape {
            _ if config.is_null() && matches!(attribute.who, Who::Server | Who::Computed) => {
                if planned.wholly_known() {
                    now.clone_from(planned);
                }
            }
            Shape::Nested(nesting, attributes) => {
                nested_as_planned(*nesting, attributes, planned, config, now);
            }
            Shape::Plain(_) => {}
        }
    }
}

/// The part of an attribute that an update does not change.
enum LeftAlone {
    Nothing,
    /// Single keys of a map.
    Keys(BTreeSet<String>),
    All,
}

fn left_alone(attribute: &Attribute, prior: &Dyn, planned: &Dyn, config: &Dyn) -> LeftAlone {
    if attribute.write_only || !planned.wholly_known() {
        return LeftAlone::Nothing;
    }
    if planned == prior {
        return if is_managed(attribute, planned, config) { LeftAlone::Nothing } else { LeftAlone::All };
    }
    match (&attribute.shape, prior, planned, config) {
        (Shape::Plain(Type::Map(element)), Dyn::Map(prior), Dyn::Map(planned), Dyn::Map(config)) => {
            let kept = |key: &&String| {
                let same = |one: Option<&Dyn>, other: Option<&Dyn>| match (one, other) {
                    (Some(one), Some(other)) => means_the_same(attribute.same, element, one, other),
                    (one, other) => one == other,
                };
                prior.get(*key) == planned.get(*key) && !same(planned.get(*key), config.get(*key))
            };
            LeftAlone::Keys(planned.keys().chain(config.keys()).filter(kept).cloned().collect())
        }
        _ => LeftAlone::Nothing,
    }
}

/// Returns whether a planned value that equals the state is what the configuration asks for.
fn is_managed(attribute: &Attribute, planned: &Dyn, config: &Dyn) -> bool {
    if config.is_null() || attribute.who == Who::Computed {
        return false;
    }
    match &attribute.shape {
        Shape::Plain(ty) => means_the_same(attribute.same, ty, planned, config),
        // The plan adds the values of computed attributes to a nested value.
        Shape::Nested(..) => true,
    }
}

fn copy_keys(keys: &BTreeSet<String>, from: &Dyn, to: &mut Dyn) {
    let nothing = BTreeMap::new();
    let from = from.as_map().unwrap_or(&nothing);
    let Dyn::Map(to) = to else { return };
    for key in keys {
        match from.get(key) {
            Some(value) => to.insert(key.clone(), value.clone()),
            None => to.remove(key),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::same::ignoring_case;

    const ALL: [Who; 5] = [Who::Required, Who::Optional, Who::Default(Dyn::Null), Who::Server, Who::Computed];

    fn one(value: &Dyn) -> Dyn {
        Dyn::map([("a", value.clone())])
    }

    /// Returns the start and the target of an update of one attribute, and what it reports if the result is `now`.
    fn run(attribute: Attribute, [prior, planned, config, current]: [&Dyn; 4], now: &Dyn) -> [Dyn; 3] {
        let attributes = [attribute];
        let (prior, planned, config) = (one(prior), one(planned), one(config));
        let asked = Asked { prior: &prior, planned: &planned, config: &config };
        let Rebased { base, target } = rebase(&attributes, asked, &one(current));
        let mut result = one(now);
        as_planned(&attributes, asked, &mut result);
        [base, target, result].map(|object| object.attribute("a").clone())
    }

    fn plain(ty: Type, who: Who) -> Attribute {
        Attribute::new("a", "A.", Shape::Plain(ty), who)
    }

    #[test]
    fn managed_values_are_targets_and_others_keep_their_current_value() {
        let [null, old, new, theirs] = ["", "old", "new", "theirs"].map(|text| match text {
            "" => Dyn::Null,
            text => Dyn::string(text),
        });
        for who in ALL {
            let run = |[prior, planned, config]: [&Dyn; 3]| {
                run(plain(Type::String, who.clone()), [prior, planned, config, &theirs], &theirs)
            };
            let sent = |planned: &Dyn| [theirs.clone(), planned.clone(), theirs.clone()];
            let kept = |planned: &Dyn| [theirs.clone(), theirs.clone(), planned.clone()];
            assert_eq!(run([&old, &new, &new]), sent(&new), "{who:?}: changed by the plan");
            assert_eq!(run([&old, &null, &null]), sent(&null), "{who:?}: cleared by the plan");
            assert_eq!(run([&old, &Dyn::Unknown, &null]), sent(&Dyn::Unknown), "{who:?}: left to the apply");
            let managed = run([&old, &old, &old]);
            assert_eq!(
                managed,
                if who == Who::Computed { kept(&old) } else { sent(&old) },
                "{who:?}: managed"
            );
            assert_eq!(run([&old, &old, &null]), kept(&old), "{who:?}: left out");
            assert_eq!(run([&null, &null, &null]), kept(&null), "{who:?}: never set");
            assert_eq!(run([&old, &old, &new]), kept(&old), "{who:?}: ignore_changes");
        }
    }

    #[test]
    fn another_spelling_in_the_configuration_is_not_another_value() {
        let attribute = plain(Type::String, Who::Optional).same(ignoring_case);
        let [ours, spelled, theirs] = ["a", "A", "b"].map(Dyn::string);
        assert_eq!(run(attribute, [&ours, &ours, &spelled, &theirs], &theirs)[1], ours);
    }

    #[test]
    fn an_unmanaged_value_is_null_for_an_update_that_must_not_touch_it() {
        let [ours, ignored, theirs] = ["ours", "ignored", "theirs"].map(Dyn::string);
        let attribute = || plain(Type::String, Who::IfSet);
        let done = run(attribute(), [&ours, &ours, &ignored, &theirs], &Dyn::Null);
        assert_eq!(done, [Dyn::Null, Dyn::Null, ours.clone()]);
        let done = run(attribute(), [&ours, &ours, &ours, &theirs], &ours);
        assert_eq!(done, [theirs, ours.clone(), ours]);
    }

    #[test]
    fn single_keys_keep_their_value_if_the_configuration_is_ignored_for_them() {
        let map =
            |entries: &[(&str, &str)]| Dyn::map(entries.iter().map(|(key, text)| (*key, Dyn::string(*text))));
        let prior = map(&[("ignored", "1"), ("managed", "1"), ("dropped", "1")]);
        let planned = map(&[("ignored", "1"), ("managed", "2"), ("dropped", "1")]);
        let config = map(&[("ignored", "9"), ("managed", "2"), ("new", "9")]);
        let current = map(&[("ignored", "5"), ("managed", "5"), ("new", "5")]);
        let target = map(&[("ignored", "5"), ("managed", "2"), ("new", "5")]);
        let attribute = plain(Type::String.map(), Who::Optional);
        let done = run(attribute, [&prior, &planned, &config, &current], &target);
        assert_eq!(done, [current, target, planned]);
    }

    #[test]
    fn a_location_that_the_state_does_not_contain_stays_unknown() {
        let [null, here, there] = [Dyn::Null, Dyn::string("here"), Dyn::string("there")];
        let done = run(plain(Type::String, Who::Server).replace(), [&null, &there, &there, &here], &there);
        assert_eq!(done, [null, there.clone(), there]);
    }
}
