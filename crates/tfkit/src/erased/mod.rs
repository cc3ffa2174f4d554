//! The types of a provider, those of each kind type-erased to one trait over values.
//!
//! Code that is generic over a model or a client is here and compiled once per type. Everything after it is compiled
//! once.

mod action;
mod batch;
mod data_source;
mod ephemeral_resource;
mod function;
mod list_resource;
mod resource;

use std::pin::Pin;

use crate::diag::Diag;
use crate::field::Misfit;
use crate::schema::Schema;
use crate::value::Dyn;

pub(crate) use action::{AnyAction, ErasedAction};
pub(crate) use data_source::{AnyDataSource, ErasedDataSource};
pub(crate) use ephemeral_resource::{AnyEphemeralResource, ErasedEphemeralResource, RenewAt};
pub(crate) use function::{AnyFunction, ErasedFunction};
pub(crate) use list_resource::{AnyListResource, ErasedListResource};
pub use resource::ImportBy;
pub(crate) use resource::{AnyResource, ErasedResource, Hooked, Update, Updated};

/// A type of any kind.
pub(crate) trait AnyType: Send + Sync {
    /// Name without the provider's prefix.
    fn type_name(&self) -> &'static str;
    fn schema(&self) -> &Schema;
    fn misfits(&self, config: &Dyn) -> Vec<Misfit>;
    fn validate(&self, config: Dyn) -> Vec<Diag>;
}

/// A future that a task can run.
pub(crate) type Work<T> = Pin<Box<dyn Future<Output = T> + Send>>;
