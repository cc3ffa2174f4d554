//! `GetMetadata`: returns the names of all types.

use tfkit::Kind;
use tfkit::function::Signature;

use crate::wire::generated::provider::get_metadata::{
    ActionMetadata, DataSourceMetadata, EphemeralMetadata, FunctionMetadata, ListResourceMetadata, Request,
    ResourceMetadata, Response,
};
use crate::wire::{call::Call, capability, diagnostic, service::Service};

pub(super) async fn answer(service: &Service, _: Request) -> Response {
    let failed = |diag| Response { diagnostics: vec![diag], ..Response::default() };
    let work = async {
        let engine = &service.engine;
        let resource = |name: &str| ResourceMetadata { type_name: name.to_owned() };
        let data_source = |name: &str| DataSourceMetadata { type_name: name.to_owned() };
        let action = |name: &str| ActionMetadata { type_name: name.to_owned() };
        let ephemeral = |name: &str| EphemeralMetadata { type_name: name.to_owned() };
        let function = |signature: &Signature| FunctionMetadata { name: signature.name.to_owned() };
        let list_resource = |name: &str| ListResourceMetadata { type_name: name.to_owned() };
        Ok(Response {
            server_capabilities: Some(capability::SERVER),
            resources: engine.names(Kind::Resource).into_iter().map(resource).collect(),
            data_sources: engine.names(Kind::DataSource).into_iter().map(data_source).collect(),
            actions: engine.names(Kind::Action).into_iter().map(action).collect(),
            ephemeral_resources: engine.names(Kind::EphemeralResource).into_iter().map(ephemeral).collect(),
            functions: engine.functions().map(function).collect(),
            list_resources: engine.names(Kind::ListResource).into_iter().map(list_resource).collect(),
            diagnostics: diagnostic::encode(&engine.problems()),
            ..Response::default()
        })
    };
    Call::provider("GetMetadata").answer(service.address, work, failed).await
}
