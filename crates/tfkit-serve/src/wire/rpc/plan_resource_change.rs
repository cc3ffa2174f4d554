//! `PlanResourceChange`: plans a change.

use tfkit::engine::{PlanRequest, with_provider_meta};
use tfkit::{Diag, Kind};

use crate::wire::generated::provider::plan_resource_change::{Request, Response};
use crate::wire::{call::Call, diagnostic, service::Service, value};

pub(super) async fn answer(service: &Service, request: Request) -> Response {
    let type_name = request.type_name.clone();
    let failed = |diag| Response { diagnostics: vec![diag], ..Response::default() };
    Call::about("PlanResourceChange", Kind::Resource, &type_name)
        .answer(service.address, Box::pin(work(service, request)), failed)
        .await
}

async fn work(service: &Service, request: Request) -> Result<Response, Diag> {
    let types = service.resource(&request.type_name)?;
    let meta = service.provider_meta(request.provider_meta.as_ref())?;
    let wanted = PlanRequest {
        prior: value::decode("a state", request.prior_state.as_ref(), &types.object)?,
        proposed: value::decode("a proposal", request.proposed_new_state.as_ref(), &types.object)?,
        config: value::decode("a configuration", request.config.as_ref(), &types.object)?,
        identity: value::decode_identity(request.prior_identity.as_ref(), &types.identity)?,
        // A host that plans a second time passes on what the first plan stored.
        private: if request.planned_private.is_empty() {
            request.prior_private
        } else {
            request.planned_private
        },
        type_name: request.type_name,
    };
    let plan = with_provider_meta(meta, service.engine.plan(wanted)).await;
    Ok(Response {
        planned_state: Some(value::encode("a plan", &plan.planned, &types.object)?),
        planned_identity: value::encode_identity(&plan.identity, &types.identity)?,
        requires_replace: plan.requires_replace.iter().map(value::encode_path).collect(),
        planned_private: plan.private,
        diagnostics: diagnostic::encode(&plan.diags),
        ..Response::default()
    })
}
