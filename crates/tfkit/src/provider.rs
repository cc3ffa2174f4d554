//! The trait that a provider author implements for the provider itself.

use std::future::Future;
use std::sync::Arc;

use crate::action::Action;
use crate::cx::{Connection, lock};
use crate::data_source::DataSource;
use crate::diag::Diag;
use crate::ephemeral_resource::EphemeralResource;
use crate::erased::{
    AnyAction, AnyDataSource, AnyEphemeralResource, AnyFunction, AnyListResource, AnyResource, ErasedAction,
    ErasedDataSource, ErasedEphemeralResource, ErasedFunction, ErasedListResource, ErasedResource,
};
use crate::function::Function;
use crate::list_resource::ListResource;
use crate::model::{Model, Object, Partial};
use crate::resource::Resource;
use crate::schema::{About, Schema};
use crate::value::Path;

/// A provider: its configuration, its client and its types.
pub trait Provider: Send + Sync + 'static {
    /// The provider block. Its model's name is the prefix of all type names.
    type Config: Model;

    /// The client that the configuration creates, shared by all operations.
    type Client: Send + Sync + 'static;

    /// Registers the types, one line each. It is cheap: schemas are built on first use.
    fn register(types: Types<Self::Client>) -> Types<Self::Client>;

    /// Creates the client. The engine calls it once per process, before any operation. During planning, values may be
    /// unknown, which is not an error by itself: return those that are needed in [`Configured::Unknown`].
    fn configure(
        &self,
        config: &Partial<Self::Config>,
        start: &Start,
    ) -> impl Future<Output = Result<Configured<Self::Client>, Diag>> + Send;

    /// Receives the sensitive values of the state, plan and configuration before each operation, so that the client
    /// can mask them in errors: a server may repeat them in any response.
    fn conceal(client: &Self::Client, secrets: &[String]) {
        let _ = (client, secrets);
    }

    /// Called when the user asks to stop, so that the client stops waiting and starts nothing new. Running operations
    /// check [`Cx::stopped`](crate::cx::Cx::stopped).
    fn stop(client: &Self::Client) {
        let _ = client;
    }

    /// Checks a provider block beyond the checks of its attributes. Pure and offline. Returns nothing while a needed
    /// value is unknown.
    fn validate(config: &Partial<Self::Config>) -> Vec<Diag> {
        let _ = config;
        Vec::new()
    }
}

/// Context of the provider's configuration: the version of the host, and warnings.
#[derive(Debug)]
pub struct Start {
    /// Version of the host.
    pub host_version: String,
    warnings: std::sync::Mutex<Vec<Diag>>,
}

impl Start {
    pub(crate) fn new(host_version: String) -> Self {
        Self { host_version, warnings: std::sync::Mutex::default() }
    }

    /// Shows a warning to the user. The operation continues.
    pub fn warn(&self, diag: Diag) {
        lock(&self.warnings).push(diag.as_warning());
    }

    pub(crate) fn take_warnings(&self) -> Vec<Diag> {
        std::mem::take(&mut *lock(&self.warnings))
    }
}

/// The result of configuring a provider.
#[derive(Debug)]
pub enum Configured<Client> {
    /// The way to the API.
    Ready(Client),
    /// The client needs these values of the provider block, which are known only after an apply. Creations can be
    /// planned, a refresh keeps the state, and operations that need the client fail with an error that names the
    /// values.
    Unknown(Vec<Path>),
}

/// The types of a provider.
pub struct Types<Client> {
    pub(crate) connection: Arc<Connection<Client>>,
    pub(crate) resources: Vec<Arc<dyn AnyResource>>,
    pub(crate) data_sources: Vec<Arc<dyn AnyDataSource>>,
    pub(crate) ephemeral_resources: Vec<Arc<dyn AnyEphemeralResource>>,
    pub(crate) actions: Vec<Arc<dyn AnyAction>>,
    pub(crate) functions: Vec<Arc<dyn AnyFunction>>,
    pub(crate) list_resources: Vec<Arc<dyn AnyListResource>>,
    pub(crate) meta: Option<fn() -> Schema>,
}

impl<Client> std::fmt::Debug for Types<Client> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let resources: Vec<_> = self.resources.iter().map(|resource| resource.type_name()).collect();
        let data_sources: Vec<_> = self.data_sources.iter().map(|source| source.type_name()).collect();
        let ephemeral_resources: Vec<_> =
            self.ephemeral_resources.iter().map(|one| one.type_name()).collect();
        let actions: Vec<_> = self.actions.iter().map(|action| action.type_name()).collect();
        let functions: Vec<_> = self.functions.iter().map(|one| one.name()).collect();
        let lists: Vec<_> = self.list_resources.iter().map(|list| list.type_name()).collect();
        formatter
            .debug_struct("Types")
            .field("resources", &resources)
            .field("data_sources", &data_sources)
            .field("ephemeral_resources", &ephemeral_resources)
            .field("actions", &actions)
            .field("functions", &functions)
            .field("list_resources", &lists)
            .finish_non_exhaustive()
    }
}

impl<Client> Default for Types<Client> {
    fn default() -> Self {
        Self {
            connection: Arc::default(),
            resources: Vec::new(),
            data_sources: Vec::new(),
            ephemeral_resources: Vec::new(),
            actions: Vec::new(),
            functions: Vec::new(),
            list_resources: Vec::new(),
            meta: None,
        }
    }
}

impl<Client: Send + Sync + 'static> Types<Client> {
    /// Adds a resource type.
    #[must_use]
    pub fn resource<R: Resource<Client = Client>>(mut self) -> Self {
        self.resources.push(Arc::new(ErasedResource::<R>::new(Arc::clone(&self.connection))));
        self
    }

    /// Adds a data source type.
    #[must_use]
    pub fn data_source<D: DataSource<Client = Client>>(mut self) -> Self {
        self.data_sources.push(Arc::new(ErasedDataSource::<D>::new(Arc::clone(&self.connection))));
        self
    }

    /// Adds an ephemeral resource type.
    #[must_use]
    pub fn ephemeral_resource<E: EphemeralResource<Client = Client>>(mut self) -> Self {
        let erased = ErasedEphemeralResource::<E>::new(Arc::clone(&self.connection));
        self.ephemeral_resources.push(Arc::new(erased));
        self
    }

    /// Sets the arguments of `provider_meta` blocks, in which a module tells something to the provider about its
    /// objects, such as its own version. Read them with [`Cx::provider_meta`](crate::Cx::provider_meta).
    #[must_use]
    pub fn provider_meta<M: Object>(mut self) -> Self {
        self.meta = Some(|| Schema {
            version: 0,
            description: String::new(),
            deprecated: None,
            attributes: M::attributes(),
            rules: Vec::new(),
            about: About::default(),
        });
        self
    }

    /// Adds an action type.
    #[must_use]
    pub fn action<A: Action<Client = Client>>(mut self) -> Self {
        self.actions.push(Arc::new(ErasedAction::<A>::new(Arc::clone(&self.connection))));
        self
    }

    /// Adds a function.
    #[must_use]
    pub fn function<F: Function>(mut self) -> Self {
        self.functions.push(Arc::new(ErasedFunction::<F>::new()));
        self
    }

    /// Adds a list of the objects of a resource type, which is also registered as a [`resource`](Self::resource).
    #[must_use]
    pub fn list_resource<L: ListResource>(mut self) -> Self
    where
        L::Resource: Resource<Client = Client>,
    {
        self.list_resources.push(Arc::new(ErasedListResource::<L>::new(Arc::clone(&self.connection))));
        self
    }
}
