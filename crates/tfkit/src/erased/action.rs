//! Action types, type-erased to values.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use super::{AnyType, Work};
use crate::action::Action;
use crate::cx::{Call, Connection, Cx};
use crate::diag::Diag;
use crate::field::Misfit;
use crate::model::{Model, Object as _, Partial};
use crate::schema::Schema;
use crate::value::Dyn;

/// An action type.
pub(crate) trait AnyAction: AnyType {
    fn timeout(&self) -> Duration;
    fn plan(&self, call: Call, config: Dyn) -> Work<Result<(), Diag>>;
    fn invoke(&self, call: Call, config: Dyn) -> Work<Result<(), Diag>>;
}

pub(crate) struct ErasedAction<A: Action> {
    schema: LazyLock<Schema>,
    connection: Arc<Connection<A::Client>>,
}

impl<A: Action> ErasedAction<A> {
    pub(crate) fn new(connection: Arc<Connection<A::Client>>) -> Self {
        Self { schema: LazyLock::new(|| A::Model::schema(0)), connection }
    }

    fn cx(&self, call: Call) -> Cx<A::Client> {
        Cx::new(self.connection.get(), call)
    }
}

impl<A: Action> AnyType for ErasedAction<A> {
    fn type_name(&self) -> &'static str {
        A::Model::type_name()
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn misfits(&self, config: &Dyn) -> Vec<Misfit> {
        A::Model::misfits(config)
    }

    fn validate(&self, config: Dyn) -> Vec<Diag> {
        A::validate(&Partial::new(config))
    }
}

impl<A: Action> AnyAction for ErasedAction<A> {
    fn timeout(&self) -> Duration {
        A::timeout()
    }

    fn plan(&self, call: Call, config: Dyn) -> Work<Result<(), Diag>> {
        let cx = self.cx(call);
        Box::pin(async move { A::plan(&cx, &Partial::new(config)).await })
    }

    fn invoke(&self, call: Call, config: Dyn) -> Work<Result<(), Diag>> {
        let cx = self.cx(call);
        Box::pin(async move {
            let config = A::Model::from_object(&config).map_err(Misfit::into_diag)?;
            // What other calls have read before may be outdated afterwards.
            let _writing = cx.shared().writing();
            A::invoke(&cx, config).await
        })
    }
}
