//! Configuring the provider.

use std::sync::Arc;

use super::core::{Diags, Engine};
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
    /// Configures the provider.
    pub async fn configure(&self, request: ConfigureRequest) -> Diags {
        let core = &*self.0;
        let schema = core.provider.schema();
        let errors = late_errors(schema, &request.config, core.provider.misfits(&request.config));
        if !errors.is_empty() {
            return errors;
        }
        let config = prepare(&schema.attributes, &Dyn::Null, &request.config);
        let start = Arc::new(Start::new(request.host_version));
        let work = core.provider.configure(config, Arc::clone(&start));
        let configured = task::run_until_stopped("configuration of the provider", &core.shared, work).await;
        let mut diags = start.take_warnings();
        match configured.flatten() {
            Ok(connect) => connect(),
            Err(diag) => {
                diags.push(diag);
                core.provider.disconnect();
            }
        }
        // A new configuration may point to another server.
        core.shared.renew();
        core.shared.run.begin();
        diags
    }
}
