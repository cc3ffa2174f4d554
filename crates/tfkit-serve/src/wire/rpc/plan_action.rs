//! `PlanAction`: checks whether an action can run.

use tfkit::engine::ActionRequest;
use tfkit::{Diag, Kind};

use crate::wire::generated::provider::plan_action::{Request, Response};
use crate::wire::{call::Call, diagnostic, service::Service, value};

/// No response is deferred, whether the host allows it or not: an action with unknown values is planned as it is.
pub(super) async fn answer(service: &Service, request: Request) -> Response {
    let type_name = request.action_type.clone();
    let failed = |diag| Response { diagnostics: vec![diag], deferred: None };
    Call::about("PlanAction", Kind::Action, &type_name)
        .answer(service.address, work(service, request), failed)
        .await
}

async fn work(service: &Service, request: Request) -> Result<Response, Diag> {
    let ty = service.object(Kind::Action, &request.action_type)?;
    let config = value::decode("a configuration", request.config.as_ref(), &ty)?;
    let diags = service.engine.plan_action(ActionRequest { type_name: request.action_type, config }).await;
    Ok(Response { diagnostics: diagnostic::encode(&diags), deferred: None })
}
