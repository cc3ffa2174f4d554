//! `ValidateEphemeralResourceConfig`: validates the configuration of an ephemeral resource.

use tfkit::engine::ValidateRequest;
use tfkit::{Diag, Kind};

use crate::wire::generated::provider::validate_ephemeral_resource_config::{Request, Response};
use crate::wire::{call::Call, diagnostic, service::Service, value};

pub(super) async fn answer(service: &Service, request: Request) -> Response {
    let type_name = request.type_name.clone();
    let failed = |diag| Response { diagnostics: vec![diag] };
    Call::about("ValidateEphemeralResourceConfig", Kind::EphemeralResource, &type_name)
        .answer(service.address, work(service, request), failed)
        .await
}

async fn work(service: &Service, request: Request) -> Result<Response, Diag> {
    let ty = service.object(Kind::EphemeralResource, &request.type_name)?;
    let config = value::decode("a configuration", request.config.as_ref(), &ty)?;
    // The host does not allow write-only attributes in ephemeral resources, where nothing is stored anyway.
    let request = ValidateRequest { type_name: request.type_name, config, write_only_allowed: false };
    let diags = service.engine.validate(Kind::EphemeralResource, request).await;
    Ok(Response { diagnostics: diagnostic::encode(&diags) })
}
