//! The engine: a provider with its types, and the data that all calls share.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::provider::{AnyProvider, ErasedProvider};
use super::registry::{Registry, by_name};
use super::sensitive;
use crate::cx::{Call, Shared, SharedNotes};
use crate::diag::Diag;
use crate::erased::{
    AnyAction, AnyDataSource, AnyEphemeralResource, AnyFunction, AnyListResource, AnyResource, AnyType,
};
use crate::model::{Model as _, Operation};
use crate::provider::{Provider, Types};
use crate::schema::{IdentitySchema, Kind, Schema};
use crate::timeouts;
use crate::value::Dyn;

/// The result of a call that returns only diagnostics.
pub type Diags = Vec<Diag>;

/// A provider behind the calls of the protocol. Cheap to clone.
///
/// An author's code runs on the thread of the caller: give each call a thread of its own. A panic in it becomes a
/// diagnostic. A call that is dropped ends where it is, so drop none that may have changed an object, except through
/// [`attended`](super::attended).
#[derive(Clone)]
pub struct Engine(pub(super) Arc<Core>);

/// The data that all calls to one provider share.
pub(super) struct Core {
    pub(super) provider: Arc<dyn AnyProvider>,
    pub(super) resources: Registry<dyn AnyResource>,
    pub(super) data_sources: Registry<dyn AnyDataSource>,
    pub(super) ephemeral_resources: Registry<dyn AnyEphemeralResource>,
    pub(super) actions: Registry<dyn AnyAction>,
    pub(super) functions: BTreeMap<&'static str, Arc<dyn AnyFunction>>,
    pub(super) list_resources: Registry<dyn AnyListResource>,
    /// Builds the schema of `provider_meta` blocks, if the provider has one.
    make_meta: Option<fn() -> Schema>,
    meta: OnceLock<Option<Schema>>,
    pub(super) shared: Arc<Shared>,
    /// Errors found while the types were registered.
    pub(super) problems: Diags,
    /// Whether the warning about unknown provider values was already shown.
    pub(super) warned: AtomicBool,
}

impl Engine {
    /// Creates an engine for a provider. Schemas are built on first use.
    pub fn new<P: Provider>(provider: P) -> Self {
        Self::sharing(Arc::new(provider))
    }

    /// Creates an engine for a provider that other engines use as well. Each has its own configuration, client and run:
    /// a process that serves many hosts has an engine for each of them.
    pub fn sharing<P: Provider>(provider: Arc<P>) -> Self {
        let types = P::register(Types::default());
        let prefix = P::Config::type_name();
        let mut problems = Vec::new();
        let resources = Registry::new(Kind::Resource, prefix, types.resources, &mut problems);
        let data_sources = Registry::new(Kind::DataSource, prefix, types.data_sources, &mut problems);
        let ephemeral_resources =
            Registry::new(Kind::EphemeralResource, prefix, types.ephemeral_resources, &mut problems);
        let actions = Registry::new(Kind::Action, prefix, types.actions, &mut problems);
        let functions = by_name(types.functions, &mut problems);
        let list_resources = Registry::new(Kind::ListResource, prefix, types.list_resources, &mut problems);
        Self(Arc::new(Core {
            provider: Arc::new(ErasedProvider::new(provider, types.connection)),
            resources,
            data_sources,
            actions,
            ephemeral_resources,
            functions,
            list_resources,
            make_meta: types.meta,
            meta: OnceLock::new(),
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

    /// Returns the schema of `provider_meta` blocks, in which a module tells something to the provider; `None` if the
    /// provider has none.
    pub fn provider_meta_schema(&self) -> Option<&Schema> {
        self.0.meta.get_or_init(|| self.0.make_meta.map(|make| make())).as_ref()
    }

    /// Returns the full names of all types of a kind, sorted.
    pub fn names(&self, kind: Kind) -> Vec<&str> {
        self.0.types(kind).into_iter().map(|(name, _)| name).collect()
    }

    /// Returns the schema of a type, by its full name.
    pub fn schema(&self, kind: Kind, type_name: &str) -> Option<&Schema> {
        Some(self.0.find(kind, type_name)?.schema())
    }

    /// Returns the identity schema of a resource type, by its full name; `None` if the type has no identity.
    pub fn identity_schema(&self, type_name: &str) -> Option<IdentitySchema> {
        let resource = self.0.resources.find(type_name)?;
        let (version, attributes) = (resource.identity_version(), resource.identity());
        (!attributes.is_empty()).then_some(IdentitySchema { version, attributes })
    }

    /// Returns the types whose objects can be moved to a resource type, each with the address of its provider.
    pub fn sources(&self, type_name: &str) -> Vec<(&'static str, &'static str)> {
        self.0.resources.find(type_name).map(|resource| resource.sources()).unwrap_or_default()
    }

    /// Returns the default timeout of an operation on a type of a kind, by its full name.
    pub fn default_timeout(&self, kind: Kind, type_name: &str, operation: Operation) -> Option<Duration> {
        match kind {
            Kind::Resource => self.0.resources.find(type_name).map(|one| one.timeout(operation)),
            Kind::DataSource => self.0.data_sources.find(type_name).map(|one| one.timeout()),
            Kind::EphemeralResource => self.0.ephemeral_resources.find(type_name).map(|one| one.timeout()),
            Kind::ListResource => self.0.list_resources.find(type_name).map(|one| one.timeout()),
            Kind::Action => self.0.actions.find(type_name).map(|one| one.timeout()),
        }
    }

    /// Forgets what was planned, because a new run begins. A host starts one process per run; a test harness plays
    /// several runs in one process.
    pub fn begin_run(&self) {
        self.0.begin_run();
    }

    /// Asks all operations to end soon. Calls are still served, so that incomplete objects reach the state. Never
    /// blocks. Call [`stop`](Self::stop) afterwards.
    pub fn request_stop(&self) {
        self.0.shared.stop.set();
    }

    /// Asks all operations to end soon, as [`request_stop`](Self::request_stop), and tells the author's client.
    pub fn stop(&self) {
        self.request_stop();
        self.0.provider.stop();
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Engine").field(&self.name()).finish()
    }
}

impl Core {
    /// Forgets what belongs to the last run.
    pub(super) fn begin_run(&self) {
        self.shared.run.begin();
        self.warned.store(false, Ordering::Relaxed);
    }

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

    /// Returns the types of a kind with their full names, sorted.
    pub(super) fn types(&self, kind: Kind) -> Vec<(&str, &dyn AnyType)> {
        match kind {
            Kind::Resource => self.resources.iter().map(|(name, one)| (name, &**one as _)).collect(),
            Kind::DataSource => self.data_sources.iter().map(|(name, one)| (name, &**one as _)).collect(),
            Kind::EphemeralResource => {
                self.ephemeral_resources.iter().map(|(name, one)| (name, &**one as _)).collect()
            }
            Kind::Action => self.actions.iter().map(|(name, one)| (name, &**one as _)).collect(),
            Kind::ListResource => self.list_resources.iter().map(|(name, one)| (name, &**one as _)).collect(),
        }
    }

    /// Returns a type of a kind by its full name, or the error that the provider does not have it.
    pub(super) fn any(&self, kind: Kind, type_name: &str) -> Result<Arc<dyn AnyType>, Diag> {
        match kind {
            Kind::Resource => self.resources.get(type_name).map(|one| one as _),
            Kind::DataSource => self.data_sources.get(type_name).map(|one| one as _),
            Kind::EphemeralResource => self.ephemeral_resources.get(type_name).map(|one| one as _),
            Kind::Action => self.actions.get(type_name).map(|one| one as _),
            Kind::ListResource => self.list_resources.get(type_name).map(|one| one as _),
        }
    }

    /// Returns a type of a kind by its full name.
    fn find(&self, kind: Kind, type_name: &str) -> Option<&dyn AnyType> {
        match kind {
            Kind::Resource => self.resources.find(type_name).map(|one| &**one as _),
            Kind::DataSource => self.data_sources.find(type_name).map(|one| &**one as _),
            Kind::EphemeralResource => self.ephemeral_resources.find(type_name).map(|one| &**one as _),
            Kind::Action => self.actions.find(type_name).map(|one| &**one as _),
            Kind::ListResource => self.list_resources.find(type_name).map(|one| &**one as _),
        }
    }

    pub(super) fn resource(&self, type_name: &str) -> Result<Arc<dyn AnyResource>, Diag> {
        self.resources.get(type_name)
    }

    pub(super) fn data_source(&self, type_name: &str) -> Result<Arc<dyn AnyDataSource>, Diag> {
        self.data_sources.get(type_name)
    }

    pub(super) fn ephemeral_resource(&self, type_name: &str) -> Result<Arc<dyn AnyEphemeralResource>, Diag> {
        self.ephemeral_resources.get(type_name)
    }

    pub(super) fn action(&self, type_name: &str) -> Result<Arc<dyn AnyAction>, Diag> {
        self.actions.get(type_name)
    }

    pub(super) fn list_resource(&self, type_name: &str) -> Result<Arc<dyn AnyListResource>, Diag> {
        self.list_resources.get(type_name)
    }
}
