//! One function per remote call of the plugin protocol, in the framework's own types.
//!
//! `tfkit-serve` decodes a request, calls one of these and encodes the answer; the in-process test harness calls
//! them directly. None of them panics, and none of them fails as a call: whatever goes wrong is a [`Diag`].

mod apply;
mod batch;
mod configure;
mod core;
pub(crate) mod erased;
mod import;
mod outcome;
mod plan;
mod problems;
mod read;
mod read_data_source;
mod sensitive;
mod task;
mod upgrade;
mod validate;

use std::fmt;
use std::sync::Arc;

use self::core::{Core, Door};
use crate::provider::Provider;
use crate::schema::Schema;
pub use crate::schema::{IdentityAttribute, IdentitySchema};
use crate::{Diag, Dyn, Path};

/// A provider behind the calls of the protocol. Cheap to clone.
///
/// Each call of an author's code runs in a task of its own: a panic becomes a diagnostic, and a caller that goes
/// away does not cut a half-made object off.
#[derive(Clone)]
pub struct Engine(Arc<dyn Door>);

/// A request to configure the provider.
#[derive(Clone, Debug)]
pub struct ConfigureRequest {
    /// Version text of the host.
    pub host_version: String,
    /// The provider block; values may be unknown while planning.
    pub config: Dyn,
}

/// A request to check the configuration of a resource.
#[derive(Clone, Debug)]
pub struct ValidateRequest {
    /// Full type name, with the provider's prefix.
    pub type_name: String,
    /// The configuration; values may be unknown.
    pub config: Dyn,
    /// The host understands write-only attributes.
    pub write_only_allowed: bool,
}

/// State as the host stored it.
#[derive(Clone, Debug)]
pub struct UpgradeRequest {
    /// Full type name.
    pub type_name: String,
    /// Version of the schema that wrote it.
    pub version: i64,
    /// The stored attributes, as JSON text.
    pub json: Vec<u8>,
}

/// A request to read a resource again.
#[derive(Clone, Debug)]
pub struct ReadRequest {
    /// Full type name.
    pub type_name: String,
    /// What the state holds.
    pub state: Dyn,
    /// Private bytes that belong to the state.
    pub private: Vec<u8>,
    /// Identity that the state holds; null when it has none yet.
    pub identity: Dyn,
}

/// What a read, an apply or an import leaves behind.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The new state; null when the object is gone.
    pub state: Dyn,
    /// The new private bytes.
    pub private: Vec<u8>,
    /// The new identity; null where the type has none or the object is gone.
    pub identity: Dyn,
    /// What the user is told.
    pub diags: Vec<Diag>,
}

/// A request to plan a change: `prior` is null for a creation, `proposed` and `config` are null for a deletion.
#[derive(Clone, Debug)]
pub struct PlanRequest {
    /// Full type name.
    pub type_name: String,
    /// What the state holds.
    pub prior: Dyn,
    /// The host's merge of state and configuration.
    pub proposed: Dyn,
    /// The configuration.
    pub config: Dyn,
    /// Private bytes that belong to the state.
    pub private: Vec<u8>,
    /// Identity that the state holds.
    pub identity: Dyn,
}

/// A planned change.
#[derive(Clone, Debug)]
pub struct PlanResponse {
    /// What the object will be.
    pub planned: Dyn,
    /// Attributes whose change replaces the object.
    pub requires_replace: Vec<Path>,
    /// Private bytes for the apply.
    pub private: Vec<u8>,
    /// Planned identity.
    pub identity: Dyn,
    /// What the user is told.
    pub diags: Vec<Diag>,
}

/// A request to carry out a planned change.
#[derive(Clone, Debug)]
pub struct ApplyRequest {
    /// Full type name.
    pub type_name: String,
    /// What the state holds; null for a creation.
    pub prior: Dyn,
    /// The plan; null for a deletion.
    pub planned: Dyn,
    /// The configuration, wholly known; null for a deletion.
    pub config: Dyn,
    /// Private bytes of the plan.
    pub private: Vec<u8>,
    /// Planned identity.
    pub identity: Dyn,
}

/// A request to read a data source.
#[derive(Clone, Debug)]
pub struct DataSourceRequest {
    /// Full type name, with the provider's prefix.
    pub type_name: String,
    /// The configuration, wholly known.
    pub config: Dyn,
}

/// A request to import an object.
#[derive(Clone, Debug)]
pub struct ImportRequest {
    /// Full type name.
    pub type_name: String,
    /// What the user wrote.
    pub by: ImportBy,
}

/// How an import names its object.
#[derive(Clone, Debug)]
pub enum ImportBy {
    /// By a string.
    Id(String),
    /// By a resource identity.
    Identity(Dyn),
}

/// What a call leaves to say when it has no other answer.
pub type Diags = Vec<Diag>;

impl Engine {
    /// Takes a provider in. Nothing is built yet.
    pub fn new<P: Provider>(provider: P) -> Self {
        Self(Arc::new(Core::new(provider)))
    }

    /// The prefix of all type names.
    pub fn name(&self) -> &'static str {
        self.0.name()
    }

    /// Schema of the provider block.
    pub fn provider_schema(&self) -> &Schema {
        self.0.provider_schema()
    }

    /// Full names of all types of resources, sorted.
    pub fn resources(&self) -> Vec<&str> {
        self.0.resources()
    }

    /// Full names of all data sources, sorted.
    pub fn data_sources(&self) -> Vec<&str> {
        self.0.data_sources()
    }

    /// Schema of a type of resource, by its full name.
    pub fn resource_schema(&self, type_name: &str) -> Option<&Schema> {
        self.0.resource_schema(type_name)
    }

    /// Schema of a data source, by its full name.
    pub fn data_source_schema(&self, type_name: &str) -> Option<&Schema> {
        self.0.data_source_schema(type_name)
    }

    /// Identity of a type of resource, by its full name; none where the type has none.
    pub fn identity_schema(&self, type_name: &str) -> Option<IdentitySchema> {
        self.0.identity_schema(type_name)
    }

    /// Mistakes in the schemas and names of the provider, to be reported with its schema.
    pub fn problems(&self) -> Diags {
        self.0.problems()
    }

    /// Checks the provider block.
    pub async fn validate_provider(&self, config: Dyn) -> Diags {
        Arc::clone(&self.0).validate_provider(config).await
    }

    /// Configures the provider.
    pub async fn configure(&self, request: ConfigureRequest) -> Diags {
        Arc::clone(&self.0).configure(request).await
    }

    /// Checks the configuration of a resource.
    pub async fn validate_resource(&self, request: ValidateRequest) -> Diags {
        Arc::clone(&self.0).validate_resource(request).await
    }

    /// Checks the configuration of a data source.
    pub async fn validate_data_source(&self, request: ValidateRequest) -> Diags {
        Arc::clone(&self.0).validate_data_source(request).await
    }

    /// Brings stored state to the current schema; null with an error when that fails.
    pub async fn upgrade(&self, request: UpgradeRequest) -> (Dyn, Diags) {
        Arc::clone(&self.0).upgrade(request).await
    }

    /// Reads a resource again.
    pub async fn read(&self, request: ReadRequest) -> Stored {
        Arc::clone(&self.0).read(request).await
    }

    /// Plans a change.
    pub async fn plan(&self, request: PlanRequest) -> PlanResponse {
        Arc::clone(&self.0).plan(request).await
    }

    /// Carries out a planned change.
    pub async fn apply(&self, request: ApplyRequest) -> Stored {
        Arc::clone(&self.0).apply(request).await
    }

    /// Imports an object; the state is null when that fails.
    pub async fn import(&self, request: ImportRequest) -> Stored {
        Arc::clone(&self.0).import(request).await
    }

    /// Reads a data source; null with an error when that fails.
    pub async fn read_data_source(&self, request: DataSourceRequest) -> (Dyn, Diags) {
        Arc::clone(&self.0).read_data_source(request).await
    }

    /// Forgets what was planned before, because another run begins. A host starts a process for each run; this is for what
    /// plays several in one.
    pub fn begin_run(&self) {
        self.0.begin_run();
    }

    /// Tells all operations to end soon. Calls are still served, so that half-made objects reach the state.
    pub fn stop(&self) {
        self.0.stop();
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Engine").field(&self.name()).finish()
    }
}

/// The error of a call that cannot wait for values of the provider block.
pub(crate) fn unknown_provider(paths: &[Path]) -> Diag {
    let names: Vec<String> = paths.iter().map(ToString::to_string).collect();
    let names = names.join(", ");
    Diag::error(format!("The provider's configuration is not known yet: {names}"))
        .why(
            "These arguments of the provider block depend on objects that are created in the same run, and this \
             operation needs the server now.",
        )
        .fix(
            "Give the arguments values that are known while planning, or create what they depend on first:\n  \
             terraform apply -target=ADDRESS",
        )
}
