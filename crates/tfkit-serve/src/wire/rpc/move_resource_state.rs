//! `MoveResourceState`: moves an object of another type or of another provider to a resource type.

use tfkit::engine::MoveRequest;
use tfkit::{Diag, Kind};

use super::upgrade_resource_state::too_old;
use crate::wire::generated::provider::move_resource_state::{Request, Response};
use crate::wire::{call::Call, diagnostic, service::Service, value};

pub(super) async fn answer(service: &Service, request: Request) -> Response {
    let type_name = request.target_type_name.clone();
    let failed = |diag| Response { diagnostics: vec![diag], ..Response::default() };
    Call::about("MoveResourceState", Kind::Resource, &type_name)
        .answer(service.address, work(service, request), failed)
        .await
}

/// The version of the source's identity is not used: hosts leave it zero.
async fn work(service: &Service, request: Request) -> Result<Response, Diag> {
    let types = service.resource(&request.target_type_name)?;
    let raw = request.source_state.unwrap_or_default();
    if raw.json.is_empty() && !raw.flatmap.is_empty() {
        return Err(too_old(&request.source_type_name));
    }
    let moved = service
        .engine
        .move_resource(MoveRequest {
            type_name: request.target_type_name,
            source_provider: request.source_provider_address,
            source_type: request.source_type_name,
            version: request.source_schema_version,
            json: raw.json,
            private: request.source_private,
            identity: request.source_identity.unwrap_or_default().json,
        })
        .await;
    Ok(Response {
        target_state: Some(value::encode("a state", &moved.state, &types.object)?),
        target_private: moved.private,
        target_identity: value::encode_identity(&moved.identity, &types.identity)?,
        diagnostics: diagnostic::encode(&moved.diags),
    })
}
