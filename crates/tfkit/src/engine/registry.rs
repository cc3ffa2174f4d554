//! Types by their full names.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diag::Diag;
use crate::erased::{AnyFunction, AnyType};
use crate::schema::Kind;

/// The types of one kind, by their full names.
pub(super) struct Registry<T: ?Sized> {
    kind: Kind,
    types: BTreeMap<String, Arc<T>>,
}

impl<T: AnyType + ?Sized> Registry<T> {
    /// Names the types of a provider with this prefix. A name that occurs twice is a problem.
    pub(super) fn new(kind: Kind, prefix: &str, types: Vec<Arc<T>>, problems: &mut Vec<Diag>) -> Self {
        let mut named = BTreeMap::new();
        for one in types {
            let name = format!("{prefix}_{}", one.type_name());
            if named.contains_key(&name) {
                problems.push(Diag::bug(format!("The {} {name} is registered twice", kind.words())));
            }
            named.insert(name, one);
        }
        Self { kind, types: named }
    }

    /// Returns all types with their names, sorted.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Arc<T>)> {
        self.types.iter().map(|(name, one)| (name.as_str(), one))
    }

    /// Returns a type by its full name.
    pub(super) fn find(&self, name: &str) -> Option<&Arc<T>> {
        self.types.get(name)
    }

    /// Returns a type by its full name, or the error that the provider does not have it.
    pub(super) fn get(&self, name: &str) -> Result<Arc<T>, Diag> {
        self.find(name).cloned().ok_or_else(|| {
            Diag::error(format!("The provider has no {} named {name}", self.kind.words()))
                .why("The configuration or the state was written for another version of the provider.")
                .fix("Check the name of the type, or the provider version that the configuration requires.")
        })
    }
}

/// Sorts functions by name. A name that occurs twice is a problem.
pub(super) fn by_name(
    functions: Vec<Arc<dyn AnyFunction>>,
    problems: &mut Vec<Diag>,
) -> BTreeMap<&'static str, Arc<dyn AnyFunction>> {
    let mut named = BTreeMap::new();
    for function in functions {
        let name = function.name();
        if named.insert(name, function).is_some() {
            problems.push(Diag::bug(format!("The function {name} is registered twice")));
        }
    }
    named
}
