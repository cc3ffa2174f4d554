//! Configuring the provider.

use std::sync::{Arc, PoisonError};

use super::core::Core;
use super::validate::late_errors;
use super::{ConfigureRequest, Diags, task};
use crate::cx::Access;
use crate::model::{Object, Partial};
use crate::plan::prepare;
use crate::provider::{Configured, Provider, Start};
use crate::value::Dyn;

impl<P: Provider> Core<P> {
    pub(super) async fn configure(self: &Arc<Self>, request: ConfigureRequest) -> Diags {
        let schema = &self.provider_schema;
        let errors = late_errors(schema, &request.config, P::Config::misfits(&request.config));
        if !errors.is_empty() {
            return errors;
        }
        let config = prepare(&schema.attributes, &Dyn::Null, &request.config);
        let start = Arc::new(Start::new(request.host_version));
        let work = {
            let (core, start) = (Arc::clone(self), Arc::clone(&start));
            Box::pin(async move { core.provider.configure(&Partial::new(config), &start).await })
        };
        let configured = task::run_until_stopped("configuration of the provider", &self.shared, work).await;
        let mut diags = start.take_warnings();
        let access = match configured.flatten() {
            Ok(Configured::Ready(client)) => Access::Ready(Arc::new(client)),
            Ok(Configured::Unknown(paths)) => Access::Unknown(paths.into()),
            Err(diag) => {
                diags.push(diag);
                Access::None
            }
        };
        *self.access.write().unwrap_or_else(PoisonError::into_inner) = access;
        // Another configuration may lead to another server.
        self.shared.renew();
        self.shared.run.begin();
        diags
    }
}
