//! Reading and writing objects attribute by attribute, for derived code.

use std::collections::BTreeMap;

use super::{Field, Misfit, Value};
use crate::value::{Dyn, Step};

/// The attributes of an object, to read or write one by one.
#[derive(Debug, Default)]
pub struct Fields(BTreeMap<String, Dyn>);

impl Fields {
    /// No attributes yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The attributes of a known object.
    pub fn of(object: &Dyn) -> Result<Self, Misfit> {
        match object {
            Dyn::Map(attributes) => Ok(Self(attributes.clone())),
            Dyn::Null => Err(Misfit::new("must have a value, but is not set")),
            Dyn::Unknown => Err(Misfit::new("must be known here")),
            _ => Err(Misfit::new("must be an object")),
        }
    }

    /// Reads an attribute. A missing one is null.
    pub fn get<F: Field>(&self, name: &str) -> Result<F, Misfit> {
        F::from_dyn(self.0.get(name).unwrap_or(&Dyn::Null)).map_err(|misfit| misfit.inside(attribute(name)))
    }

    /// Reads an attribute, or the default if it is null.
    pub fn get_or<F: Field>(&self, name: &str, default: impl FnOnce() -> F::Value) -> Result<F, Misfit> {
        match self.0.get(name) {
            None | Some(Dyn::Null) => F::from_dyn(&default().to_known()),
            Some(value) => F::from_dyn(value),
        }
        .map_err(|misfit| misfit.inside(attribute(name)))
    }

    /// Adds an attribute.
    #[must_use]
    pub fn with<F: Field>(mut self, name: &str, field: &F) -> Self {
        self.0.insert(name.to_owned(), field.to_dyn());
        self
    }

    /// Returns the object.
    pub fn into_object(self) -> Dyn {
        Dyn::Map(self.0)
    }
}

/// Collects the misfits of a configuration, parts of which may be unknown.
#[derive(Debug)]
pub struct Misfits<'a> {
    attributes: Option<&'a BTreeMap<String, Dyn>>,
    found: Vec<Misfit>,
}

impl<'a> Misfits<'a> {
    /// Starts with an object. Null and unknown objects have no misfits.
    pub fn of(object: &'a Dyn) -> Self {
        match object {
            Dyn::Map(attributes) => Self { attributes: Some(attributes), found: Vec::new() },
            Dyn::Null | Dyn::Unknown => Self { attributes: None, found: Vec::new() },
            _ => Self { attributes: None, found: vec![Misfit::new("must be an object")] },
        }
    }

    /// Checks an attribute. Nulls are left to the validator, because they depend on who sets the attribute.
    #[must_use]
    pub fn check<F: Field>(mut self, name: &str) -> Self {
        let value = self.attributes.and_then(|attributes| attributes.get(name)).unwrap_or(&Dyn::Null);
        if !matches!(value, Dyn::Null | Dyn::Unknown) {
            self.found
                .extend(F::Value::misfits(value).into_iter().map(|misfit| misfit.inside(attribute(name))));
        }
        self
    }

    /// Returns the misfits.
    pub fn finish(self) -> Vec<Misfit> {
        self.found
    }
}

fn attribute(name: &str) -> Step {
    Step::Attribute(name.to_owned())
}
