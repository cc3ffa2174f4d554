//! The service of the plugin protocol: one line per remote call. Calls that are missing here answer that they are
//! not implemented, which hosts take for "this provider has none".

use tonic::codegen::async_trait;
use tonic::{Request, Response, Status};

use super::generated::provider as proto;
use super::generated::provider::provider_server::Provider;
use super::service::Service;
use super::{
    apply_resource_change, configure_provider, get_metadata, get_provider_schema,
    get_resource_identity_schemas, import_resource_state, plan_resource_change, read_data_source,
    read_resource, stop_provider, upgrade_resource_identity, upgrade_resource_state,
    validate_data_resource_config, validate_provider_config, validate_resource_config,
};

type Answer<T> = Result<Response<T>, Status>;

#[async_trait]
impl Provider for Service {
    async fn get_metadata(
        &self,
        request: Request<proto::get_metadata::Request>,
    ) -> Answer<proto::get_metadata::Response> {
        Ok(Response::new(get_metadata::answer(self, request.into_inner()).await))
    }

    async fn get_provider_schema(
        &self,
        request: Request<proto::get_provider_schema::Request>,
    ) -> Answer<proto::get_provider_schema::Response> {
        Ok(Response::new(get_provider_schema::answer(self, request.into_inner()).await))
    }

    async fn validate_provider_config(
        &self,
        request: Request<proto::validate_provider_config::Request>,
    ) -> Answer<proto::validate_provider_config::Response> {
        Ok(Response::new(validate_provider_config::answer(self, request.into_inner()).await))
    }

    async fn configure_provider(
        &self,
        request: Request<proto::configure_provider::Request>,
    ) -> Answer<proto::configure_provider::Response> {
        Ok(Response::new(configure_provider::answer(self, request.into_inner()).await))
    }

    async fn stop_provider(
        &self,
        request: Request<proto::stop_provider::Request>,
    ) -> Answer<proto::stop_provider::Response> {
        Ok(Response::new(stop_provider::answer(self, request.into_inner()).await))
    }

    async fn validate_resource_config(
        &self,
        request: Request<proto::validate_resource_config::Request>,
    ) -> Answer<proto::validate_resource_config::Response> {
        Ok(Response::new(validate_resource_config::answer(self, request.into_inner()).await))
    }

    async fn upgrade_resource_state(
        &self,
        request: Request<proto::upgrade_resource_state::Request>,
    ) -> Answer<proto::upgrade_resource_state::Response> {
        Ok(Response::new(upgrade_resource_state::answer(self, request.into_inner()).await))
    }

    async fn get_resource_identity_schemas(
        &self,
        request: Request<proto::get_resource_identity_schemas::Request>,
    ) -> Answer<proto::get_resource_identity_schemas::Response> {
        Ok(Response::new(get_resource_identity_schemas::answer(self, request.into_inner()).await))
    }

    async fn upgrade_resource_identity(
        &self,
        request: Request<proto::upgrade_resource_identity::Request>,
    ) -> Answer<proto::upgrade_resource_identity::Response> {
        Ok(Response::new(upgrade_resource_identity::answer(self, request.into_inner()).await))
    }

    async fn read_resource(
        &self,
        request: Request<proto::read_resource::Request>,
    ) -> Answer<proto::read_resource::Response> {
        Ok(Response::new(read_resource::answer(self, request.into_inner()).await))
    }

    async fn plan_resource_change(
        &self,
        request: Request<proto::plan_resource_change::Request>,
    ) -> Answer<proto::plan_resource_change::Response> {
        Ok(Response::new(plan_resource_change::answer(self, request.into_inner()).await))
    }

    async fn apply_resource_change(
        &self,
        request: Request<proto::apply_resource_change::Request>,
    ) -> Answer<proto::apply_resource_change::Response> {
        Ok(Response::new(apply_resource_change::answer(self, request.into_inner()).await))
    }

    async fn import_resource_state(
        &self,
        request: Request<proto::import_resource_state::Request>,
    ) -> Answer<proto::import_resource_state::Response> {
        Ok(Response::new(import_resource_state::answer(self, request.into_inner()).await))
    }

    async fn validate_data_resource_config(
        &self,
        request: Request<proto::validate_data_resource_config::Request>,
    ) -> Answer<proto::validate_data_resource_config::Response> {
        Ok(Response::new(validate_data_resource_config::answer(self, request.into_inner()).await))
    }

    async fn read_data_source(
        &self,
        request: Request<proto::read_data_source::Request>,
    ) -> Answer<proto::read_data_source::Response> {
        Ok(Response::new(read_data_source::answer(self, request.into_inner()).await))
    }

    /// Functions come with the schema; OpenTofu asks again once the provider is configured.
    async fn get_functions(
        &self,
        _: Request<proto::get_functions::Request>,
    ) -> Answer<proto::get_functions::Response> {
        Ok(Response::new(proto::get_functions::Response::default()))
    }
}
