//! The plugin protocol, from protobuf to the engine and back: one file per remote call in `rpc/`, and what they share.

mod call;
mod capability;
mod diagnostic;
#[expect(
    clippy::all,
    clippy::pedantic,
    unreachable_pub,
    unused_qualifications,
    reason = "generated code, the shape of which is not ours to choose"
)]
#[allow(dead_code, reason = "generated for the whole protocol; the compiler never sees it expected")]
#[path = "gen/mod.rs"]
mod generated;
mod process;
mod rpc;
mod schema;
mod service;
mod value;

use tfkit::Engine;
/// The remote calls of a process, by their paths.
pub(crate) use tonic::service::Routes as Services;

use crate::lifetime::Lifetime;
use generated::health::health_server::HealthServer;
use generated::plugin::grpc_broker_server::GrpcBrokerServer;
use generated::plugin::grpc_controller_server::GrpcControllerServer;
use generated::plugin::grpc_stdio_server::GrpcStdioServer;
use generated::provider::provider_server::ProviderServer;
use process::Process;
use service::Service;

/// Largest message in either direction: states and schemas are large.
const LARGEST_MESSAGE: usize = 256 << 20;

/// Everything that is served to the host of the provider behind `engine`.
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
