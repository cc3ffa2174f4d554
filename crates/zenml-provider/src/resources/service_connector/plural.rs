//! The data source `zenml_service_connectors`.

use std::collections::{BTreeMap, BTreeSet};

use tfkit::{Computed, Diag, Model, Object, OrServer};
use zenml_api::workspace::connector::{Connector, ConnectorQuery};
use zenml_api::{ConnectorId, WorkspaceId};

use super::{ServiceConnector, data};
use crate::failure::Needs;
use crate::id::Id;
use crate::in_workspace::{InWorkspace as _, Listing, lookup};

/// Lists the service connectors of a server that the key can read, optionally filtered.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "service_connectors", kind = data_source)]
#[model(since = "3.1.0", needs = Needs::WORKSPACE_VIEWER.text())]
pub struct ServiceConnectorsData {
    /// ID of the workspace that contains the connectors. Default: the provider's workspace. Null on an open-source
    /// server.
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// Return only connectors of this type, such as `aws`.
    pub r#type: Option<String>,
    /// Return only connectors with this authentication method, such as `iam-role`.
    pub auth_method: Option<String>,
    /// Return only connectors that give access to this type of resource, such as `s3-bucket`, alone or among others.
    pub resource_type: Option<String>,
    /// Return only connectors whose name starts with this prefix.
    pub name_prefix: Option<String>,
    /// Return only connectors that have all of these labels.
    pub labels: Option<BTreeMap<String, String>>,
    /// The connectors, by name. Their configuration, which contains secrets, is not included; use the data source
    /// `zenml_service_connector` to read it.
    pub connectors: Computed<BTreeMap<String, ConnectorSummary>>,
}

/// A service connector in a list.
#[derive(Clone, Debug, PartialEq, Object)]
pub struct ConnectorSummary {
    /// ID of the connector.
    pub id: Computed<Id<ConnectorId>>,
    /// Name of the connector.
    pub name: Computed<String>,
    /// Type of the connector.
    pub r#type: Computed<String>,
    /// Authentication method.
    pub auth_method: Computed<String>,
    /// Type of the resources that the connector gives access to. Null if there are several.
    pub resource_type: Computed<Option<String>>,
    /// All types of resources that the connector gives access to.
    pub resource_types: Computed<BTreeSet<String>>,
    /// The single resource that the connector gives access to.
    pub resource_id: Computed<Option<String>>,
    /// Description of the connector.
    pub description: Computed<Option<String>>,
    /// Labels.
    pub labels: Computed<BTreeMap<String, String>>,
    /// When the credentials expire.
    pub expires_at: Computed<Option<String>>,
    /// When the connector was created.
    pub created: Computed<String>,
    /// When the connector was last updated.
    pub updated: Computed<String>,
}

impl Listing for ServiceConnectorsData {
    type Of = ServiceConnector;
    type Summary = ConnectorSummary;

    fn narrow(&self, query: ConnectorQuery) -> ConnectorQuery {
        ConnectorQuery {
            connector_type: self.r#type.iter().cloned().collect(),
            auth_method: self.auth_method.iter().cloned().collect(),
            ..query
        }
    }

    fn summary(connector: Connector) -> Result<ConnectorSummary, Diag> {
        let (Some(body), Some(metadata)) = (connector.body, connector.metadata) else {
            return Err(ServiceConnector::NOUN.unreadable(&connector.name));
        };
        Ok(ConnectorSummary {
            id: Computed::known(Id(connector.id)),
            name: Computed::known(connector.name),
            r#type: Computed::known(body.connector_type.name().to_owned()),
            auth_method: Computed::known(body.auth_method),
            resource_type: Computed::known(data::only(&body.resource_types)),
            resource_types: Computed::known(body.resource_types.into_iter().collect()),
            resource_id: Computed::known(lookup::filled(body.resource_id)),
            description: Computed::known(lookup::filled(Some(body.description))),
            labels: Computed::known(metadata.labels),
            expires_at: Computed::known(body.expires_at.map(|moment| moment.to_string())),
            created: Computed::known(body.created.to_string()),
            updated: Computed::known(body.updated.to_string()),
        })
    }

    fn keeps(&self, connector: &ConnectorSummary) -> bool {
        let types = connector.resource_types.as_ref();
        let is_for = |wanted| types.is_some_and(|types: &BTreeSet<String>| types.contains(wanted));
        lookup::is(&connector.r#type, self.r#type.as_ref())
            && lookup::is(&connector.auth_method, self.auth_method.as_ref())
            && self.resource_type.as_ref().is_none_or(is_for)
            && lookup::has_labels(&connector.labels, self.labels.as_ref())
    }

    fn with(
        self,
        workspace_id: OrServer<Id<WorkspaceId>>,
        connectors: BTreeMap<String, ConnectorSummary>,
    ) -> Self {
        Self { workspace_id, connectors: Computed::known(connectors), ..self }
    }
}
