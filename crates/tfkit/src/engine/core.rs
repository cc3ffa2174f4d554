//! The engine: a provider with its types, and what all calls share.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::provider::{AnyProvider, ErasedProvider};
use super::sensitive;
use crate::cx::{Call, Shared, SharedNotes};
use crate::diag::Diag;
use crate::erased::{AnyDataSource, AnyResource};
use crate::model::{Model as _, Operation};
use crate::provider::{Provider, Types};
use crate::schema::{IdentitySchema, Schema};
use crate::timeouts;
use crate::value::Dyn;

/// What a call leaves to say when it has no other answer.
pub type Diags = Vec<Diag>;

/// A provider behind the calls of the protocol. Cheap to clone.
///
/// Each call of an author's code runs in a task of its own: a panic becomes a diagnostic, and a caller that goes
/// away does not cut a half-made object off.
#[derive(Clone)]
pub struct Engine(pub(super) Arc<Core>);

/// What all calls to one provider share.
pub(super) struct Core {
    pub(super) provider: Arc<dyn AnyProvider>,
    pub(super) resources: BTreeMap<String, Arc<dyn AnyResource>>,
    pub(super) data_sources: BTreeMap<String, Arc<dyn AnyDataSource>>,
    pub(super) shared: Arc<Shared>,
    /// Mistakes found while the types were registered.
    pub(super) problems: Diags,
    /// The warning about unknown provider values was given.
    pub(super) warned: AtomicBool,
}

impl Engine {
    /// Takes a provider in. Nothing is built yet.
    pub fn new<P: Provider>(provider: P) -> Self {
        let types = P::register(Types::default());
        let prefix = P::Config::type_name();
        let mut problems = Vec::new();
        let mut resources = BTreeMap::new();
        for resource in types.resources {
            let name = format!("{prefix}_{}", resource.type_name());
            if resources.insert(name.clone(), resource).is_some() {
                problems.push(Diag::bug(format!("Two resource types have the name {name}")));
            }
        }
        let mut data_sources = BTreeMap::new();
        for data_source in types.data_sources {
            let name = format!("{prefix}_{}", data_source.type_name());
            if data_sources.insert(name.clone(), data_source).is_some() {
                problems.push(Diag::bug(format!("Two data sources have the name {name}")));
            }
        }
        Self(Arc::new(Core {
            provider: Arc::new(ErasedProvider::new(provider, types.connection)),
            resources,
            data_sources,
            shared: Arc::default(),
            problems,
            warned: AtomicBool::new(false),
        }))
    }

    /// The prefix of all type names.
    pub fn name(&self) -> &'static str {
        self.0.provider.name()
    }

    /// Schema of the provider block.
    pub fn provider_schema(&self) -> &Schema {
        self.0.provider.schema()
    }

    /// Full names of all types of resources, sorted.
    pub fn resources(&self) -> Vec<&str> {
        self.0.resources.keys().map(String::as_str).collect()
    }

    /// Full names of all data sources, sorted.
    pub fn data_sources(&self) -> Vec<&str> {
        self.0.data_sources.keys().map(String::as_str).collect()
    }

    /// Schema of a type of resource, by its full name.
    pub fn resource_schema(&self, type_name: &str) -> Option<&Schema> {
        self.0.resources.get(type_name).map(|resource| resource.schema())
    }

    /// Schema of a data source, by its full name.
    pub fn data_source_schema(&self, type_name: &str) -> Option<&Schema> {
        self.0.data_sources.get(type_name).map(|data_source| data_source.schema())
    }

    /// Identity of a type of resource, by its full name; none where the type has none.
    pub fn identity_schema(&self, type_name: &str) -> Option<IdentitySchema> {
        let attributes = self.0.resources.get(type_name)?.identity();
        (!attributes.is_empty()).then_some(IdentitySchema { version: 0, attributes })
    }

    /// How long an operation on a type of resource may take by default, by the type's full name.
    pub fn default_timeout(&self, type_name: &str, operation: Operation) -> Option<Duration> {
        self.0.resources.get(type_name).map(|resource| resource.timeout(operation))
    }

    /// Forgets what was planned before, because another run begins. A host starts a process for each run; this is for what
    /// plays several in one.
    pub fn begin_run(&self) {
        self.0.shared.run.begin();
    }

    /// Tells all operations to end soon. Calls are still served, so that half-made objects reach the state.
    pub fn stop(&self) {
        self.0.shared.stop.set();
        self.0.provider.stop();
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Engine").field(&self.name()).finish()
    }
}

impl Core {
    /// A call on an object, which may say itself how long it may take.
    pub(super) fn call(
        &self,
        operation: Operation,
        object: &Dyn,
        timeout: Duration,
        notes: &SharedNotes,
    ) -> Call {
        let timeout = timeouts::of(object, operation).unwrap_or(timeout);
        Call::new(Arc::clone(&self.shared), operation, timeout, Arc::clone(notes))
    }

    /// Tells the client what is sensitive in these objects of a type.
    pub(super) fn conceal(&self, schema: &Schema, objects: &[&Dyn]) {
        self.provider.conceal(&|| sensitive::values(&schema.attributes, objects));
    }

    pub(super) fn resource(&self, type_name: &str) -> Result<Arc<dyn AnyResource>, Diag> {
        self.resources.get(type_name).cloned().ok_or_else(|| unknown_type("resource", type_name))
    }

    pub(super) fn data_source(&self, type_name: &str) -> Result<Arc<dyn AnyDataSource>, Diag> {
        self.data_sources.get(type_name).cloned().ok_or_else(|| unknown_type("data source", type_name))
    }
}

fn unknown_type(kind: &str, type_name: &str) -> Diag {
    Diag::error(format!("The provider has no {kind} named {type_name}"))
        .why("The configuration or the state was written for another version of the provider.")
        .fix("Check the name of the type, or the provider version that the configuration requires.")
}
