//! `ApplyResourceChange`: applies a planned change.

use tfkit::engine::{ApplyRequest, with_provider_meta};
use tfkit::{Diag, Kind};

use crate::wire::generated::provider::apply_resource_change::{Request, Response};
use crate::wire::{call::Call, diagnostic, service::Service, value};

/// The default response keeps the prior state.
pub(super) async fn answer(service: &Service, request: Request) -> Response {
    let kept = Response {
        new_state: request.prior_state.clone(),
        private: request.planned_private.clone(),
        new_identity: request.planned_identity.clone(),
        ..Response::default()
    };
    let type_name = request.type_name.clone();
    Call::about("ApplyResourceChange", Kind::Resource, &type_name)
        .answer(service.address, Box::pin(work(service, request)), |diag| Response {
            diagnostics: vec![diag],
            ..kept
        })
        .await
}

async fn work(service: &Service, request: Request) -> Result<Response, Diag> {
    let types = service.resource(&request.type_name)?;
    let meta = service.provider_meta(request.provider_meta.as_ref())?;
    let wanted = ApplyRequest {
        prior: value::decode("a state", request.prior_state.as_ref(), &types.object)?,
        planned: value::decode("a plan", request.planned_state.as_ref(), &types.object)?,
        config: value::decode("a configuration", request.config.as_ref(), &types.object)?,
        identity: value::decode_identity(request.planned_identity.as_ref(), &types.identity)?,
        private: request.planned_private,
        type_name: request.type_name,
    };
    let stored = with_provider_meta(meta, service.engine.apply(wanted)).await;
    Ok(Response {
        new_state: Some(value::encode("a state", &stored.state, &types.object)?),
        new_identity: value::encode_identity(&stored.identity, &types.identity)?,
        private: stored.private,
        diagnostics: diagnostic::encode(&stored.diags),
        ..Response::default()
    })
}
