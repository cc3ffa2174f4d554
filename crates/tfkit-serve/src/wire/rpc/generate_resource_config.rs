//! `GenerateResourceConfig`: returns a configuration for an object.

use tfkit::engine::GenerateRequest;
use tfkit::{Diag, Kind};

use crate::wire::generated::provider::generate_resource_config::{Request, Response};
use crate::wire::{call::Call, diagnostic, service::Service, value};

pub(super) async fn answer(service: &Service, request: Request) -> Response {
    let type_name = request.type_name.clone();
    let failed = |diag| Response { diagnostics: vec![diag], ..Response::default() };
    Call::about("GenerateResourceConfig", Kind::Resource, &type_name)
        .answer(service.address, work(service, request), failed)
        .await
}

async fn work(service: &Service, request: Request) -> Result<Response, Diag> {
    let types = service.resource(&request.type_name)?;
    let state = value::decode("a state", request.state.as_ref(), &types.object)?;
    let request = GenerateRequest { type_name: request.type_name, state };
    let (config, diags) = service.engine.generate(request).await;
    Ok(Response {
        config: Some(value::encode("a configuration", &config, &types.object)?),
        diagnostics: diagnostic::encode(&diags),
    })
}
