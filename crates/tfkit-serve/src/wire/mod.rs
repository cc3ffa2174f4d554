//! The plugin protocol, from protobuf to the engine and back: one file per RPC in `rpc/`, and shared code.

mod call;
mod capability;
mod diagnostic;
#[expect(clippy::all, clippy::pedantic, unreachable_pub, unused_qualifications, reason = "generated code")]
#[allow(dead_code, reason = "generated for the whole protocol, of which only a part is used")]
#[path = "gen/mod.rs"]
mod generated;
mod process;
mod rpc;
mod schema;
mod service;
mod value;

use tfkit::Engine;
/// The RPCs of a process, by path.
pub(crate) use tonic::service::Routes as Services;

use crate::lifetime::Lifetime;
use generated::health::health_server::HealthServer;
use generated::plugin::grpc_broker_server::GrpcBrokerServer;
use generated::plugin::grpc_controller_server::GrpcControllerServer;
use generated::plugin::grpc_stdio_server::GrpcStdioServer;
use generated::provider::provider_server::ProviderServer;
use process::Process;
use service::Service;

/// Maximum message size in either direction, in bytes: states and schemas are large.
const LARGEST_MESSAGE: usize = 256 << 20;

/// Creates all services for the provider in `engine`.
pub(crate) fn services(engine: Engine, address: &'static str, lifetime: &Lifetime) -> Services {
    let process = Process { lifetime: lifetime.clone() };
    let provider = ProviderServer::new(Service::new(engine, address))
        .max_decoding_message_size(LARGEST_MESSAGE)
        .max_encoding_message_size(LARGEST_MESSAGE);
    Services::new(provider)
        .add_service(GrpcControllerServer::new(process.clone()))
        .add_service(GrpcStdioServer::new(process.clone()))
        .add_service(GrpcBrokerServer::new(process.clone()))
        .add_service(HealthServer::new(process))
}
