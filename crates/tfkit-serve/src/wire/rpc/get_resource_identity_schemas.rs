//! `GetResourceIdentitySchemas`: returns the identity schemas of all resource types.

use tfkit::Kind;

use crate::wire::generated::provider::get_resource_identity_schemas::{Request, Response};
use crate::wire::{call::Call, schema, service::Service};

pub(super) async fn answer(service: &Service, _: Request) -> Response {
    let failed = |diag| Response { diagnostics: vec![diag], ..Response::default() };
    let work = async {
        let engine = &service.engine;
        let identities = engine.names(Kind::Resource).into_iter().filter_map(|name| {
            engine.identity_schema(name).map(|it| (name.to_owned(), schema::encode_identity(&it)))
        });
        Ok(Response { identity_schemas: identities.collect(), diagnostics: Vec::new() })
    };
    Call::provider("GetResourceIdentitySchemas").answer(service.address, work, failed).await
}
