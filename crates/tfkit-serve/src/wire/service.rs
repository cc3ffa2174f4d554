//! What all calls of the plugin protocol share: the engine, and the types that values are read and written with.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use tfkit::{Diag, Engine, Type};

/// Answers the calls of the plugin protocol.
pub(crate) struct Service {
    pub(super) engine: Engine,
    /// Source address of the provider, for the log.
    pub(super) address: &'static str,
    resources: Cache<ResourceTypes>,
    data_sources: Cache<Type>,
}

/// With which types the values of a resource are read and written.
pub(super) struct ResourceTypes {
    /// Of the object itself.
    pub(super) object: Type,
    /// Of its identity; an object without attributes where it has none.
    pub(super) identity: Type,
}

impl Service {
    /// Puts an engine on the wire. Nothing is built yet.
    pub(crate) fn new(engine: Engine, address: &'static str) -> Self {
        Self { engine, address, resources: Cache::default(), data_sources: Cache::default() }
    }

    /// Types of a resource, by its full name.
    pub(super) fn resource(&self, type_name: &str) -> Result<Arc<ResourceTypes>, Diag> {
        self.resources
            .get(type_name, || {
                let schema = self.engine.resource_schema(type_name)?;
                let identity = self.engine.identity_schema(type_name).unwrap_or_default();
                Some(ResourceTypes { object: schema.ty(), identity: identity.ty() })
            })
            .ok_or_else(|| unknown("resource", type_name, self.address))
    }

    /// Type of a data source, by its full name.
    pub(super) fn data_source(&self, type_name: &str) -> Result<Arc<Type>, Diag> {
        self.data_sources
            .get(type_name, || self.engine.data_source_schema(type_name).map(tfkit::Schema::ty))
            .ok_or_else(|| unknown("data source", type_name, self.address))
    }
}

/// Hosts ask only for what the schema names, but may remember the schema of another version.
fn unknown(kind: &str, type_name: &str, address: &str) -> Diag {
    Diag::error(format!("This provider has no {kind} {type_name:?}"))
        .why("The configuration or the state was made for another version of the provider.")
        .fix(format!(
            "Install a version of {address} that has it:\n  terraform init -upgrade\nOr remove it from the \
             configuration and the state."
        ))
}

/// Things by name, made once.
struct Cache<T>(RwLock<BTreeMap<String, Arc<T>>>);

impl<T> Default for Cache<T> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<T> Cache<T> {
    fn get(&self, name: &str, make: impl FnOnce() -> Option<T>) -> Option<Arc<T>> {
        if let Some(known) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Some(Arc::clone(known));
        }
        let new = Arc::new(make()?);
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(all.entry(name.to_owned()).or_insert(new)))
    }
}
