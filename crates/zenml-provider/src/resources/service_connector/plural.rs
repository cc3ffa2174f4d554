//! The data source `zenml_service_connectors`.

use std::collections::{BTreeMap, BTreeSet};

use tfkit::{Computed, Cx, DataSource, Diag, Model, Object, OrServer};
use zenml_api::workspace::connector::{self as api, Connector, ConnectorBody, ConnectorQuery};
use zenml_api::{ConnectorId, WorkspaceId};

use super::{NOUN, data};
use crate::client::Client;
use crate::id::Id;
use crate::in_workspace::{lookup, scope};

/// All service connectors of a server that this credential may read, or those that the filters leave.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "service_connectors", kind = data_source)]
pub struct ServiceConnectorsData {
    /// Workspace that the connectors are in. Default: the provider's workspace. Null on an open-source server.
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// Only connectors of this type, such as `aws`.
    pub r#type: Option<String>,
    /// Only connectors that authenticate so, such as `iam-role`.
    pub auth_method: Option<String>,
    /// Only connectors that are for this type of resource, such as `s3-bucket`, alone or among others.
    pub resource_type: Option<String>,
    /// Only connectors whose name begins so.
    pub name_prefix: Option<String>,
    /// Only connectors that have all these labels.
    pub labels: Option<BTreeMap<String, String>>,
    /// The connectors, by name. Their configuration, which holds secrets, is not here; the data source
    /// `zenml_service_connector` has it.
    pub connectors: Computed<BTreeMap<String, ConnectorSummary>>,
}

/// A service connector among others.
#[derive(Clone, Debug, PartialEq, Object)]
pub struct ConnectorSummary {
    /// Identifier of the connector.
    pub id: Computed<Id<ConnectorId>>,
    /// Name of the connector.
    pub name: Computed<String>,
    /// Type of the connector.
    pub r#type: Computed<String>,
    /// How it authenticates.
    pub auth_method: Computed<String>,
    /// The only type of resource that the connector is for; null where it is for several.
    pub resource_type: Computed<Option<String>>,
    /// All types of resources that the connector is for.
    pub resource_types: Computed<BTreeSet<String>>,
    /// The only resource that the connector is for.
    pub resource_id: Computed<Option<String>>,
    /// What the connector is for.
    pub description: Computed<Option<String>>,
    /// Labels.
    pub labels: Computed<BTreeMap<String, String>>,
    /// When the credentials expire.
    pub expires_at: Computed<Option<String>>,
    /// When the connector was made.
    pub created: Computed<String>,
    /// When the connector was last changed.
    pub updated: Computed<String>,
}

impl DataSource for ServiceConnectorsData {
    type Model = Self;
    type Client = Client;

    async fn read(cx: &Cx<Client>, config: Self) -> Result<Self, Diag> {
        let server = scope::open(cx, config.workspace_id.as_ref().map(|id| id.0)).await?;
        let query = ConnectorQuery {
            name: lookup::beginning(config.name_prefix.as_ref()),
            connector_type: config.r#type.iter().cloned().collect(),
            auth_method: config.auth_method.iter().cloned().collect(),
            hydrate: Some(true),
            expand_secrets: Some(false),
            ..ConnectorQuery::default()
        };
        let listed = server.api.list_all(&api::LIST, (), query).await;
        let listed = listed.map_err(|error| lookup::unlisted(NOUN, &error))?;
        let mut connectors = BTreeMap::new();
        for Connector { id, name, body, metadata, .. } in listed {
            let (Some(body), Some(metadata)) = (body, metadata) else { return Err(NOUN.unreadable(&name)) };
            if config.wants(&name, &body, &metadata.labels) {
                connectors.insert(name.clone(), summary(id, name, body, metadata.labels));
            }
        }
        Ok(Self {
            workspace_id: OrServer::from_option(server.workspace_id.map(Id)),
            connectors: Computed::known(connectors),
            ..config
        })
    }
}

impl ServiceConnectorsData {
    /// Whether the filters leave a connector, which the server may have overlooked.
    fn wants(&self, name: &str, body: &ConnectorBody, labels: &BTreeMap<String, String>) -> bool {
        lookup::begins(name, self.name_prefix.as_ref())
            && self.r#type.as_ref().is_none_or(|wanted| wanted == body.connector_type.name())
            && self.auth_method.as_ref().is_none_or(|wanted| *wanted == body.auth_method)
            && self.resource_type.as_ref().is_none_or(|wanted| body.resource_types.contains(wanted))
            && lookup::has_labels(labels, self.labels.as_ref())
    }
}

fn summary(
    id: ConnectorId,
    name: String,
    body: ConnectorBody,
    labels: BTreeMap<String, String>,
) -> ConnectorSummary {
    ConnectorSummary {
        id: Computed::known(Id(id)),
        name: Computed::known(name),
        r#type: Computed::known(body.connector_type.name().to_owned()),
        auth_method: Computed::known(body.auth_method),
        resource_type: Computed::known(data::only(&body.resource_types)),
        resource_types: Computed::known(body.resource_types.into_iter().collect()),
        resource_id: Computed::known(lookup::filled(body.resource_id)),
        description: Computed::known(lookup::filled(Some(body.description))),
        labels: Computed::known(labels),
        expires_at: Computed::known(body.expires_at.map(|moment| moment.to_string())),
        created: Computed::known(body.created.to_string()),
        updated: Computed::known(body.updated.to_string()),
    }
}
