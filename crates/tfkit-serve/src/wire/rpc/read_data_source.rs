//! `ReadDataSource`: reads a data source.

use tfkit::engine::{DataSourceRequest, with_provider_meta};
use tfkit::{Diag, Kind};

use crate::wire::generated::provider::read_data_source::{Request, Response};
use crate::wire::{call::Call, diagnostic, service::Service, value};

pub(super) async fn answer(service: &Service, request: Request) -> Response {
    let type_name = request.type_name.clone();
    let failed = |diag| Response { diagnostics: vec![diag], ..Response::default() };
    Call::about("ReadDataSource", Kind::DataSource, &type_name)
        .answer(service.address, work(service, request), failed)
        .await
}

async fn work(service: &Service, request: Request) -> Result<Response, Diag> {
    let ty = service.object(Kind::DataSource, &request.type_name)?;
    let config = value::decode("a configuration", request.config.as_ref(), &ty)?;
    let meta = service.provider_meta(request.provider_meta.as_ref())?;
    let wanted = DataSourceRequest { type_name: request.type_name, config };
    let (state, diags) = with_provider_meta(meta, service.engine.read_data_source(wanted)).await;
    Ok(Response {
        state: Some(value::encode("a result", &state, &ty)?),
        diagnostics: diagnostic::encode(&diags),
        ..Response::default()
    })
}
