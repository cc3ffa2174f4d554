//! The plugin protocol, from protobuf to the engine and back: one file per RPC in `rpc/`, and shared code.

mod call;
mod capability;
mod diagnostic;
mod function;
#[expect(clippy::all, clippy::pedantic, unreachable_pub, unused_qualifications, reason = "generated code")]
#[allow(dead_code, reason = "generated for the whole protocol, of which only a part is used")]
#[path = "gen/mod.rs"]
mod generated;
mod process;
mod rpc;
mod schema;
mod service;
mod stream;
pub(crate) mod threads;
mod value;

use std::sync::Arc;

use tfkit::Engine;
use tonic::service::Routes;

use crate::lifetime::Lifetime;
use generated::health::health_server::HealthServer;
use generated::plugin::grpc_broker_server::GrpcBrokerServer;
use generated::plugin::grpc_controller_server::GrpcControllerServer;
use generated::plugin::grpc_stdio_server::GrpcStdioServer;
use generated::provider::provider_server::ProviderServer;
use process::Process;
use rpc::Served;
use service::Service;
use threads::Threads;

/// Maximum message size in either direction, in bytes: states and schemas are large.
const LARGEST_MESSAGE: usize = 256 << 20;

/// What a process serves.
#[derive(Clone)]
pub(crate) struct Services {
    /// The RPCs, by path.
    pub(crate) routes: Routes,
    provider: Served,
}

impl Services {
    /// Creates all services for the provider in `engine`.
    pub(crate) fn new(engine: Engine, address: &'static str, threads: Threads, lifetime: &Lifetime) -> Self {
        let process = Process { lifetime: lifetime.clone() };
        let provider = Served { service: Arc::new(Service::new(engine, address)), threads };
        let rpcs = ProviderServer::new(provider.clone())
            .max_decoding_message_size(LARGEST_MESSAGE)
            .max_encoding_message_size(LARGEST_MESSAGE);
        let routes = Routes::new(rpcs)
            .add_service(GrpcControllerServer::new(process.clone()))
            .add_service(GrpcStdioServer::new(process.clone()))
            .add_service(GrpcBrokerServer::new(process.clone()))
            .add_service(HealthServer::new(process))
            .prepare();
        Self { routes, provider }
    }

    /// Asks running operations to end, because the process ends: what they have done must still reach the state.
    pub(crate) async fn stop(&self) {
        let Served { service, threads } = self.provider.clone();
        service.engine.request_stop();
        // Fails only if the process has already ended.
        let _ = threads.run(async move { service.engine.stop() }).await;
    }
}
