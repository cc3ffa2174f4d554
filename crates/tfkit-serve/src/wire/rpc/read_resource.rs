//! `ReadResource`: refreshes an object.

use tfkit::engine::{ReadRequest, with_provider_meta};
use tfkit::{Diag, Kind};

use crate::wire::generated::provider::read_resource::{Request, Response};
use crate::wire::{call::Call, diagnostic, service::Service, value};

/// The default response keeps the state: a failed read must not lose an object.
pub(super) async fn answer(service: &Service, request: Request) -> Response {
    let kept = Response {
        new_state: request.current_state.clone(),
        private: request.private.clone(),
        new_identity: request.current_identity.clone(),
        ..Response::default()
    };
    let type_name = request.type_name.clone();
    Call::about("ReadResource", Kind::Resource, &type_name)
        .answer(service.address, work(service, request), |diag| Response { diagnostics: vec![diag], ..kept })
        .await
}

async fn work(service: &Service, request: Request) -> Result<Response, Diag> {
    let types = service.resource(&request.type_name)?;
    let meta = service.provider_meta(request.provider_meta.as_ref())?;
    let wanted = ReadRequest {
        state: value::decode("a state", request.current_state.as_ref(), &types.object)?,
        identity: value::decode_identity(request.current_identity.as_ref(), &types.identity)?,
        private: request.private,
        type_name: request.type_name,
    };
    let stored = with_provider_meta(meta, service.engine.read(wanted)).await;
    Ok(Response {
        new_state: Some(value::encode("a state", &stored.state, &types.object)?),
        new_identity: value::encode_identity(&stored.identity, &types.identity)?,
        private: stored.private,
        diagnostics: diagnostic::encode(&stored.diags),
        ..Response::default()
    })
}
