//! `GetProviderSchema`: returns all schemas.

use tfkit::Kind;

use crate::wire::generated::provider::Schema;
use crate::wire::generated::provider::get_provider_schema::{Request, Response};
use crate::wire::{call::Call, capability, diagnostic, function, schema, service::Service};

pub(super) async fn answer(service: &Service, _: Request) -> Response {
    // Without the schema of the provider block, the host would report that instead of the errors.
    let failed =
        |diag| Response { provider: Some(Schema::default()), diagnostics: vec![diag], ..Response::default() };
    let work = async {
        let engine = &service.engine;
        let schemas = |kind| {
            let one = move |name: &str| Some((name.to_owned(), schema::encode(engine.schema(kind, name)?)));
            engine.names(kind).into_iter().filter_map(one).collect()
        };
        let action =
            |name: &str| Some((name.to_owned(), schema::encode_action(engine.schema(Kind::Action, name)?)));
        Ok(Response {
            provider: Some(schema::encode(engine.provider_schema())),
            provider_meta: engine.provider_meta_schema().map(schema::encode),
            resource_schemas: schemas(Kind::Resource),
            data_source_schemas: schemas(Kind::DataSource),
            ephemeral_resource_schemas: schemas(Kind::EphemeralResource),
            action_schemas: engine.names(Kind::Action).into_iter().filter_map(action).collect(),
            functions: function::encode_all(engine),
            list_resource_schemas: schemas(Kind::ListResource),
            server_capabilities: Some(capability::SERVER),
            diagnostics: diagnostic::encode(&engine.problems()),
            ..Response::default()
        })
    };
    Call::provider("GetProviderSchema").answer(service.address, work, failed).await
}
