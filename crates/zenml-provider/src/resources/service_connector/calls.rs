//! What is asked of the server, and what is said when it refuses.

use tfkit::Diag;
use zenml_api::ConnectorId;
use zenml_api::workspace::component::{self, ComponentQuery};
use zenml_api::workspace::connector::{
    self as api, Connector, ConnectorCreate, ConnectorQuery, SecretsQuery,
};
use zenml_client::{Api, ApiError, Optional as _};

use super::ServiceConnector;
use crate::creation;
use crate::failure::{Needs, cannot};
use crate::object;
use crate::scope::Server;

/// Makes the connector, whose name was free. After a lost answer it is taken over only because of that.
pub(super) async fn make(
    server: &Server,
    plan: &ServiceConnector,
    wanted: ConnectorCreate,
) -> Result<Connector, Diag> {
    let exists = |existing: Option<&Connector>| plan.exists(server, existing.map(|existing| existing.id));
    let answer = server.api.send(&api::CREATE, (), (), wanted).await;
    creation::outcome(answer, with_name(&server.api, &plan.name), exists, |error| {
        plan.refused("create", error)
    })
    .await
}

/// A connector without its secrets, which stay on the server.
pub(super) async fn look(api: &Api, id: ConnectorId) -> Result<Option<Connector>, Diag> {
    let query = SecretsQuery { expand_secrets: Some(false) };
    let found = api.send(&api::GET, id, query, ()).await.optional();
    found
        .map_err(|error| cannot(format_args!("read service connector {id}"), Needs::WORKSPACE_VIEWER, &error))
}

/// The connector of a name, if there is one that the caller may read.
pub(super) async fn with_name(api: &Api, name: &str) -> Result<Option<Connector>, Diag> {
    let query = ConnectorQuery {
        // A name may look like a filter, such as "contains:x".
        name: object::exactly(name),
        hydrate: Some(true),
        expand_secrets: Some(false),
        ..ConnectorQuery::default()
    };
    let connectors = api.list_all(&api::LIST, (), query).await;
    let connectors = connectors.map_err(|error| {
        cannot(format_args!("look for service connector {name:?}"), Needs::WORKSPACE_VIEWER, &error)
    })?;
    Ok(connectors.into_iter().find(|connector| connector.name == name))
}

pub(super) fn failed(verb: &str, name: &str, error: &ApiError) -> Diag {
    cannot(format_args!("{verb} service connector {name:?}"), Needs::WORKSPACE_ADMIN, error)
}

/// The server refuses to delete a connector that components use: says which ones, as far as the caller sees them.
pub(super) async fn deletion_in_use(api: &Api, id: ConnectorId, name: &str, error: &ApiError) -> Diag {
    let query = ComponentQuery { connector_id: vec![id.to_string()], ..ComponentQuery::default() };
    let users = api.list_all(&component::LIST, (), query).await.unwrap_or_default();
    let users: Vec<String> = users.iter().map(|component| format!("{:?}", component.name)).collect();
    let diag = failed("delete", name, error);
    let diag = if users.is_empty() { diag } else { diag.why(format!("Used by: {}.", users.join(", "))) };
    diag.fix(
        "Take the connector from these components (connector_id), or delete them first. Where Terraform replaces the \
         connector, let the new one come first and give it another name:\n  lifecycle { create_before_destroy = true }",
    )
}
