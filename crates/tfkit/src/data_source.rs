//! The trait that a provider author implements for a data source.

use std::future::Future;
use std::time::Duration;

use crate::cx::Cx;
use crate::diag::Diag;
use crate::model::{DEFAULT_TIMEOUT, Model, Partial};

/// A data source type: it takes a configuration and returns the same model with its slots filled.
///
/// As with a [resource](crate::Resource), one behavior can serve many models. If there is only one, the model
/// implements the trait itself.
pub trait DataSource: Send + Sync + 'static {
    /// The configuration and the result.
    type Model: Model;

    /// The client that the provider's configuration creates.
    type Client: Send + Sync + 'static;

    /// Looks up the object. The configuration is completely known. Computed attributes and unset
    /// [`OrServer`](crate::field::OrServer) ones are unknown and must be filled. An object that does not exist is an
    /// error.
    fn read(
        cx: &Cx<Self::Client>,
        config: Self::Model,
    ) -> impl Future<Output = Result<Self::Model, Diag>> + Send;

    /// Checks a configuration beyond the checks of its attributes. Pure and offline. Returns nothing while a needed
    /// value is unknown.
    fn validate(config: &Partial<Self::Model>) -> Vec<Diag> {
        let _ = config;
        Vec::new()
    }

    /// Returns the timeout of a read if the configuration does not set one.
    fn timeout() -> Duration {
        DEFAULT_TIMEOUT
    }
}
