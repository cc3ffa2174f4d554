//! What is asked of the server, and what is said when it refuses.

use tfkit::{Cx, Diag};
use zenml_api::ConnectorId;
use zenml_api::workspace::connector::{
    self as api, Connector, ConnectorCreate, ConnectorQuery, SecretsQuery,
};
use zenml_client::{Api, ApiError, Optional as _};

use super::{HeldConnectors, ServiceConnector};
use crate::client::Client;
use crate::creation;
use crate::failure::{Needs, cannot};
use crate::in_workspace::scope::Server;
use crate::in_workspace::text;
use crate::succession::{finish, retired, with_retired};

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
    // A name may look like a filter, such as "contains:x".
    let connectors = all_named(api, name, text::exactly(name)).await?;
    Ok(connectors.into_iter().find(|connector| connector.name == name))
}

/// The retired predecessor of a connector that is about to be created, if there is one. A name that is taken is an error.
pub(super) async fn predecessor(
    cx: &Cx<Client>,
    server: &Server,
    plan: &ServiceConnector,
) -> Result<Option<Connector>, Diag> {
    let mut found = all_named(&server.api, &plan.name, with_retired(&plan.name)).await?;
    found.retain(|connector| connector.name == plan.name || plan.can_follow(connector));
    let of_name = |name: &str| found.iter().find(|connector| connector.name == name);
    let predecessor = of_name(&retired(&plan.name));
    if let Some(existing) = of_name(&plan.name) {
        finish::<HeldConnectors, _, _, _>(cx, server, predecessor, existing).await;
        return Err(plan.exists(server, Some(existing.id)));
    }
    Ok(predecessor.cloned())
}

async fn all_named(server: &Api, name: &str, filter: Vec<String>) -> Result<Vec<Connector>, Diag> {
    let query = ConnectorQuery {
        name: filter,
        hydrate: Some(true),
        expand_secrets: Some(false),
        ..ConnectorQuery::default()
    };
    server.list_all(&api::LIST, (), query).await.map_err(|error| {
        cannot(format_args!("look for service connector {name:?}"), Needs::WORKSPACE_VIEWER, &error)
    })
}

pub(super) fn failed(verb: &str, name: &str, error: &ApiError) -> Diag {
    cannot(format_args!("{verb} service connector {name:?}"), Needs::WORKSPACE_ADMIN, error)
}
