//! `CloseEphemeralResource`: closes an ephemeral resource.

use tfkit::Kind;
use tfkit::engine::CloseRequest;

use crate::wire::generated::provider::close_ephemeral_resource::{Request, Response};
use crate::wire::{call::Call, diagnostic, service::Service};

pub(super) async fn answer(service: &Service, request: Request) -> Response {
    let Request { type_name, private } = request;
    let request = CloseRequest { type_name: type_name.clone(), private: private.unwrap_or_default() };
    let work = async {
        let diags = service.engine.close_ephemeral_resource(request).await;
        Ok(Response { diagnostics: diagnostic::encode(&diags) })
    };
    let failed = |diag| Response { diagnostics: vec![diag] };
    Call::about("CloseEphemeralResource", Kind::EphemeralResource, &type_name)
        .answer(service.address, work, failed)
        .await
}
