//! What all RPCs share: the engine, and the types for decoding and encoding values.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use tfkit::{Diag, Dyn, Engine, Kind, Type};

use super::generated::provider::DynamicValue;
use super::value;

/// Answers the RPCs of the plugin protocol. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Service {
    pub(super) engine: Engine,
    /// Source address of the provider, for the log.
    pub(super) address: &'static str,
    resources: Arc<Cache<String, ResourceTypes>>,
    objects: Arc<Cache<(Kind, String), Type>>,
}

/// The types for decoding and encoding the values of a resource.
pub(super) struct ResourceTypes {
    /// Type of the object.
    pub(super) object: Type,
    /// Type of its identity; an object without attributes if it has none.
    pub(super) identity: Type,
}

impl Service {
    /// Creates the service for an engine. Types are built on first use.
    pub(crate) fn new(engine: Engine, address: &'static str) -> Self {
        Self { engine, address, resources: Arc::default(), objects: Arc::default() }
    }

    /// Returns the types of a resource, by its full name.
    pub(super) fn resource(&self, type_name: &str) -> Result<Arc<ResourceTypes>, Diag> {
        self.resources
            .get(&type_name.to_owned(), || {
                let schema = self.engine.schema(Kind::Resource, type_name)?;
                let identity = self.engine.identity_schema(type_name).unwrap_or_default();
                Some(ResourceTypes { object: schema.ty(), identity: identity.ty() })
            })
            .ok_or_else(|| unknown(Kind::Resource, type_name, self.address))
    }

    /// Decodes the `provider_meta` block of a module; null if there is none, or if the provider has no such block.
    pub(super) fn provider_meta(&self, meta: Option<&DynamicValue>) -> Result<Dyn, Diag> {
        let Some(schema) = self.engine.provider_meta_schema() else { return Ok(Dyn::Null) };
        value::decode("a provider_meta block", meta, &schema.ty())
    }

    /// Returns the type of the objects of a type, by its full name.
    pub(super) fn object(&self, kind: Kind, type_name: &str) -> Result<Arc<Type>, Diag> {
        self.objects
            .get(&(kind, type_name.to_owned()), || self.engine.schema(kind, type_name).map(tfkit::Schema::ty))
            .ok_or_else(|| unknown(kind, type_name, self.address))
    }
}

/// Returns the error of an unknown type. Hosts request only types of the schema, but they may have cached the schema
/// of another version.
fn unknown(kind: Kind, type_name: &str, address: &str) -> Diag {
    Diag::error(format!("This provider has no {} {type_name:?}", kind.words()))
        .why("The configuration or the state was written for another version of the provider.")
        .fix(format!(
            "Install a version of {address} that supports it:\n  terraform init -upgrade\nOr remove it from the \
             configuration and the state."
        ))
}

/// Values by key, created once.
struct Cache<K, T>(RwLock<BTreeMap<K, Arc<T>>>);

impl<K, T> Default for Cache<K, T> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<K: Ord + Clone, T> Cache<K, T> {
    fn get(&self, key: &K, make: impl FnOnce() -> Option<T>) -> Option<Arc<T>> {
        if let Some(known) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(key) {
            return Some(Arc::clone(known));
        }
        let new = Arc::new(make()?);
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(all.entry(key.clone()).or_insert(new)))
    }
}
