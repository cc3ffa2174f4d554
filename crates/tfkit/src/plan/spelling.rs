//! Keeping the user's spelling in what an author returns.

use std::collections::HashMap;

use super::assignment::Assignment;
use super::candidates::{Candidates, Form, Rules};
use super::same::{Same, canonical, empty_is_null, means_the_same};
use crate::schema::{Attribute, Nesting, Shape, Who};
use crate::value::{Dyn, Type};

/// Gives `now`, the result of a read or an apply, the spelling of `earlier`, the state or the plan, wherever both
/// have the same meaning. Sets attributes that the user does not manage (`IfSet`, null in `earlier`) to null, and empty
/// collections that the user may set and does not. If `earlier` is null as a whole, as for an import, nothing else
/// changes.
pub fn keep_spelling(attributes: &[Attribute], earlier: &Dyn, now: &mut Dyn) {
    if earlier.is_null() {
        omit_empty(attributes, now);
        return;
    }
    let (Dyn::Map(earlier), Dyn::Map(now)) = (earlier, now) else { return };
    for attribute in attributes {
        let (Some(earlier), Some(now)) = (earlier.get(attribute.name), now.get_mut(attribute.name)) else {
            continue;
        };
        if earlier.is_null() && attribute.who.is_left_alone() {
            *now = Dyn::Null;
            continue;
        }
        if earlier.is_null() && is_superfluous(attribute, now) {
            *now = Dyn::Null;
            continue;
        }
        match &attribute.shape {
            Shape::Plain(ty) => {
                if let Some(same) = attribute.same {
                    keep_plain(same, ty, earlier, now);
                }
            }
            Shape::Nested(nesting, attributes) => {
                keep_nested(*nesting, attributes, attribute.same, earlier, now);
            }
        }
    }
}

/// Returns whether a value is an empty collection where null has the same meaning. A server does not distinguish the
/// two, and a configuration that omits the attribute would show a change.
fn is_superfluous(attribute: &Attribute, value: &Dyn) -> bool {
    let is_collection = match &attribute.shape {
        Shape::Plain(ty) => matches!(ty, Type::List(_) | Type::Set(_) | Type::Map(_)),
        Shape::Nested(nesting, _) => *nesting != Nesting::Single && attribute.block.is_none(),
    };
    attribute.who == Who::Optional && is_collection && empty_is_null(value).is_null()
}

/// Sets empty collections that the user may set to null.
fn omit_empty(attributes: &[Attribute], now: &mut Dyn) {
    let Dyn::Map(now) = now else { return };
    for attribute in attributes {
        let Some(now) = now.get_mut(attribute.name) else { continue };
        if is_superfluous(attribute, now) {
            *now = Dyn::Null;
            continue;
        }
        match (&attribute.shape, now) {
            (Shape::Nested(Nesting::Single, attributes), now) => omit_empty(attributes, now),
            (Shape::Nested(Nesting::Set, attributes), now @ Dyn::List(_)) => {
                let mut elements = now.as_list().unwrap_or_default().to_vec();
                for now in &mut elements {
                    omit_empty(attributes, now);
                }
                *now = Dyn::set(elements);
            }
            (Shape::Nested(_, attributes), Dyn::List(elements)) => {
                for now in elements.iter_mut() {
                    omit_empty(attributes, now);
                }
            }
            (Shape::Nested(_, attributes), Dyn::Map(elements)) => {
                for now in elements.values_mut() {
                    omit_empty(attributes, now);
                }
            }
            (Shape::Nested(..) | Shape::Plain(_), _) => {}
        }
    }
}

fn keep_plain(same: Same, ty: &Type, earlier: &Dyn, now: &mut Dyn) {
    if means_the_same(Some(same), ty, earlier, now) {
        now.clone_from(earlier);
        return;
    }
    match (ty, earlier, now) {
        (Type::Set(element), Dyn::List(earlier), Dyn::List(now)) => {
            let mut spelled = HashMap::new();
            for earlier in earlier.iter().filter(|earlier| earlier.wholly_known()) {
                spelled.entry(canonical(same, element, earlier)).or_insert(earlier);
            }
            let kept = now.drain(..).map(|now| {
                if !now.wholly_known() {
                    return now;
                }
                let known = spelled.get(&canonical(same, element, &now)).map(|earlier| (*earlier).clone());
                known.unwrap_or(now)
            });
            let kept: Vec<Dyn> = kept.collect();
            if let Dyn::List(kept) = Dyn::set(kept) {
                *now = kept;
            }
        }
        (Type::List(element), Dyn::List(earlier), Dyn::List(now)) => {
            earlier.iter().zip(now).for_each(|(earlier, now)| keep_plain(same, element, earlier, now));
        }
        (Type::Map(element), Dyn::Map(earlier), Dyn::Map(now)) => {
            for (key, now) in now {
                if let Some(earlier) = earlier.get(key) {
                    keep_plain(same, element, earlier, now);
                }
            }
        }
        _ => {}
    }
}

fn keep_nested(nesting: Nesting, attributes: &[Attribute], same: Option<Same>, earlier: &Dyn, now: &mut Dyn) {
    let is_same = |same: Same| earlier.wholly_known() && now.wholly_known() && same(earlier) == same(now);
    if same.is_some_and(is_same) {
        now.clone_from(earlier);
        return;
    }
    match (nesting, earlier, now) {
        (Nesting::Single, earlier, now) => keep_spelling(attributes, earlier, now),
        (Nesting::Map, Dyn::Map(earlier), Dyn::Map(now)) => {
            for (key, now) in now {
                if let Some(earlier) = earlier.get(key) {
                    keep_spelling(attributes, earlier, now);
                }
            }
        }
        (Nesting::List, Dyn::List(earlier), Dyn::List(now)) => {
            earlier.iter().zip(now).for_each(|(earlier, now)| keep_spelling(attributes, earlier, now));
        }
        (Nesting::Set, Dyn::List(earlier), now @ Dyn::List(_)) => {
            let mut elements = now.as_list().unwrap_or_default().to_vec();
            let united = keep_in_set(attributes, earlier, &mut elements);
            elements.extend(united);
            *now = Dyn::set(elements);
        }
        _ => {}
    }
}

/// Pairs the elements of a set with earlier ones. The closest pairs come first, so that no element loses its
/// counterpart to one that matches any. Returns elements to add: earlier ones with the same meaning may have become one
/// element, which then stays in each of their spellings.
fn keep_in_set(attributes: &[Attribute], earlier: &[Dyn], now: &mut [Dyn]) -> Vec<Dyn> {
    let all: Vec<&Dyn> = now.iter().collect();
    let mut assignment = Assignment::new(earlier.len(), all.len());
    for likeness in [Likeness::Equal, Likeness::Completed, Likeness::Respelled] {
        let candidates = Candidates::find(Form::Object(attributes), likeness.rules(), earlier, &all);
        let fits = |one: usize, other: usize| likeness.holds(attributes, &earlier[one], all[other]);
        assignment.grow(0..earlier.len(), &candidates, fits);
    }
    let places = assignment.into_places();
    let united = united(attributes, earlier, &places, &all);
    for (earlier, place) in earlier.iter().zip(places) {
        if let Some(now) = place.and_then(|place| now.get_mut(place)) {
            keep_spelling(attributes, earlier, now);
        }
    }
    united
}

/// Returns one element for each earlier one that has no counterpart because it has the same meaning as another earlier
/// one. Values that are not managed would fit any, so that elements with such values cannot be told apart.
fn united(attributes: &[Attribute], earlier: &[Dyn], places: &[Option<usize>], now: &[&Dyn]) -> Vec<Dyn> {
    if attributes.iter().any(|attribute| attribute.who.is_left_alone()) {
        return Vec::new();
    }
    let left: Vec<&Dyn> =
        earlier.iter().zip(places).filter(|(_, place)| place.is_none()).map(|(earlier, _)| earlier).collect();
    let likeness = Likeness::Respelled;
    let candidates = Candidates::find(Form::Object(attributes), likeness.rules(), left.iter().copied(), now);
    let now_at = |place: &usize| now[*place];
    let respelled = |(place, earlier): (usize, &&Dyn)| {
        let fits = |now: &&usize| likeness.holds(attributes, earlier, now_at(now));
        let mut found = now_at(candidates.of(place).iter().find(fits)?).clone();
        keep_spelling(attributes, earlier, &mut found);
        Some(found)
    };
    left.iter().enumerate().filter_map(respelled).collect()
}

/// How an object can result from an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Likeness {
    /// It is equal.
    Equal,
    /// Unknown values became known.
    Completed,
    /// In addition, values have another spelling, or unmanaged ones were set elsewhere.
    Respelled,
}

impl Likeness {
    fn rules(self) -> Rules {
        Rules {
            is_hole: match self {
                Self::Equal | Self::Completed => |_, _| false,
                Self::Respelled => |attribute, earlier| earlier.is_null() && attribute.who.is_left_alone(),
            },
            by_meaning: self == Self::Respelled,
            unknown_fits: self != Self::Equal,
        }
    }

    fn holds(self, attributes: &[Attribute], earlier: &Dyn, now: &Dyn) -> bool {
        if self == Self::Equal {
            return earlier == now;
        }
        let (Dyn::Map(earlier), Dyn::Map(now)) = (earlier, now) else {
            return earlier.is_unknown() || earlier == now;
        };
        attributes.iter().all(|attribute| match (earlier.get(attribute.name), now.get(attribute.name)) {
            (Some(earlier), Some(now)) => self.holds_for(attribute, earlier, now),
            _ => false,
        })
    }

    fn holds_for(self, attribute: &Attribute, earlier: &Dyn, now: &Dyn) -> bool {
        let same = attribute.same.filter(|_| self == Self::Respelled);
        let left_to_others = self == Self::Respelled && earlier.is_null() && attribute.who.is_left_alone();
        if left_to_others || earlier.is_unknown() || means_the_same(same, &attribute.ty(), earlier, now) {
            return true;
        }
        match (&attribute.shape, earlier, now) {
            (Shape::Nested(Nesting::Single, attributes), earlier, now) => {
                self.holds(attributes, earlier, now)
            }
            (Shape::Nested(_, attributes), Dyn::List(earlier), Dyn::List(now)) => {
                earlier.len() == now.len()
                    && earlier.iter().zip(now).all(|(earlier, now)| self.holds(attributes, earlier, now))
            }
            (Shape::Nested(_, attributes), Dyn::Map(earlier), Dyn::Map(now)) => {
                earlier.keys().eq(now.keys())
                    && earlier
                        .values()
                        .zip(now.values())
                        .all(|(earlier, now)| self.holds(attributes, earlier, now))
            }
            _ => false,
        }
    }
}
