//! What a provider author implements for the provider itself.

use std::future::Future;
use std::sync::Arc;

use crate::cx::{Connection, lock};
use crate::data_source::DataSource;
use crate::diag::Diag;
use crate::erased::{AnyDataSource, AnyResource, ErasedDataSource, ErasedResource};
use crate::model::{Model, Partial};
use crate::resource::Resource;
use crate::value::Path;

/// A provider: its configuration, its client and its types.
pub trait Provider: Send + Sync + 'static {
    /// The provider block. Its model's name is the prefix of all type names.
    type Config: Model;

    /// What the configuration makes: the way to the API, shared by all operations.
    type Client: Send + Sync + 'static;

    /// Lists the types, one line each. Cheap: nothing is built before it is used.
    fn register(types: Types<Self::Client>) -> Types<Self::Client>;

    /// Makes the client. Called once per process before any operation; while planning, values may be unknown, and
    /// that is never an error by itself: say which ones are needed with [`Configured::Unknown`].
    fn configure(
        &self,
        config: &Partial<Self::Config>,
        start: &Start,
    ) -> impl Future<Output = Result<Configured<Self::Client>, Diag>> + Send;

    /// Called before each operation with what is sensitive in its state, plan and configuration, so that the client can
    /// keep it out of errors: a server may repeat in any answer what it knows.
    fn conceal(client: &Self::Client, secrets: &[String]) {
        let _ = (client, secrets);
    }

    /// Called when the user asks to stop, so that the client ends its waits and lets nothing new begin. Operations that
    /// run learn of it from [`Cx::stopped`](crate::cx::Cx::stopped).
    fn stop(client: &Self::Client) {
        let _ = client;
    }

    /// Checks a provider block beyond what its attributes say. Pure and offline; quiet while a value is unknown.
    fn validate(config: &Partial<Self::Config>) -> Vec<Diag> {
        let _ = config;
        Vec::new()
    }
}

/// What a provider learns when it is configured, and where it can warn.
#[derive(Debug)]
pub struct Start {
    /// Version text of the host.
    pub host_version: String,
    warnings: std::sync::Mutex<Vec<Diag>>,
}

impl Start {
    pub(crate) fn new(host_version: String) -> Self {
        Self { host_version, warnings: std::sync::Mutex::default() }
    }

    /// Tells the user something; the operation goes on.
    pub fn warn(&self, diag: Diag) {
        lock(&self.warnings).push(diag.as_warning());
    }

    pub(crate) fn take_warnings(&self) -> Vec<Diag> {
        std::mem::take(&mut *lock(&self.warnings))
    }
}

/// What became of a provider block.
#[derive(Debug)]
pub enum Configured<Client> {
    /// The way to the API.
    Ready(Client),
    /// These values of the provider block are needed and are known only after an apply. Creations can be planned, a
    /// refresh keeps the state, and what cannot wait fails with an error that names them.
    Unknown(Vec<Path>),
}

/// The types of a provider.
pub struct Types<Client> {
    pub(crate) connection: Arc<Connection<Client>>,
    pub(crate) resources: Vec<Arc<dyn AnyResource>>,
    pub(crate) data_sources: Vec<Arc<dyn AnyDataSource>>,
}

impl<Client> std::fmt::Debug for Types<Client> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let resources: Vec<_> = self.resources.iter().map(|resource| resource.type_name()).collect();
        let data_sources: Vec<_> = self.data_sources.iter().map(|source| source.type_name()).collect();
        formatter
            .debug_struct("Types")
            .field("resources", &resources)
            .field("data_sources", &data_sources)
            .finish_non_exhaustive()
    }
}

impl<Client> Default for Types<Client> {
    fn default() -> Self {
        Self { connection: Arc::default(), resources: Vec::new(), data_sources: Vec::new() }
    }
}

impl<Client: Send + Sync + 'static> Types<Client> {
    /// Adds a type of resource.
    #[must_use]
    pub fn resource<R: Resource<Client = Client>>(mut self) -> Self {
        self.resources.push(Arc::new(ErasedResource::<R>::new(Arc::clone(&self.connection))));
        self
    }

    /// Adds a type of data source.
    #[must_use]
    pub fn data_source<D: DataSource<Client = Client>>(mut self) -> Self {
        self.data_sources.push(Arc::new(ErasedDataSource::<D>::new(Arc::clone(&self.connection))));
        self
    }
}
