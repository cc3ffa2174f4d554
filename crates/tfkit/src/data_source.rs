//! What a provider author implements for a data source.

use std::future::Future;
use std::time::Duration;

use crate::cx::Cx;
use crate::diag::Diag;
use crate::model::{DEFAULT_TIMEOUT, Model, Partial};

/// A type of data source: a configuration goes in, the same model comes out with its slots filled.
///
/// As with a [resource](crate::Resource), one behaviour can serve many models; where there is only one, the model
/// implements the trait itself.
pub trait DataSource: Send + Sync + 'static {
    /// What is configured, and what comes out.
    type Model: Model;

    /// What the provider's configuration makes: the way to the API.
    type Client: Send + Sync + 'static;

    /// Looks the object up. The configuration is wholly known; computed attributes and unset
    /// [`OrServer`](crate::field::OrServer) ones are unknown and must be filled. An object that does not exist is
    /// an error.
    fn read(
        cx: &Cx<Self::Client>,
        config: Self::Model,
    ) -> impl Future<Output = Result<Self::Model, Diag>> + Send;

    /// Checks a configuration beyond what its attributes say. Pure and offline; quiet while a value is unknown.
    fn validate(config: &Partial<Self::Model>) -> Vec<Diag> {
        let _ = config;
        Vec::new()
    }

    /// How long a read may take when the configuration has no `timeouts` for it.
    fn timeout() -> Duration {
        DEFAULT_TIMEOUT
    }
}
