//! `ImportResourceState`: imports an existing object into the state.

use tfkit::engine::{ImportBy, ImportRequest};
use tfkit::{Diag, Kind};

use crate::wire::generated::provider::import_resource_state::{ImportedResource, Request, Response};
use crate::wire::{call::Call, diagnostic, service::Service, value};

pub(super) async fn answer(service: &Service, request: Request) -> Response {
    let type_name = request.type_name.clone();
    let failed = |diag| Response { diagnostics: vec![diag], ..Response::default() };
    Call::about("ImportResourceState", Kind::Resource, &type_name)
        .answer(service.address, work(service, request), failed)
        .await
}

async fn work(service: &Service, request: Request) -> Result<Response, Diag> {
    let types = service.resource(&request.type_name)?;
    let type_name = request.type_name;
    let by = match &request.identity {
        Some(identity) => ImportBy::Identity(value::decode_identity(Some(identity), &types.identity)?),
        None => ImportBy::Id(request.id),
    };
    let stored = service.engine.import(ImportRequest { type_name: type_name.clone(), by }).await;
    let mut response = Response { diagnostics: diagnostic::encode(&stored.diags), ..Response::default() };
    // An object that is not found is a diagnostic: an entry without state would crash the host.
    if !stored.state.is_null() {
        response.imported_resources.push(ImportedResource {
            type_name,
            state: Some(value::encode("a state", &stored.state, &types.object)?),
            identity: value::encode_identity(&stored.identity, &types.identity)?,
            private: stored.private,
        });
    }
    Ok(response)
}
