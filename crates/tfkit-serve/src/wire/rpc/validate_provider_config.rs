//! `ValidateProviderConfig`: validates the provider block.

use tfkit::Diag;

use crate::wire::generated::provider::validate_provider_config::{Request, Response};
use crate::wire::{call::Call, diagnostic, service::Service, value};

pub(super) async fn answer(service: &Service, request: Request) -> Response {
    let failed = |diag| Response { diagnostics: vec![diag] };
    Call::provider("ValidateProviderConfig").answer(service.address, work(service, request), failed).await
}

async fn work(service: &Service, request: Request) -> Result<Response, Diag> {
    let ty = service.engine.provider_schema().ty();
    let config = value::decode("a provider configuration", request.config.as_ref(), &ty)?;
    let diags = service.engine.validate_provider(config).await;
    Ok(Response { diagnostics: diagnostic::encode(&diags) })
}
