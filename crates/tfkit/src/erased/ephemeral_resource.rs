//! Ephemeral resource types, type-erased to values.

use std::any::TypeId;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

use super::{AnyType, Work};
use crate::cx::{Call, Connection, Cx};
use crate::diag::Diag;
use crate::ephemeral_resource::{EphemeralResource, Opening};
use crate::field::Misfit;
use crate::model::{Model, Object as _, Partial};
use crate::schema::Schema;
use crate::value::Dyn;

/// When an ephemeral resource must be renewed.
pub(crate) type RenewAt = Option<SystemTime>;

/// An ephemeral resource type. Its lease is in the private values of the call.
pub(crate) trait AnyEphemeralResource: AnyType {
    fn timeout(&self) -> Duration;
    /// Returns whether something exists that must be closed.
    fn must_be_closed(&self) -> bool;
    fn open(&self, call: Call, config: Dyn) -> Work<Result<(Dyn, RenewAt), Diag>>;
    fn renew(&self, call: Call) -> Work<Result<RenewAt, Diag>>;
    fn close(&self, call: Call) -> Work<Result<(), Diag>>;
}

pub(crate) struct ErasedEphemeralResource<E: EphemeralResource> {
    schema: LazyLock<Schema>,
    connection: Arc<Connection<E::Client>>,
}

impl<E: EphemeralResource> ErasedEphemeralResource<E> {
    pub(crate) fn new(connection: Arc<Connection<E::Client>>) -> Self {
        Self { schema: LazyLock::new(|| E::Model::schema(0)), connection }
    }

    fn cx(&self, call: Call) -> Cx<E::Client> {
        Cx::new(self.connection.get(), call)
    }
}

impl<E: EphemeralResource> AnyType for ErasedEphemeralResource<E> {
    fn type_name(&self) -> &'static str {
        E::Model::type_name()
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn misfits(&self, config: &Dyn) -> Vec<Misfit> {
        E::Model::misfits(config)
    }

    fn validate(&self, config: Dyn) -> Vec<Diag> {
        E::validate(&Partial::new(config))
    }
}

impl<E: EphemeralResource> AnyEphemeralResource for ErasedEphemeralResource<E> {
    fn timeout(&self) -> Duration {
        E::timeout()
    }

    fn must_be_closed(&self) -> bool {
        TypeId::of::<E::Lease>() != TypeId::of::<()>()
    }

    fn open(&self, call: Call, config: Dyn) -> Work<Result<(Dyn, RenewAt), Diag>> {
        let cx = Opening::new(self.cx(call));
        Box::pin(async move {
            let config = E::Model::from_object(&config).map_err(Misfit::into_diag)?;
            let opened = E::open(&cx, config).await?;
            cx.save(&opened.lease)?;
            Ok((opened.model.to_object(), opened.renew_at))
        })
    }

    fn renew(&self, call: Call) -> Work<Result<RenewAt, Diag>> {
        let cx = self.cx(call);
        Box::pin(async move {
            let renewed = E::renew(&cx, cx.saved_lease()?).await?;
            cx.save_lease(&renewed.lease)?;
            Ok(renewed.renew_at)
        })
    }

    fn close(&self, call: Call) -> Work<Result<(), Diag>> {
        let cx = self.cx(call);
        Box::pin(async move { E::close(&cx, cx.saved_lease()?).await })
    }
}
