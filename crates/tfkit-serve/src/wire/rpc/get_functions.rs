//! `GetFunctions`: returns functions. They are part of the schema; OpenTofu asks again after the configuration.

use crate::wire::generated::provider::get_functions::{Request, Response};
use crate::wire::{call::Call, service::Service};

pub(super) async fn answer(service: &Service, _: Request) -> Response {
    let failed = |diag| Response { diagnostics: vec![diag], ..Response::default() };
    Call::provider("GetFunctions").answer(service.address, async { Ok(Response::default()) }, failed).await
}
