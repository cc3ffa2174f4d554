//! Lists of resource types, type-erased to values.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use tokio::sync::mpsc;

use super::{AnyType, Work};
use crate::cx::{Call, Connection, Cx};
use crate::diag::Diag;
use crate::field::Misfit;
use crate::list_resource::{ListResource, Raw, Results, Wanted};
use crate::model::{Model, Object as _, Partial};
use crate::resource::Resource;
use crate::schema::Schema;
use crate::value::Dyn;

/// The list of a resource type.
pub(crate) trait AnyListResource: AnyType {
    fn timeout(&self) -> Duration;
    fn list(
        &self,
        call: Call,
        config: Dyn,
        wanted: Wanted,
        sender: mpsc::Sender<Raw>,
    ) -> Work<Result<(), Diag>>;
}

pub(crate) struct ErasedListResource<L: ListResource> {
    schema: LazyLock<Schema>,
    connection: Arc<Connection<<L::Resource as Resource>::Client>>,
}

impl<L: ListResource> ErasedListResource<L> {
    pub(crate) fn new(connection: Arc<Connection<<L::Resource as Resource>::Client>>) -> Self {
        Self { schema: LazyLock::new(|| L::Filters::schema(0)), connection }
    }
}

impl<L: ListResource> AnyType for ErasedListResource<L> {
    fn type_name(&self) -> &'static str {
        L::Filters::type_name()
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn misfits(&self, config: &Dyn) -> Vec<Misfit> {
        L::Filters::misfits(config)
    }

    fn validate(&self, config: Dyn) -> Vec<Diag> {
        L::validate(&Partial::new(config))
    }
}

impl<L: ListResource> AnyListResource for ErasedListResource<L> {
    fn timeout(&self) -> Duration {
        L::timeout()
    }

    fn list(
        &self,
        call: Call,
        config: Dyn,
        wanted: Wanted,
        sender: mpsc::Sender<Raw>,
    ) -> Work<Result<(), Diag>> {
        let cx = Cx::new(self.connection.get(), call);
        Box::pin(async move {
            let filters = L::Filters::from_object(&config).map_err(Misfit::into_diag)?;
            let mut results = Results::new(cx.clone(), wanted, sender);
            L::list(&cx, filters, &mut results).await
        })
    }
}
