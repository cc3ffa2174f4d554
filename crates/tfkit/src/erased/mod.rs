//! Types of resources and data sources behind one interface each, over values instead of models.
//!
//! Everything generic over a model or a client happens here, once per type; what comes after is compiled once.

mod batch;
mod data_source;
mod resource;

use std::pin::Pin;

pub(crate) use data_source::{AnyDataSource, ErasedDataSource};
pub use resource::ImportBy;
pub(crate) use resource::{AnyResource, ErasedResource, Hooked, Update, Updated};

/// A future that a task can run.
pub(crate) type Work<T> = Pin<Box<dyn Future<Output = T> + Send>>;
