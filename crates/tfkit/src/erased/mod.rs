//! Resource and data source types, each type-erased to one trait over values.
//!
//! Code that is generic over a model or a client is here and compiled once per type. Everything after it is compiled
//! once.

mod batch;
mod data_source;
mod resource;

use std::pin::Pin;

pub(crate) use data_source::{AnyDataSource, ErasedDataSource};
pub use resource::ImportBy;
pub(crate) use resource::{AnyResource, ErasedResource, Hooked, Update, Updated};

/// A future that a task can run.
pub(crate) type Work<T> = Pin<Box<dyn Future<Output = T> + Send>>;
