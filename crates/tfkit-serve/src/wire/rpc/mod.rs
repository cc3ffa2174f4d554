//! The service of the plugin protocol: one file and one line per RPC. Other RPCs return "not implemented", which
//! hosts treat as "this provider has none".

mod apply_resource_change;
mod call_function;
mod close_ephemeral_resource;
mod configure_provider;
mod generate_resource_config;
mod get_functions;
mod get_metadata;
mod get_provider_schema;
mod get_resource_identity_schemas;
mod import_resource_state;
mod invoke_action;
mod list_resource;
mod move_resource_state;
mod open_ephemeral_resource;
mod plan_action;
mod plan_resource_change;
mod read_data_source;
mod read_resource;
mod renew_ephemeral_resource;
mod stop_provider;
mod upgrade_resource_identity;
mod upgrade_resource_state;
mod validate_action_config;
mod validate_data_resource_config;
mod validate_ephemeral_resource_config;
mod validate_list_resource_config;
mod validate_provider_config;
mod validate_resource_config;

use std::sync::Arc;

use tonic::codegen::{BoxStream, async_trait};
use tonic::{Request, Response, Status};

use super::generated::provider as proto;
use super::generated::provider::provider_server::Provider;
use super::service::Service;
use crate::wire::threads::Threads;

/// Answers the RPCs of the plugin protocol, each on a thread of its own.
#[derive(Clone)]
pub(crate) struct Served {
    pub(super) service: Arc<Service>,
    pub(super) threads: Threads,
}

/// Serves each RPC with the function `answer` of the module with its name: a call with one response, a stream with any
/// number of events. The generated trait determines every signature, so only a macro avoids repeating them all.
macro_rules! serve {
    (calls { $($call:ident)* } streams { $($stream:ident)* }) => {
        #[async_trait]
        impl Provider for Served {
            $(async fn $call(
                &self,
                request: Request<proto::$call::Request>,
            ) -> Result<Response<proto::$call::Response>, Status> {
                let service = Arc::clone(&self.service);
                let request = request.into_inner();
                let call = async move { $call::answer(&service, request).await };
                self.threads.run(call).await.map(Response::new)
            })*

            $(async fn $stream(
                &self,
                request: Request<proto::$stream::Request>,
            ) -> Result<Response<BoxStream<proto::$stream::Event>>, Status> {
                let service = Arc::clone(&self.service);
                let request = request.into_inner();
                let call = async move { $stream::answer(&service, request) };
                Ok(Response::new(self.threads.stream(call)))
            })*

            /// The request takes effect even if all threads are busy.
            async fn stop_provider(
                &self,
                request: Request<proto::stop_provider::Request>,
            ) -> Result<Response<proto::stop_provider::Response>, Status> {
                self.service.engine.request_stop();
                let service = Arc::clone(&self.service);
                let request = request.into_inner();
                let call = async move { stop_provider::answer(&service, request).await };
                self.threads.run(call).await.map(Response::new)
            }
        }
    };
}

serve! {
    calls {
        get_metadata
        get_provider_schema
        validate_provider_config
        configure_provider
        validate_resource_config
        upgrade_resource_state
        get_resource_identity_schemas
        upgrade_resource_identity
        read_resource
        plan_resource_change
        apply_resource_change
        import_resource_state
        validate_data_resource_config
        read_data_source
        validate_ephemeral_resource_config
        open_ephemeral_resource
        renew_ephemeral_resource
        close_ephemeral_resource
        get_functions
        call_function
        move_resource_state
        validate_action_config
        plan_action
        validate_list_resource_config
        generate_resource_config
    }
    streams {
        invoke_action
        list_resource
    }
}
