//! Typed paths of values at any depth.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use super::Token;
use crate::field::{Element, Field};
use crate::value::{Path, Step};

/// A value at any depth of the model `M`, whose field has the type `F`: an attribute, an attribute of a nested object,
/// or an element. Tokens convert to it, and begin its path:
///
/// ```
/// use tfkit::{Computed, Model, Object};
///
/// /// A garden.
/// #[derive(Clone, Debug, Model)]
/// #[model(name = "garden")]
/// pub struct Garden {
///     /// Name of the garden.
///     #[attr(key)]
///     pub name: String,
///     /// Its gate.
///     pub gate: Option<Gate>,
///     /// Its beds, from north to south.
///     pub beds: Vec<Bed>,
/// }
///
/// /// A gate.
/// #[derive(Clone, Debug, Object)]
/// pub struct Gate {
///     /// Its color.
///     pub color: Option<String>,
/// }
///
/// /// A bed.
/// #[derive(Clone, Debug, Object)]
/// pub struct Bed {
///     /// Its size in square meters.
///     pub size: Computed<f64>,
/// }
///
/// assert_eq!(Garden::GATE.at(Gate::COLOR).path().to_string(), "gate.color");
/// assert_eq!(Garden::BEDS.index(2).at(Bed::SIZE).path().to_string(), "beds[2].size");
/// ```
pub struct Spot<M, F> {
    path: Path,
    place: PhantomData<fn() -> (M, F)>,
}

impl<M, F> Spot<M, F> {
    fn new(path: Path) -> Self {
        Self { path, place: PhantomData }
    }

    /// Returns the path from the root of the model.
    pub fn path(&self) -> Path {
        self.path.clone()
    }

    fn inside<G>(&self, steps: impl IntoIterator<Item = Step>) -> Spot<M, G> {
        let mut path = self.path.clone();
        path.0.extend(steps);
        Spot::new(path)
    }
}

impl<M, F: Field> Spot<M, F> {
    /// Returns a value inside this nested object.
    pub fn at<G>(&self, inner: impl Into<Spot<F::Value, G>>) -> Spot<M, G> {
        self.inside(inner.into().path.0)
    }

    /// Returns an element of this list, counted from zero.
    pub fn index<E: Element>(&self, index: u64) -> Spot<M, E>
    where
        F: Field<Value = Vec<E>>,
    {
        self.inside([Step::Index(index)])
    }

    /// Returns an element of this map.
    pub fn key<E: Element>(&self, key: impl Into<String>) -> Spot<M, E>
    where
        F: Field<Value = BTreeMap<String, E>>,
    {
        self.inside([Step::Key(key.into())])
    }
}

impl<M, F: Field> Token<M, F> {
    /// Returns a value inside this nested object.
    pub fn at<G>(self, inner: impl Into<Spot<F::Value, G>>) -> Spot<M, G> {
        Spot::from(self).at(inner)
    }

    /// Returns an element of this list, counted from zero.
    pub fn index<E: Element>(self, index: u64) -> Spot<M, E>
    where
        F: Field<Value = Vec<E>>,
    {
        Spot::from(self).index(index)
    }

    /// Returns an element of this map.
    pub fn key<E: Element>(self, key: impl Into<String>) -> Spot<M, E>
    where
        F: Field<Value = BTreeMap<String, E>>,
    {
        Spot::from(self).key(key)
    }
}

impl<M, F> From<Token<M, F>> for Spot<M, F> {
    fn from(token: Token<M, F>) -> Self {
        Self::new(token.path())
    }
}

impl<M, F> From<Spot<M, F>> for Path {
    fn from(spot: Spot<M, F>) -> Self {
        spot.path
    }
}

impl<M, F> Clone for Spot<M, F> {
    fn clone(&self) -> Self {
        Self::new(self.path.clone())
    }
}

impl<M, F> fmt::Debug for Spot<M, F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.fmt(formatter)
    }
}

impl<M, F> fmt::Display for Spot<M, F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.fmt(formatter)
    }
}
