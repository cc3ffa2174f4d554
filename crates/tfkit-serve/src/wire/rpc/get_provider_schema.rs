//! `GetProviderSchema`: returns all schemas.

use crate::wire::generated::provider::Schema;
use crate::wire::generated::provider::get_provider_schema::{Request, Response};
use crate::wire::{call::Call, capability, diagnostic, schema, service::Service};

pub(super) async fn answer(service: &Service, _: Request) -> Response {
    // Without the schema of the provider block, the host would report that instead of the errors.
    let failed =
        |diag| Response { provider: Some(Schema::default()), diagnostics: vec![diag], ..Response::default() };
    let work = async {
        let engine = &service.engine;
        let resources = engine.resources().into_iter().filter_map(|name| {
            engine.resource_schema(name).map(|resource| (name.to_owned(), schema::encode(resource)))
        });
        let data_sources = engine.data_sources().into_iter().filter_map(|name| {
            engine.data_source_schema(name).map(|source| (name.to_owned(), schema::encode(source)))
        });
        Ok(Response {
            provider: Some(schema::encode(engine.provider_schema())),
            resource_schemas: resources.collect(),
            data_source_schemas: data_sources.collect(),
            server_capabilities: Some(capability::SERVER),
            diagnostics: diagnostic::encode(&engine.problems()),
            ..Response::default()
        })
    };
    Call::provider("GetProviderSchema").answer(service.address, work, failed).await
}
