//! `ValidateResourceConfig`: validates the configuration of a resource.

use tfkit::engine::ValidateRequest;
use tfkit::{Diag, Kind};

use crate::wire::generated::provider::validate_resource_config::{Request, Response};
use crate::wire::{call::Call, diagnostic, service::Service, value};

pub(super) async fn answer(service: &Service, request: Request) -> Response {
    let type_name = request.type_name.clone();
    let failed = |diag| Response { diagnostics: vec![diag] };
    Call::about("ValidateResourceConfig", Kind::Resource, &type_name)
        .answer(service.address, work(service, request), failed)
        .await
}

async fn work(service: &Service, request: Request) -> Result<Response, Diag> {
    let types = service.resource(&request.type_name)?;
    let config = value::decode("a configuration", request.config.as_ref(), &types.object)?;
    let write_only_allowed =
        request.client_capabilities.is_some_and(|client| client.write_only_attributes_allowed);
    let request = ValidateRequest { type_name: request.type_name, config, write_only_allowed };
    let diags = service.engine.validate(Kind::Resource, request).await;
    Ok(Response { diagnostics: diagnostic::encode(&diags) })
}
