//! `OpenEphemeralResource`: opens an ephemeral resource.

use tfkit::engine::OpenRequest;
use tfkit::{Diag, Kind};

use crate::wire::generated::provider::open_ephemeral_resource::{Request, Response};
use crate::wire::{call::Call, diagnostic, service::Service, value};

pub(super) async fn answer(service: &Service, request: Request) -> Response {
    let type_name = request.type_name.clone();
    let failed = |diag| Response { diagnostics: vec![diag], ..Response::default() };
    Call::about("OpenEphemeralResource", Kind::EphemeralResource, &type_name)
        .answer(service.address, work(service, request), failed)
        .await
}

async fn work(service: &Service, request: Request) -> Result<Response, Diag> {
    let ty = service.object(Kind::EphemeralResource, &request.type_name)?;
    let config = value::decode("a configuration", request.config.as_ref(), &ty)?;
    // OpenTofu blames the provider for a result with unknown values. It is the only host that announces write-only
    // attributes in this call.
    let is_opentofu = request.client_capabilities.is_some_and(|client| client.write_only_attributes_allowed);
    let request = OpenRequest { type_name: request.type_name, config, unknown_allowed: !is_opentofu };
    let opened = service.engine.open_ephemeral_resource(request).await;
    Ok(Response {
        result: Some(value::encode("a result", &opened.result, &ty)?),
        renew_at: opened.renew_at.map(Into::into),
        private: Some(opened.private),
        diagnostics: diagnostic::encode(&opened.diags),
        ..Response::default()
    })
}
