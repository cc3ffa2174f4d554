//! `RenewEphemeralResource`: extends how long the values of an ephemeral resource are valid.

use tfkit::Kind;
use tfkit::engine::RenewRequest;

use crate::wire::generated::provider::renew_ephemeral_resource::{Request, Response};
use crate::wire::{call::Call, diagnostic, service::Service};

/// The default response keeps the private bytes, with which the host closes.
pub(super) async fn answer(service: &Service, request: Request) -> Response {
    let Request { type_name, private } = request;
    let kept = Response { private: private.clone(), ..Response::default() };
    let request = RenewRequest { type_name: type_name.clone(), private: private.unwrap_or_default() };
    let work = async {
        let renewed = service.engine.renew_ephemeral_resource(request).await;
        Ok(Response {
            renew_at: renewed.renew_at.map(Into::into),
            private: Some(renewed.private),
            diagnostics: diagnostic::encode(&renewed.diags),
        })
    };
    Call::about("RenewEphemeralResource", Kind::EphemeralResource, &type_name)
        .answer(service.address, work, |diag| Response { diagnostics: vec![diag], ..kept })
        .await
}
