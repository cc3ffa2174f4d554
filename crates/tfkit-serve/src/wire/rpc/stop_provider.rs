//! `StopProvider`: asks running operations to end early. The provider keeps serving, because their results must still
//! reach the state.

use crate::wire::call::Call;
use crate::wire::generated::provider::stop_provider::{Request, Response};
use crate::wire::service::Service;

pub(super) async fn answer(service: &Service, _: Request) -> Response {
    let work = async {
        service.engine.stop();
        Ok(Response::default())
    };
    let failed = |diag: crate::wire::generated::provider::Diagnostic| Response { error: diag.summary };
    Call::provider("StopProvider").answer(service.address, work, failed).await
}
