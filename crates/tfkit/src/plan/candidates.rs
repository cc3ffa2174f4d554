//! Finding the elements of two collections that may fit each other, without comparing each with each.
//!
//! The elements of one side have *holes*: values that fit anything, such as a computed value that the configuration
//! leaves out. Elements with the same holes share a [`Mask`], and everything beside the holes must be equal. A digest
//! of that finds the candidates on the other side. There are few different masks, so the time grows with the number of
//! elements, not with its square.
//!
//! Candidates need not fit: the caller still compares them. Elements that fit are always candidates.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use super::same::canonical;
use crate::schema::{Attribute, Nesting, Shape};
use crate::value::{Dyn, Type};

/// How elements are compared.
#[derive(Clone, Copy)]
pub(super) struct Rules {
    /// Returns whether the value of an attribute fits anything.
    pub(super) is_hole: fn(&Attribute, &Dyn) -> bool,
    /// Whether values with the same meaning fit each other.
    pub(super) by_meaning: bool,
    /// Whether an unknown value fits anything, also inside a plain value.
    pub(super) unknown_fits: bool,
}

/// What the elements are.
#[derive(Clone, Copy)]
pub(super) enum Form<'a> {
    /// Objects with these attributes.
    Object(&'a [Attribute]),
    /// Plain values of this type.
    Plain(&'a Type),
}

/// The candidates of each element.
#[derive(Debug)]
pub(super) struct Candidates {
    /// By element with holes: its bucket, if there is any candidate.
    of: Vec<Option<usize>>,
    /// The positions of elements of the other side, in order.
    buckets: Vec<Vec<usize>>,
}

impl Candidates {
    /// Finds the candidates among `others` for each of `ones`, which have holes.
    pub(super) fn find<'a>(
        form: Form<'_>,
        rules: Rules,
        ones: impl IntoIterator<Item = &'a Dyn>,
        others: &[&Dyn],
    ) -> Self {
        let mut found = Self { of: Vec::new(), buckets: Vec::new() };
        let mut by_mask: HashMap<Mask, HashMap<u64, usize>> = HashMap::new();
        for one in ones {
            let mask = mask(form, rules, one);
            let digest_of = |value: &Dyn, mask: &Mask| {
                let mut hasher = DefaultHasher::new();
                digest(form, rules, mask, value, &mut hasher);
                hasher.finish()
            };
            let wanted = digest_of(one, &mask);
            let by_digest = by_mask.entry(mask).or_insert_with_key(|mask| {
                let mut by_digest = HashMap::new();
                for (place, other) in others.iter().enumerate() {
                    let bucket = *by_digest.entry(digest_of(other, mask)).or_insert_with(|| {
                        found.buckets.push(Vec::new());
                        found.buckets.len() - 1
                    });
                    found.buckets[bucket].push(place);
                }
                by_digest
            });
            found.of.push(by_digest.get(&wanted).copied());
        }
        found
    }

    /// Returns the candidates of an element, in order.
    pub(super) fn of(&self, one: usize) -> &[usize] {
        self.of[one].map_or(&[], |bucket| &self.buckets[bucket])
    }

    /// Returns a number that two elements share if they have the same candidates; `None` without candidates.
    pub(super) fn bucket(&self, one: usize) -> Option<usize> {
        self.of[one]
    }

    /// Returns whether every element of each side has a fitting one on the other side.
    pub(super) fn correlate(&self, others: usize, fits: impl Fn(usize, usize) -> bool) -> bool {
        let mut has_one = vec![false; others];
        let mut all_fit = true;
        for one in 0..self.of.len() {
            let mut has_other = false;
            for &other in self.of(one) {
                if !(has_other && has_one[other]) && fits(one, other) {
                    (has_other, has_one[other]) = (true, true);
                }
            }
            all_fit &= has_other;
        }
        all_fit && has_one.iter().all(|has_one| *has_one)
    }
}

/// The holes of a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Mask {
    /// The value fits anything.
    Hole,
    /// No holes.
    Whole,
    /// The holes of the attributes of an object, or of the elements of a tuple.
    Parts(Vec<Self>),
    /// The holes of all elements of a collection.
    Each(Box<Self>),
}

impl Mask {
    /// Returns the mask of a collection, with the holes of all its elements.
    fn each(elements: impl Iterator<Item = Self>) -> Self {
        Self::Each(Box::new(elements.fold(Self::Whole, Self::with)))
    }

    /// Adds the holes of another mask.
    fn with(self, other: Self) -> Self {
        match (self, other) {
            (Self::Whole, mask) | (mask, Self::Whole) => mask,
            (Self::Parts(ones), Self::Parts(others)) if ones.len() == others.len() => {
                Self::Parts(ones.into_iter().zip(others).map(|(one, other)| one.with(other)).collect())
            }
            (Self::Each(one), Self::Each(other)) => Self::Each(Box::new(one.with(*other))),
            _ => Self::Hole,
        }
    }
}

fn mask(form: Form<'_>, rules: Rules, value: &Dyn) -> Mask {
    match form {
        Form::Object(_) | Form::Plain(_) if rules.unknown_fits && value.is_unknown() => Mask::Hole,
        Form::Object(attributes) => match value {
            // The attributes of an unknown object are unknown.
            Dyn::Map(_) | Dyn::Unknown => Mask::Parts(
                attributes
                    .iter()
                    .map(|attribute| attribute_mask(attribute, rules, member(value, attribute)))
                    .collect(),
            ),
            _ => Mask::Whole,
        },
        Form::Plain(_) if !rules.unknown_fits || value.wholly_known() => Mask::Whole,
        Form::Plain(ty) => {
            let inner = |ty: &Type, value: &Dyn| mask(Form::Plain(ty), rules, value);
            match (ty, value) {
                (Type::List(ty) | Type::Set(ty), Dyn::List(elements)) => {
                    Mask::each(elements.iter().map(|element| inner(ty, element)))
                }
                (Type::Map(ty), Dyn::Map(elements)) => {
                    Mask::each(elements.values().map(|element| inner(ty, element)))
                }
                (Type::Tuple(types), Dyn::List(elements)) => {
                    Mask::Parts(types.iter().zip(elements).map(|(ty, element)| inner(ty, element)).collect())
                }
                (Type::Object(types), Dyn::Map(_)) => {
                    Mask::Parts(types.iter().map(|(name, ty)| inner(ty, value.attribute(name))).collect())
                }
                // A dynamic value with something unknown inside.
                _ => Mask::Hole,
            }
        }
    }
}

fn member<'a>(object: &'a Dyn, attribute: &Attribute) -> &'a Dyn {
    if object.is_unknown() { object } else { object.attribute(attribute.name) }
}

fn attribute_mask(attribute: &Attribute, rules: Rules, value: &Dyn) -> Mask {
    if (rules.is_hole)(attribute, value) || (rules.unknown_fits && value.is_unknown()) {
        return Mask::Hole;
    }
    let object = |attributes, value| mask(Form::Object(attributes), rules, value);
    match (&attribute.shape, value) {
        (Shape::Plain(ty), value) => mask(Form::Plain(ty), rules, value),
        // Values of different shapes may have the same meaning.
        (Shape::Nested(..), _) if rules.by_meaning && attribute.same.is_some() => Mask::Hole,
        (Shape::Nested(Nesting::Single, attributes), value) => object(attributes, value),
        (Shape::Nested(_, attributes), Dyn::List(elements)) => {
            Mask::each(elements.iter().map(|element| object(attributes, element)))
        }
        (Shape::Nested(_, attributes), Dyn::Map(elements)) => {
            Mask::each(elements.values().map(|element| object(attributes, element)))
        }
        (Shape::Nested(..), _) => Mask::Whole,
    }
}

/// Hashes everything of a value beside the holes of a mask.
fn digest(form: Form<'_>, rules: Rules, mask: &Mask, value: &Dyn, hasher: &mut DefaultHasher) {
    match (mask, form, value) {
        (Mask::Hole, ..) => {}
        (Mask::Parts(masks), Form::Object(attributes), Dyn::Map(_) | Dyn::Unknown) => {
            for (attribute, mask) in attributes.iter().zip(masks) {
                digest_attribute(attribute, rules, mask, member(value, attribute), hasher);
            }
        }
        (Mask::Parts(masks), Form::Plain(Type::Object(types)), Dyn::Map(_)) => {
            for ((name, ty), mask) in types.iter().zip(masks) {
                digest(Form::Plain(ty), rules, mask, value.attribute(name), hasher);
            }
        }
        (Mask::Parts(masks), Form::Plain(Type::Tuple(types)), Dyn::List(elements)) => {
            for ((ty, element), mask) in types.iter().zip(elements).zip(masks) {
                digest(Form::Plain(ty), rules, mask, element, hasher);
            }
        }
        (Mask::Each(mask), Form::Plain(Type::Set(ty)), Dyn::List(elements)) => {
            digest_set(Form::Plain(ty), rules, mask, elements, hasher);
        }
        (Mask::Each(mask), Form::Plain(Type::List(ty)), Dyn::List(elements)) => {
            for element in elements {
                digest(Form::Plain(ty), rules, mask, element, hasher);
            }
        }
        (Mask::Each(mask), Form::Plain(Type::Map(ty)), Dyn::Map(elements)) => {
            for (key, element) in elements {
                key.hash(hasher);
                digest(Form::Plain(ty), rules, mask, element, hasher);
            }
        }
        (_, _, value) => value.hash(hasher),
    }
}

fn digest_attribute(
    attribute: &Attribute,
    rules: Rules,
    mask: &Mask,
    value: &Dyn,
    hasher: &mut DefaultHasher,
) {
    match (mask, &attribute.shape, value, attribute.same) {
        (Mask::Whole, Shape::Plain(ty), value, Some(same)) if rules.by_meaning && value.wholly_known() => {
            canonical(same, ty, value).hash(hasher);
        }
        (mask, Shape::Plain(ty), value, _) => digest(Form::Plain(ty), rules, mask, value, hasher),
        (mask, Shape::Nested(Nesting::Single, attributes), value, _) => {
            digest(Form::Object(attributes), rules, mask, value, hasher);
        }
        (Mask::Each(mask), Shape::Nested(Nesting::Set, attributes), Dyn::List(elements), _) => {
            digest_set(Form::Object(attributes), rules, mask, elements, hasher);
        }
        (Mask::Each(mask), Shape::Nested(_, attributes), Dyn::List(elements), _) => {
            for element in elements {
                digest(Form::Object(attributes), rules, mask, element, hasher);
            }
        }
        (Mask::Each(mask), Shape::Nested(_, attributes), Dyn::Map(elements), _) => {
            for (key, element) in elements {
                key.hash(hasher);
                digest(Form::Object(attributes), rules, mask, element, hasher);
            }
        }
        (Mask::Hole, ..) => {}
        (_, _, value, _) => value.hash(hasher),
    }
}

/// Hashes a set: holes may change the order of its elements, and make some equal.
fn digest_set(form: Form<'_>, rules: Rules, mask: &Mask, elements: &[Dyn], hasher: &mut DefaultHasher) {
    let one = |element: &Dyn| {
        let mut hasher = DefaultHasher::new();
        digest(form, rules, mask, element, &mut hasher);
        hasher.finish()
    };
    let mut digests: Vec<u64> = elements.iter().map(one).collect();
    digests.sort_unstable();
    digests.dedup();
    digests.hash(hasher);
}
