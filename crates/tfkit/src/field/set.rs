//! Sets of elements without an order of their own.

use std::fmt;
use std::ops::Deref;

use super::collection::{set_from, set_misfits, set_shape};
use super::{Element, Facts, Misfit, Value};
use crate::schema::Shape;
use crate::value::Dyn;

/// A set whose elements need neither `Ord` nor `Hash`, such as nested objects. `BTreeSet` is the set of elements that
/// have an order.
///
/// It is a slice in the order of the elements' values. Two sets are equal if they have the same elements.
#[derive(Clone)]
pub struct Set<E>(Vec<E>);

impl<E> Set<E> {
    /// Creates an empty set.
    pub const fn new() -> Self {
        Self(Vec::new())
    }
}

impl<E> Default for Set<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E: fmt::Debug> fmt::Debug for Set<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(&self.0).finish()
    }
}

impl<E> Deref for Set<E> {
    type Target = [E];

    fn deref(&self) -> &[E] {
        &self.0
    }
}

impl<E: Element> PartialEq for Set<E> {
    fn eq(&self, other: &Self) -> bool {
        self.to_known() == other.to_known()
    }
}

/// Of equal elements, the first one counts.
impl<E: Element> FromIterator<E> for Set<E> {
    fn from_iter<I: IntoIterator<Item = E>>(elements: I) -> Self {
        let mut elements: Vec<(Dyn, E)> =
            elements.into_iter().map(|element| (element.to_dyn(), element)).collect();
        elements.sort_by(|(one, _), (other, _)| one.cmp(other));
        elements.dedup_by(|(one, _), (other, _)| one == other && one.wholly_known());
        Self(elements.into_iter().map(|(_, element)| element).collect())
    }
}

impl<E> IntoIterator for Set<E> {
    type Item = E;
    type IntoIter = std::vec::IntoIter<E>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, E> IntoIterator for &'a Set<E> {
    type Item = &'a E;
    type IntoIter = std::slice::Iter<'a, E>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<E: Element> Value for Set<E> {
    const SENSITIVE: bool = E::Value::SENSITIVE;

    fn shape() -> Shape {
        set_shape::<E>()
    }

    fn facts() -> Facts {
        E::Value::facts().of_each()
    }

    fn from_known(value: &Dyn) -> Result<Self, Misfit> {
        set_from(value)
    }

    fn to_known(&self) -> Dyn {
        Dyn::set(self.0.iter().map(Element::to_dyn))
    }

    fn misfits(value: &Dyn) -> Vec<Misfit> {
        set_misfits::<E>(value)
    }
}
