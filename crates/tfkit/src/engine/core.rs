//! The provider behind the engine's door, and what all calls share.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, RwLock};
use std::time::Duration;

use super::erased::{AnyDataSource, AnyResource, Work};
use super::{
    ApplyRequest, ConfigureRequest, DataSourceRequest, Diags, IdentitySchema, ImportRequest, PlanRequest,
    PlanResponse, ReadRequest, Stored, UpgradeRequest, ValidateRequest, problems, sensitive,
};
use crate::cx::{Access, Cx, Notes, Private, Shared};
use crate::diag::Diag;
use crate::model::{Model, Operation};
use crate::provider::{Provider, Types};
use crate::schema::Schema;
use crate::timeouts;
use crate::value::Dyn;

/// The engine of one provider, with its type erased. One method per call of the protocol.
pub(super) trait Door: Send + Sync {
    fn name(&self) -> &'static str;
    fn provider_schema(&self) -> &Schema;
    fn resources(&self) -> Vec<&str>;
    fn data_sources(&self) -> Vec<&str>;
    fn resource_schema(&self, type_name: &str) -> Option<&Schema>;
    fn data_source_schema(&self, type_name: &str) -> Option<&Schema>;
    fn identity_schema(&self, type_name: &str) -> Option<IdentitySchema>;
    fn problems(&self) -> Diags;
    fn validate_provider(self: Arc<Self>, config: Dyn) -> Work<Diags>;
    fn configure(self: Arc<Self>, request: ConfigureRequest) -> Work<Diags>;
    fn validate_resource(self: Arc<Self>, request: ValidateRequest) -> Work<Diags>;
    fn validate_data_source(self: Arc<Self>, request: ValidateRequest) -> Work<Diags>;
    fn upgrade(self: Arc<Self>, request: UpgradeRequest) -> Work<(Dyn, Diags)>;
    fn read(self: Arc<Self>, request: ReadRequest) -> Work<Stored>;
    fn plan(self: Arc<Self>, request: PlanRequest) -> Work<PlanResponse>;
    fn apply(self: Arc<Self>, request: ApplyRequest) -> Work<Stored>;
    fn import(self: Arc<Self>, request: ImportRequest) -> Work<Stored>;
    fn read_data_source(self: Arc<Self>, request: DataSourceRequest) -> Work<(Dyn, Diags)>;
    fn begin_run(&self);
    fn stop(&self);
}

/// What all calls to one provider share.
pub(super) struct Core<P: Provider> {
    pub(super) provider: P,
    pub(super) provider_schema: LazyLock<Schema>,
    pub(super) resources: BTreeMap<String, Arc<dyn AnyResource<P::Client>>>,
    pub(super) data_sources: BTreeMap<String, Arc<dyn AnyDataSource<P::Client>>>,
    pub(super) access: RwLock<Access<P::Client>>,
    pub(super) shared: Arc<Shared>,
    /// Mistakes found while the types were registered.
    problems: Diags,
    /// The warning about unknown provider values was given.
    pub(super) warned: AtomicBool,
}

impl<P: Provider> Core<P> {
    pub(super) fn new(provider: P) -> Self {
        let types = P::register(Types::default());
        let prefix = P::Config::type_name();
        let mut problems = Vec::new();
        let mut resources = BTreeMap::new();
        for resource in types.resources {
            let name = format!("{prefix}_{}", resource.type_name());
            if resources.insert(name.clone(), resource).is_some() {
                problems.push(Diag::bug(format!("Two types of resources are named {name}")));
            }
        }
        let mut data_sources = BTreeMap::new();
        for data_source in types.data_sources {
            let name = format!("{prefix}_{}", data_source.type_name());
            if data_sources.insert(name.clone(), data_source).is_some() {
                problems.push(Diag::bug(format!("Two data sources are named {name}")));
            }
        }
        Self {
            provider,
            provider_schema: LazyLock::new(|| P::Config::schema(0)),
            resources,
            data_sources,
            access: RwLock::new(Access::None),
            shared: Arc::default(),
            problems,
            warned: AtomicBool::new(false),
        }
    }

    pub(super) fn access(&self) -> Access<P::Client> {
        self.access.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The context of an operation; `object` may say how long it may take.
    pub(super) fn cx(
        &self,
        operation: Operation,
        object: &Dyn,
        timeout: Duration,
        notes: &SharedNotes,
    ) -> Cx<P::Client> {
        let timeout = timeouts::of(object, operation).unwrap_or(timeout);
        Cx::new(self.access(), Arc::clone(&self.shared), operation, timeout, Arc::clone(notes))
    }

    /// Tells the client what is sensitive in these objects of a type.
    pub(super) fn conceal(&self, schema: &Schema, objects: &[&Dyn]) {
        let Access::Ready(client) = self.access() else { return };
        let secrets = sensitive::values(&schema.attributes, objects);
        if !secrets.is_empty() {
            P::conceal(&client, &secrets);
        }
    }

    pub(super) fn resource(&self, type_name: &str) -> Result<Arc<dyn AnyResource<P::Client>>, Diag> {
        self.resources.get(type_name).cloned().ok_or_else(|| unknown_type("resource", type_name))
    }

    pub(super) fn data_source(&self, type_name: &str) -> Result<Arc<dyn AnyDataSource<P::Client>>, Diag> {
        self.data_sources.get(type_name).cloned().ok_or_else(|| unknown_type("data source", type_name))
    }
}

fn unknown_type(kind: &str, type_name: &str) -> Diag {
    Diag::error(format!("The provider has no {kind} named {type_name}"))
        .why("The configuration or the state was written for another release of the provider.")
        .fix("Check the type's name, or the version of the provider that the configuration requires.")
}

/// Notes of an operation, shared with its task.
pub(super) type SharedNotes = Arc<Mutex<Notes>>;

/// Notes that start with what an earlier operation kept beside the state.
pub(super) fn notes(private: &[u8]) -> SharedNotes {
    Arc::new(Mutex::new(Notes { private: Private::from_bytes(private), ..Notes::default() }))
}

impl<P: Provider> Door for Core<P> {
    fn name(&self) -> &'static str {
        P::Config::type_name()
    }

    fn provider_schema(&self) -> &Schema {
        &self.provider_schema
    }

    fn resources(&self) -> Vec<&str> {
        self.resources.keys().map(String::as_str).collect()
    }

    fn data_sources(&self) -> Vec<&str> {
        self.data_sources.keys().map(String::as_str).collect()
    }

    fn resource_schema(&self, type_name: &str) -> Option<&Schema> {
        self.resources.get(type_name).map(|resource| resource.schema())
    }

    fn data_source_schema(&self, type_name: &str) -> Option<&Schema> {
        self.data_sources.get(type_name).map(|data_source| data_source.schema())
    }

    fn identity_schema(&self, type_name: &str) -> Option<IdentitySchema> {
        let attributes = self.resources.get(type_name)?.identity();
        (!attributes.is_empty()).then_some(IdentitySchema { version: 0, attributes })
    }

    fn problems(&self) -> Diags {
        let mut problems = self.problems.clone();
        problems.extend(problems::of_schema(
            "provider block",
            &self.provider_schema,
            problems::RESERVED_IN_PROVIDER,
        ));
        for (name, resource) in &self.resources {
            problems.extend(problems::of_schema(name, resource.schema(), problems::RESERVED));
            problems.extend(problems::of_identity(name, &resource.identity()));
        }
        for (name, source) in &self.data_sources {
            let name = format!("data source {name}");
            problems.extend(problems::of_schema(&name, source.schema(), problems::RESERVED));
        }
        problems
    }

    fn validate_provider(self: Arc<Self>, config: Dyn) -> Work<Diags> {
        Box::pin(async move { Self::validate_provider(&self, config).await })
    }

    fn configure(self: Arc<Self>, request: ConfigureRequest) -> Work<Diags> {
        Box::pin(async move { Self::configure(&self, request).await })
    }

    fn validate_resource(self: Arc<Self>, request: ValidateRequest) -> Work<Diags> {
        Box::pin(async move { Self::validate_resource(&self, request).await })
    }

    fn validate_data_source(self: Arc<Self>, request: ValidateRequest) -> Work<Diags> {
        Box::pin(async move { Self::validate_data_source(&self, request).await })
    }

    fn upgrade(self: Arc<Self>, request: UpgradeRequest) -> Work<(Dyn, Diags)> {
        Box::pin(async move { Self::upgrade(&self, request).await })
    }

    fn read(self: Arc<Self>, request: ReadRequest) -> Work<Stored> {
        Box::pin(async move { Self::read(&self, request).await })
    }

    fn plan(self: Arc<Self>, request: PlanRequest) -> Work<PlanResponse> {
        Box::pin(async move { Self::plan(&self, request).await })
    }

    fn apply(self: Arc<Self>, request: ApplyRequest) -> Work<Stored> {
        Box::pin(async move { Self::apply(&self, request).await })
    }

    fn import(self: Arc<Self>, request: ImportRequest) -> Work<Stored> {
        Box::pin(async move { Self::import(&self, request).await })
    }

    fn read_data_source(self: Arc<Self>, request: DataSourceRequest) -> Work<(Dyn, Diags)> {
        Box::pin(async move { Self::read_data_source(&self, request).await })
    }

    fn begin_run(&self) {
        self.shared.run.begin();
    }

    fn stop(&self) {
        self.shared.stop.set();
        if let Access::Ready(client) = self.access() {
            P::stop(&client);
        }
    }
}
