//! Data source types, type-erased to values.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use super::{AnyType, Work};
use crate::cx::{Call, Connection, Cx};
use crate::data_source::DataSource;
use crate::diag::Diag;
use crate::field::Misfit;
use crate::model::{Model, Object as _, Partial};
use crate::schema::Schema;
use crate::value::Dyn;

/// A data source type.
pub(crate) trait AnyDataSource: AnyType {
    fn timeout(&self) -> Duration;
    fn read(&self, call: Call, config: Dyn) -> Work<Result<Dyn, Diag>>;
}

pub(crate) struct ErasedDataSource<D: DataSource> {
    schema: LazyLock<Schema>,
    connection: Arc<Connection<D::Client>>,
}

impl<D: DataSource> ErasedDataSource<D> {
    pub(crate) fn new(connection: Arc<Connection<D::Client>>) -> Self {
        Self { schema: LazyLock::new(|| D::Model::schema(0)), connection }
    }
}

impl<D: DataSource> AnyType for ErasedDataSource<D> {
    fn type_name(&self) -> &'static str {
        D::Model::type_name()
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn misfits(&self, config: &Dyn) -> Vec<Misfit> {
        D::Model::misfits(config)
    }

    fn validate(&self, config: Dyn) -> Vec<Diag> {
        D::validate(&Partial::new(config))
    }
}

impl<D: DataSource> AnyDataSource for ErasedDataSource<D> {
    fn timeout(&self) -> Duration {
        D::timeout()
    }

    fn read(&self, call: Call, config: Dyn) -> Work<Result<Dyn, Diag>> {
        let cx = Cx::new(self.connection.get(), call);
        Box::pin(async move {
            let config = D::Model::from_object(&config).map_err(Misfit::into_diag)?;
            D::read(&cx, config).await.map(|model| model.to_object())
        })
    }
}
