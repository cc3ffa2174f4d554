//! `GetFunctions`: returns functions. They are part of the schema; OpenTofu asks again after the configuration.

use crate::wire::generated::provider::get_functions::{Request, Response};
use crate::wire::{call::Call, function, service::Service};

pub(super) async fn answer(service: &Service, _: Request) -> Response {
    let failed = |diag| Response { diagnostics: vec![diag], ..Response::default() };
    let work =
        async { Ok(Response { functions: function::encode_all(&service.engine), ..Response::default() }) };
    Call::provider("GetFunctions").answer(service.address, work, failed).await
}
