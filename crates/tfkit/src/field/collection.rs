//! Lists, sets and maps of elements.

use std::collections::{BTreeMap, BTreeSet};

use super::{Element, Facts, Misfit, Value};
use crate::schema::{Nesting, Shape};
use crate::value::{Dyn, Step, Type};

impl<E: Element> Value for Vec<E> {
    const SENSITIVE: bool = E::Value::SENSITIVE;

    fn shape() -> Shape {
        collection(E::Value::shape(), Nesting::List, Type::List)
    }

    fn facts() -> Facts {
        E::Value::facts().of_each()
    }

    fn from_known(value: &Dyn) -> Result<Self, Misfit> {
        let items = list(value, "must be a list")?;
        let numbered = items.iter().zip(0_u64..);
        numbered
            .map(|(item, index)| E::from_dyn(item).map_err(|misfit| misfit.inside(Step::Index(index))))
            .collect()
    }

    fn to_known(&self) -> Dyn {
        Dyn::List(self.iter().map(Element::to_dyn).collect())
    }

    fn misfits(value: &Dyn) -> Vec<Misfit> {
        let Ok(items) = list(value, "") else { return Self::from_known(value).err().into_iter().collect() };
        let numbered = items.iter().zip(0_u64..);
        numbered
            .flat_map(|(item, index)| {
                element_misfits::<E>(item).into_iter().map(move |misfit| misfit.inside(Step::Index(index)))
            })
            .collect()
    }
}

impl<E: Element + Ord> Value for BTreeSet<E> {
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
        Dyn::set(self.iter().map(Element::to_dyn))
    }

    fn misfits(value: &Dyn) -> Vec<Misfit> {
        set_misfits::<E>(value)
    }
}

/// Reads the elements of a set, in the order of their values.
pub(super) fn set_from<E: Element, C: FromIterator<E>>(value: &Dyn) -> Result<C, Misfit> {
    let items = list(value, "must be a set")?;
    items.iter().map(|item| E::from_dyn(item).map_err(Misfit::inside_set)).collect()
}

/// Returns the misfits of the elements of a set.
pub(super) fn set_misfits<E: Element>(value: &Dyn) -> Vec<Misfit> {
    match list(value, "must be a set") {
        Ok(items) => items.iter().flat_map(element_misfits::<E>).map(Misfit::inside_set).collect(),
        Err(misfit) => vec![misfit],
    }
}

/// Returns the shape of a set of these elements.
pub(super) fn set_shape<E: Element>() -> Shape {
    collection(E::Value::shape(), Nesting::Set, Type::Set)
}

impl<E: Element> Value for BTreeMap<String, E> {
    const SENSITIVE: bool = E::Value::SENSITIVE;

    fn shape() -> Shape {
        collection(E::Value::shape(), Nesting::Map, Type::Map)
    }

    fn facts() -> Facts {
        E::Value::facts().of_each()
    }

    fn from_known(value: &Dyn) -> Result<Self, Misfit> {
        let Dyn::Map(items) = value else { return Err(Misfit::new("must be a map")) };
        items
            .iter()
            .map(|(key, item)| match E::from_dyn(item) {
                Ok(element) => Ok((key.clone(), element)),
                Err(misfit) => Err(misfit.inside(Step::Key(key.clone()))),
            })
            .collect()
    }

    fn to_known(&self) -> Dyn {
        Dyn::Map(self.iter().map(|(key, item)| (key.clone(), item.to_dyn())).collect())
    }

    fn misfits(value: &Dyn) -> Vec<Misfit> {
        let Dyn::Map(items) = value else { return Self::from_known(value).err().into_iter().collect() };
        items
            .iter()
            .flat_map(|(key, item)| {
                element_misfits::<E>(item).into_iter().map(|misfit| misfit.inside(Step::Key(key.clone())))
            })
            .collect()
    }
}

/// Returns the misfits of one element. Nulls are reported in the plan, when everything is known.
fn element_misfits<E: Element>(item: &Dyn) -> Vec<Misfit> {
    match item {
        Dyn::Unknown => Vec::new(),
        Dyn::Null => E::from_dyn(item).err().into_iter().collect(),
        _ => E::Value::misfits(item),
    }
}

fn list<'a>(value: &'a Dyn, what: &str) -> Result<&'a [Dyn], Misfit> {
    match value {
        Dyn::List(items) => Ok(items),
        _ => Err(Misfit::new(what)),
    }
}

/// Objects nest only once: deeper collections of objects are plain values.
fn collection(element: Shape, nesting: Nesting, plain: fn(Box<Type>) -> Type) -> Shape {
    match element {
        Shape::Nested(Nesting::Single, attributes) => Shape::Nested(nesting, attributes),
        other => Shape::Plain(plain(Box::new(other.ty()))),
    }
}
