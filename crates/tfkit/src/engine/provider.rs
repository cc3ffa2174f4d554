//! Providers, type-erased to values.

use std::sync::{Arc, LazyLock};

use crate::cx::{Access, Connection};
use crate::diag::Diag;
use crate::erased::Work;
use crate::field::Misfit;
use crate::model::{Model as _, Object as _, Partial};
use crate::provider::{Configured, Provider, Start};
use crate::schema::Schema;
use crate::value::{Dyn, Path};

/// Makes the new client available to all operations.
pub(super) type Connect = Box<dyn FnOnce() + Send>;

/// A provider.
pub(super) trait AnyProvider: Send + Sync {
    /// Returns the prefix of all type names.
    fn name(&self) -> &'static str;
    fn schema(&self) -> &Schema;
    fn misfits(&self, config: &Dyn) -> Vec<Misfit>;
    fn validate(&self, config: Dyn) -> Vec<Diag>;
    fn configure(&self, config: Dyn, start: Arc<Start>) -> Work<Result<Connect, Diag>>;
    /// Removes the client, because the last configuration failed with this error.
    fn disconnect(&self, error: Diag);
    /// Returns the unknown values of the provider block that the client depends on; `None` if all are known.
    fn waits_for(&self) -> Option<Arc<[Path]>>;
    /// Passes sensitive values to the client. They are collected only if there is a client.
    fn conceal(&self, secrets: &dyn Fn() -> Vec<String>);
    fn stop(&self);
}

pub(super) struct ErasedProvider<P: Provider> {
    provider: Arc<P>,
    schema: LazyLock<Schema>,
    connection: Arc<Connection<P::Client>>,
}

impl<P: Provider> ErasedProvider<P> {
    /// Erases the type of a provider. Its types share `connection`.
    pub(super) fn new(provider: Arc<P>, connection: Arc<Connection<P::Client>>) -> Self {
        Self { provider, schema: LazyLock::new(|| P::Config::schema(0)), connection }
    }
}

impl<P: Provider> AnyProvider for ErasedProvider<P> {
    fn name(&self) -> &'static str {
        P::Config::type_name()
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn misfits(&self, config: &Dyn) -> Vec<Misfit> {
        P::Config::misfits(config)
    }

    fn validate(&self, config: Dyn) -> Vec<Diag> {
        P::validate(&Partial::new(config))
    }

    fn configure(&self, config: Dyn, start: Arc<Start>) -> Work<Result<Connect, Diag>> {
        let (provider, connection) = (Arc::clone(&self.provider), Arc::clone(&self.connection));
        Box::pin(async move {
            let access = match provider.configure(&Partial::new(config), &start).await? {
                Configured::Ready(client) => Access::Ready(Arc::new(client)),
                Configured::Unknown(paths) => Access::Unknown(paths.into()),
            };
            let connect: Connect = Box::new(move || connection.set(access));
            Ok(connect)
        })
    }

    fn disconnect(&self, error: Diag) {
        self.connection.set(Access::Failed(Arc::new(error)));
    }

    fn waits_for(&self) -> Option<Arc<[Path]>> {
        match self.connection.get() {
            Access::Unknown(paths) => Some(paths),
            Access::Ready(_) | Access::Failed(_) | Access::None => None,
        }
    }

    fn conceal(&self, secrets: &dyn Fn() -> Vec<String>) {
        let Access::Ready(client) = self.connection.get() else { return };
        let secrets = secrets();
        if !secrets.is_empty() {
            P::conceal(&client, &secrets);
        }
    }

    fn stop(&self) {
        if let Access::Ready(client) = self.connection.get() {
            P::stop(&client);
        }
    }
}
