//! Keys: what a read needs, which is also the resource identity and the import id.

use std::fmt::Debug;

use crate::field::{Field, Misfit, Value};
use crate::schema::IdentityAttribute;
use crate::value::{Dyn, Step, Type};

/// The key of a model: its attributes marked `key`.
pub trait Key: Clone + Debug + PartialEq + Send + Sync + 'static {
    /// Returns the attributes of the identity, in the order of the import id. Empty: no identity.
    fn attributes() -> Vec<IdentityAttribute>;

    /// Reads it from an identity, or from a state, which contains the same attributes and more.
    fn from_object(object: &Dyn) -> Result<Self, Misfit>;

    /// Writes it as an identity.
    fn to_object(&self) -> Dyn;

    /// Reads it from the parts of an import id, one per attribute, in order. An omitted optional part is `None`.
    fn from_parts(parts: &[Option<&str>]) -> Result<Self, Misfit>;
}

/// The key of data sources and provider blocks, which have no identity.
impl Key for () {
    fn attributes() -> Vec<IdentityAttribute> {
        Vec::new()
    }

    fn from_object(_: &Dyn) -> Result<Self, Misfit> {
        Ok(())
    }

    fn to_object(&self) -> Dyn {
        Dyn::Null
    }

    fn from_parts(_: &[Option<&str>]) -> Result<Self, Misfit> {
        Ok(())
    }
}

/// The parts of an import id, to read one by one, for derived code.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a>(&'a [Option<&'a str>]);

impl<'a> Parts<'a> {
    /// Wraps the parts.
    pub fn new(parts: &'a [Option<&'a str>]) -> Self {
        Self(parts)
    }

    /// Reads one part as a value: a string, a number or a boolean.
    pub fn get<F: Field>(&self, index: usize, name: &str) -> Result<F, Misfit> {
        let value = match self.0.get(index).copied().flatten() {
            Some(text) => parse(text, &F::Value::shape().ty()),
            None => Dyn::Null,
        };
        F::from_dyn(&value).map_err(|misfit| misfit.inside(Step::Attribute(name.to_owned())))
    }
}

/// Converts a string to a value of a type. A string that does not fit is kept, and the type then rejects it.
fn parse(text: &str, ty: &Type) -> Dyn {
    let parsed = match ty {
        Type::Number => text.parse().ok().map(Dyn::Number),
        Type::Bool => text.parse().ok().map(Dyn::Bool),
        _ => None,
    };
    parsed.unwrap_or_else(|| Dyn::string(text))
}

/// Splits an import id at `/` into one part per attribute. If parts are missing, the first optional attributes get
/// none. Returns `None` for an id that does not fit.
pub(crate) fn split<'a>(id: &'a str, attributes: &[IdentityAttribute]) -> Option<Vec<Option<&'a str>>> {
    // A single attribute takes the whole id, including slashes.
    let parts: Vec<&str> = if attributes.len() == 1 { vec![id] } else { id.split('/').collect() };
    let mut missing = attributes.len().checked_sub(parts.len())?;
    if parts.iter().any(|part| part.trim().is_empty()) {
        return None;
    }
    let mut parts = parts.into_iter();
    let mut split = Vec::with_capacity(attributes.len());
    for attribute in attributes {
        if !attribute.required && missing > 0 {
            missing -= 1;
            split.push(None);
        } else {
            split.push(Some(parts.next()?));
        }
    }
    Some(split)
}

/// Returns the format of import ids of these attributes, such as `[WORKSPACE_ID/]ID`.
pub(crate) fn form(attributes: &[IdentityAttribute]) -> String {
    let part = |(index, attribute): (usize, &IdentityAttribute)| {
        let slash = if index + 1 == attributes.len() { "" } else { "/" };
        let name = attribute.name.to_uppercase();
        if attribute.required { format!("{name}{slash}") } else { format!("[{name}{slash}]") }
    };
    attributes.iter().enumerate().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Names = [(&'static str, bool)];
    type Case<'a> = (&'a Names, &'a str, Option<&'a [Option<&'a str>]>);

    fn attributes(names: &Names) -> Vec<IdentityAttribute> {
        let one = |&(name, required)| IdentityAttribute {
            name,
            ty: Type::String,
            description: String::new(),
            required,
        };
        names.iter().map(one).collect()
    }

    #[test]
    fn an_import_id_has_a_part_for_each_attribute_and_omits_optional_ones_first() {
        let single: &Names = &[("id", true)];
        let nested: &Names = &[("workspace_id", false), ("id", true)];
        let cases: &[Case<'_>] = &[
            (single, "a", Some(&[Some("a")])),
            (single, "a/b", Some(&[Some("a/b")])),
            (single, "", None),
            (nested, "a", Some(&[None, Some("a")])),
            (nested, "w/a", Some(&[Some("w"), Some("a")])),
            (nested, "w/", None),
            (nested, "w/a/b", None),
            (&[("a", true), ("b", true)], "a", None),
        ];
        for (names, id, expected) in cases {
            assert_eq!(split(id, &attributes(names)).as_deref(), *expected, "{id:?} of {names:?}");
        }
        assert_eq!(form(&attributes(nested)), "[WORKSPACE_ID/]ID");
        assert_eq!(form(&attributes(single)), "ID");
    }
}
