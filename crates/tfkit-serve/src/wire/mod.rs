//! The plugin protocol: one file per remote call, from protobuf to the engine and back.

mod apply_resource_change;
mod call;
mod capability;
mod configure_provider;
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
mod get_metadata;
mod get_provider_schema;
mod get_resource_identity_schemas;
mod import_resource_state;
mod plan_resource_change;
mod process;
mod provider;
mod read_data_source;
mod read_resource;
mod schema;
mod service;
mod stop_provider;
mod upgrade_resource_identity;
mod upgrade_resource_state;
mod validate_data_resource_config;
mod validate_provider_config;
mod validate_resource_config;
mod value;

use tfkit::Engine;
/// The remote calls of a process, by their paths.
pub(crate) use tonic::service::Routes as Services;

use crate::host::Lifetime;
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
