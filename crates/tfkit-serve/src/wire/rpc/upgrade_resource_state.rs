//! `UpgradeResourceState`: upgrades stored state to the current schema.

use tfkit::engine::UpgradeRequest;
use tfkit::{Diag, Kind};

use crate::wire::generated::provider::upgrade_resource_state::{Request, Response};
use crate::wire::{call::Call, diagnostic, service::Service, value};

pub(super) async fn answer(service: &Service, request: Request) -> Response {
    let type_name = request.type_name.clone();
    let failed = |diag| Response { diagnostics: vec![diag], ..Response::default() };
    Call::about("UpgradeResourceState", Kind::Resource, &type_name)
        .answer(service.address, work(service, request), failed)
        .await
}

async fn work(service: &Service, request: Request) -> Result<Response, Diag> {
    let types = service.resource(&request.type_name)?;
    let raw = request.raw_state.unwrap_or_default();
    if raw.json.is_empty() && !raw.flatmap.is_empty() {
        return Err(too_old(&request.type_name));
    }
    let (state, diags) = service
        .engine
        .upgrade(UpgradeRequest { type_name: request.type_name, version: request.version, json: raw.json })
        .await;
    Ok(Response {
        upgraded_state: Some(value::encode("a state", &state, &types.object)?),
        diagnostics: diagnostic::encode(&diags),
    })
}

/// Returns the error of a state that is older than this framework.
pub(super) fn too_old(type_name: &str) -> Diag {
    Diag::error(format!("The state of type {type_name} was written by Terraform 0.11 or older"))
        .why("This provider supports only the state format of Terraform 0.12 and later.")
        .fix(format!(
            "Remove the object from the state and import it again:\n  terraform state rm {type_name}.NAME\n  \
             terraform import {type_name}.NAME ID"
        ))
}
