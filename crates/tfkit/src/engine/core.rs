//! The engine: a provider with its types, and the data that all calls share.

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

/// The result of a call that returns only diagnostics.
pub type Diags = Vec<Diag>;

/// A provider behind the calls of the protocol. Cheap to clone.
///
/// Each call of an author's code runs in its own task: a panic becomes a diagnostic, and an object is not lost when
/// the caller disconnects during its creation.
#[derive(Clone)]
pub struct Engine(pub(super) Arc<Core>);

/// The data that all calls to one provider share.
pub(super) struct Core {
    pub(super) provider: Arc<dyn AnyProvider>,
    pub(super) resources: BTreeMap<String, Arc<dyn AnyResource>>,
    pub(super) data_sources: BTreeMap<String, Arc<dyn AnyDataSource>>,
    pub(super) shared: Arc<Shared>,
    /// Errors found while the types were registered.
    pub(super) problems: Diags,
    /// Whether the warning about unknown provider values was already shown.
    pub(super) warned: AtomicBool,
}

impl Engine {
    /// Creates an engine for a provider. Schemas are built on first use.
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

    /// Returns the prefix of all type names.
    pub fn name(&self) -> &'static str {
        self.0.provider.name()
    }

    /// Returns the schema of the provider block.
    pub fn provider_schema(&self) -> &Schema {
        self.0.provider.schema()
    }

    /// Returns the full names of all resource types, sorted.
    pub fn resources(&self) -> Vec<&str> {
        self.0.resources.keys().map(String::as_str).collect()
    }

    /// Returns the full names of all data sources, sorted.
    pub fn data_sources(&self) -> Vec<&str> {
        self.0.data_sources.keys().map(String::as_str).collect()
    }

    /// Returns the schema of a resource type, by its full name.
    pub fn resource_schema(&self, type_name: &str) -> Option<&Schema> {
        self.0.resources.get(type_name).map(|resource| resource.schema())
    }

    /// Returns the schema of a data source, by its full name.
    pub fn data_source_schema(&self, type_name: &str) -> Option<&Schema> {
        self.0.data_sources.get(type_name).map(|data_source| data_source.schema())
    }

    /// Returns the identity schema of a resource type, by its full name; `None` if the type has no identity.
    pub fn identity_schema(&self, type_name: &str) -> Option<IdentitySchema> {
        let attributes = self.0.resources.get(type_name)?.identity();
        (!attributes.is_empty()).then_some(IdentitySchema { version: 0, attributes })
    }

    /// Returns the default timeout of an operation, by the full name of the resource type.
    pub fn default_timeout(&self, type_name: &str, operation: Operation) -> Option<Duration> {
        self.0.resources.get(type_name).map(|resource| resource.timeout(operation))
    }

    /// Forgets what was planned, because a new run begins. A host starts one process per run; a test harness plays
    /// several runs in one process.
    pub fn begin_run(&self) {
        self.0.shared.run.begin();
    }

    /// Asks all operations to end soon. Calls are still served, so that incomplete objects reach the state.
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
    /// Creates a call on an object. The object's `timeouts` take precedence.
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

    /// Passes the sensitive values of these objects to the client.
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
