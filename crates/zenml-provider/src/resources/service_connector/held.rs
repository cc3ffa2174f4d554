//! Replaces service connectors that components use.

use tfkit::Cx;
use zenml_api::ConnectorId;
use zenml_api::workspace::component::{self, Component, ComponentQuery, ComponentUpdate};
use zenml_api::workspace::connector::{self as api, ConnectorQuery, ConnectorUpdate, SecretsQuery};
use zenml_client::{ApiError, Optional as _};

use super::ServiceConnector;
use crate::client::Client;
use crate::in_workspace::scope::Server;
use crate::in_workspace::text;
use crate::in_workspace::{InWorkspace as _, Noun};
use crate::resources::stack_component::linked_as;
use crate::succession::{Held, all_retired, is_retired};

/// Service connectors that components use.
#[derive(Debug)]
pub(crate) struct HeldConnectors;

impl Held for HeldConnectors {
    type Id = ConnectorId;

    const NOUN: Noun = ServiceConnector::NOUN;

    fn is_held(error: &ApiError) -> bool {
        error.is_in_use()
    }

    async fn delete(_: &Cx<Client>, server: &Server, id: ConnectorId) -> Result<(), ApiError> {
        server.api.call(&api::DELETE, id).await
    }

    async fn rename(server: &Server, id: ConnectorId, name: &str) -> Result<(), ApiError> {
        let query = SecretsQuery { expand_secrets: Some(false), ..SecretsQuery::default() };
        let now = server.api.send(&api::GET, id, query, ()).await?;
        let (body, metadata) = (now.body, now.metadata.unwrap_or_default());
        // A server removes some of the fields that a request omits.
        let change = ConnectorUpdate {
            name: Some(name.to_owned()),
            resource_types: body.as_ref().map(|body| body.resource_types.clone()),
            resource_id: body.and_then(|body| body.resource_id),
            expiration_seconds: metadata.expiration_seconds,
            ..ConnectorUpdate::default()
        };
        server.api.send(&api::UPDATE, id, (), change).await.map(|_| ())
    }

    async fn holders(server: &Server, id: ConnectorId) -> Result<Vec<String>, ApiError> {
        let named = |component: Component| {
            let kind = component.body.as_ref().map_or("component", |body| body.kind.as_str());
            format!("the {kind} {:?} ({})", component.name, component.id)
        };
        let holders = holders(server, id).await?.into_iter();
        Ok(holders.filter(|component| !is_retired(&component.name)).map(named).collect())
    }

    async fn namesake(server: &Server, _: ConnectorId, name: &str) -> Result<Option<ConnectorId>, ApiError> {
        let found = server.api.list_all(&api::LIST, (), named(text::exactly(name))).await?;
        Ok(found.into_iter().find(|connector| connector.name == name).map(|connector| connector.id))
    }

    async fn retired(server: &Server) -> Result<Vec<(ConnectorId, String)>, ApiError> {
        let found = server.api.list_all(&api::LIST, (), named(all_retired())).await?;
        let retired = found.into_iter().filter(|connector| is_retired(&connector.name));
        Ok(retired.map(|connector| (connector.id, connector.name)).collect())
    }

    async fn hand_over(
        _: &Cx<Client>,
        server: &Server,
        id: ConnectorId,
        successor: ConnectorId,
    ) -> Result<(), ApiError> {
        let mut failed = Ok(());
        for component in holders(server, id).await? {
            let change = ComponentUpdate { connector: Some(successor), ..linked_as(&component) };
            let changed = server.api.send(&component::UPDATE, component.id, (), change).await;
            failed = failed.and(changed.optional().map(|_| ()));
        }
        failed
    }
}

fn named(name: Vec<String>) -> ConnectorQuery {
    ConnectorQuery { name, expand_secrets: Some(false), ..ConnectorQuery::default() }
}

/// Returns all components that use a connector.
async fn holders(server: &Server, id: ConnectorId) -> Result<Vec<Component>, ApiError> {
    let query = ComponentQuery {
        connector_id: vec![id.to_string()],
        hydrate: Some(true),
        ..ComponentQuery::default()
    };
    let mut components = server.api.list_all(&component::LIST, (), query).await?;
    // Servers ignore unknown filters.
    components.retain(|component| linked_as(component).connector == Some(id));
    Ok(components)
}
