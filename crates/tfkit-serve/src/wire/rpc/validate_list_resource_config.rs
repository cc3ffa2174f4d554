//! `ValidateListResourceConfig`: checks the filters of a list.

use tfkit::engine::ValidateRequest;
use tfkit::{Diag, Kind};

use crate::wire::generated::provider::validate_list_resource_config::{Request, Response};
use crate::wire::{call::Call, diagnostic, service::Service, value};

pub(super) async fn answer(service: &Service, request: Request) -> Response {
    let type_name = request.type_name.clone();
    let failed = |diag| Response { diagnostics: vec![diag] };
    Call::about("ValidateListResourceConfig", Kind::ListResource, &type_name)
        .answer(service.address, work(service, request), failed)
        .await
}

async fn work(service: &Service, request: Request) -> Result<Response, Diag> {
    let ty = service.object(Kind::ListResource, &request.type_name)?;
    let config = value::decode("a configuration", request.config.as_ref(), &ty)?;
    let request = ValidateRequest { type_name: request.type_name, config, write_only_allowed: true };
    let diags = service.engine.validate(Kind::ListResource, request).await;
    Ok(Response { diagnostics: diagnostic::encode(&diags) })
}
