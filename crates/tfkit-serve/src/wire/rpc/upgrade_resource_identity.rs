//! `UpgradeResourceIdentity`: a stored identity in the form of the current identity schema.

use tfkit::Diag;
use tfkit::value::{Objects, json};

use crate::wire::generated::provider::upgrade_resource_identity::{Request, Response};
use crate::wire::{call::Call, service::Service, value};

pub(super) async fn answer(service: &Service, request: Request) -> Response {
    let type_name = request.type_name.clone();
    let failed = |diag| Response { diagnostics: vec![diag], ..Response::default() };
    let work = async { work(service, request) };
    Call::resource("UpgradeResourceIdentity", &type_name).answer(service.address, work, failed).await
}

/// Every identity has had one shape so far, so a stored one differs at most by attributes that came or went. A
/// newer one was written by a newer provider.
fn work(service: &Service, request: Request) -> Result<Response, Diag> {
    let types = service.resource(&request.type_name)?;
    let Request { type_name, version, raw_identity } = request;
    if version > types.identity_version {
        return Err(Diag::error(format!("The identity of a {type_name} was written by a newer provider"))
            .why(format!(
                "It has version {version}, and this version of the provider knows {} and older.",
                types.identity_version
            ))
            .fix("Use the newer version of the provider again:\n  terraform init -upgrade"));
    }
    let json = raw_identity.unwrap_or_default().json;
    let identity = json::decode(&json, &types.identity, Objects::Lenient).map_err(|error| {
        Diag::bug(format!("The stored identity of a {type_name} cannot be read")).why(error.to_string())
    })?;
    let upgraded_identity = value::encode_identity(&identity, &types.identity)?;
    Ok(Response { upgraded_identity, diagnostics: Vec::new() })
}
