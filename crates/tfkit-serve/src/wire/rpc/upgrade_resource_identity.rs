//! `UpgradeResourceIdentity`: upgrades a stored identity to the current identity schema.

use tfkit::engine::UpgradeIdentityRequest;
use tfkit::{Diag, Kind};

use crate::wire::generated::provider::upgrade_resource_identity::{Request, Response};
use crate::wire::{call::Call, diagnostic, service::Service, value};

pub(super) async fn answer(service: &Service, request: Request) -> Response {
    let type_name = request.type_name.clone();
    let failed = |diag| Response { diagnostics: vec![diag], ..Response::default() };
    Call::about("UpgradeResourceIdentity", Kind::Resource, &type_name)
        .answer(service.address, work(service, request), failed)
        .await
}

async fn work(service: &Service, request: Request) -> Result<Response, Diag> {
    let types = service.resource(&request.type_name)?;
    let Request { type_name, version, raw_identity } = request;
    let json = raw_identity.unwrap_or_default().json;
    let request = UpgradeIdentityRequest { type_name, version, json };
    let (identity, diags) = service.engine.upgrade_identity(request).await;
    Ok(Response {
        upgraded_identity: value::encode_identity(&identity, &types.identity)?,
        diagnostics: diagnostic::encode(&diags),
    })
}
