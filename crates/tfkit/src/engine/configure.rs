//! Configuring the provider.

use std::sync::Arc;

use super::core::{Core, Diags, Engine};
use super::task;
use super::validate::late_errors;
use crate::plan::prepare;
use crate::provider::Start;
use crate::value::Dyn;

/// A request to configure the provider.
#[derive(Clone, Debug)]
pub struct ConfigureRequest {
    /// Version of the host.
    pub host_version: String,
    /// The provider block; values may be unknown while planning.
    pub config: Dyn,
}

impl Engine {
    /// Configures the provider, possibly again. If it fails, earlier configurations do not count any more.
    pub async fn configure(&self, request: ConfigureRequest) -> Diags {
        let core = &*self.0;
        let schema = core.provider.schema();
        let errors = late_errors(schema, &request.config, core.provider.misfits(&request.config));
        let diags = if errors.is_empty() { core.connect(request).await } else { errors };
        if let Some(error) = diags.iter().find(|diag| diag.is_error()) {
            core.provider.disconnect(error.clone());
        }
        // A new configuration may point to another server.
        core.shared.renew();
        core.begin_run();
        diags
    }
}

impl Core {
    /// Creates the client of a valid configuration.
    async fn connect(&self, request: ConfigureRequest) -> Diags {
        let config = prepare(&self.provider.schema().attributes, &Dyn::Null, &request.config);
        let start = Arc::new(Start::new(request.host_version));
        let work = self.provider.configure(config, Arc::clone(&start));
        let configured = task::run_until_stopped("configuration of the provider", &self.shared, work).await;
        let mut diags = start.take_warnings();
        match configured.flatten() {
            Ok(connect) => connect(),
            Err(diag) => diags.push(diag),
        }
        diags
    }
}
