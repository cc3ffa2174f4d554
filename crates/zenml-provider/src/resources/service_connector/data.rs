//! The data source `zenml_service_connector`.

use std::collections::BTreeMap;

use tfkit::{Computed, Diag, Model, OrServer, Partial, Secret};
use zenml_api::workspace::connector::{self as api, Connector, ConnectorQuery, SecretsQuery};
use zenml_api::{ConnectorId, UserId, WorkspaceId};
use zenml_client::Optional as _;

use super::ServiceConnector;
use crate::id::Id;
use crate::in_workspace::scope::Server;
use crate::in_workspace::{Found, Lookup, lookup, read};

/// An existing service connector, by id or by name.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "service_connector", kind = data_source, rule = tfkit::check::Rule::AtLeastOneOf(&["id", "name"]))]
pub struct ServiceConnectorData {
    /// Workspace that the connector is in. Default: the provider's workspace. Null on an open-source server.
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// Identifier of the connector. It decides where the name is given too.
    pub id: OrServer<Id<ConnectorId>>,
    /// Name of the connector.
    pub name: OrServer<String>,
    /// Type of the connector, such as `aws`.
    pub r#type: Computed<String>,
    /// How it authenticates, such as `iam-role`.
    pub auth_method: Computed<String>,
    /// The only type of resource that the connector is for; null where it is for several.
    pub resource_type: Computed<Option<String>>,
    /// The only resource that the connector is for.
    pub resource_id: Computed<Option<String>>,
    /// Configuration of the authentication method, with its secrets as far as this credential may read them. Values that
    /// are no texts are shown as JSON; those that are null are left out.
    pub configuration: Computed<Secret<BTreeMap<String, String>>>,
    /// What the connector is for.
    pub description: Computed<Option<String>>,
    /// Labels.
    pub labels: Computed<BTreeMap<String, String>>,
    /// When the credentials expire.
    pub expires_at: Computed<Option<String>>,
    /// Seconds by which the clocks may differ when an expiry is judged.
    pub expires_skew_tolerance: Computed<Option<i64>>,
    /// How many seconds the temporary credentials live that the connector makes.
    pub expiration_seconds: Computed<Option<i64>>,
    /// Id of the user in the workspace who made the connector.
    pub user: Computed<Option<Id<UserId>>>,
    /// When the connector was made.
    pub created: Computed<String>,
    /// When the connector was last changed.
    pub updated: Computed<String>,
}

impl Lookup for ServiceConnectorData {
    type Of = ServiceConnector;

    fn observe(found: &Found<'_, ServiceConnector>) -> Result<Self, Diag> {
        let body = found.body(&found.object.body)?.clone();
        let metadata = found.body(&found.object.metadata)?.clone();
        let set =
            metadata.configuration.into_exposed().into_iter().filter(|(_, value)| !value.is_null()).collect();
        Ok(Self {
            workspace_id: found.workspace_id(),
            id: OrServer::known(Id(found.object.id)),
            name: OrServer::known(found.name()),
            r#type: Computed::known(body.connector_type.name().to_owned()),
            auth_method: Computed::known(body.auth_method),
            resource_type: Computed::known(only(&body.resource_types)),
            resource_id: Computed::known(lookup::filled(body.resource_id)),
            configuration: Computed::known(Secret::new(lookup::texts(Some(&set)))),
            description: Computed::known(lookup::filled(Some(body.description))),
            labels: Computed::known(metadata.labels),
            expires_at: Computed::known(body.expires_at.map(|moment| moment.to_string())),
            expires_skew_tolerance: Computed::known(body.expires_skew_tolerance),
            expiration_seconds: Computed::known(metadata.expiration_seconds),
            user: Computed::known(body.user_id.map(Id)),
            created: Computed::known(body.created.to_string()),
            updated: Computed::known(body.updated.to_string()),
        })
    }

    /// With its secrets.
    async fn by_id(server: &Server, id: ConnectorId) -> Result<Option<Connector>, Diag> {
        let query = SecretsQuery { expand_secrets: Some(true) };
        let found = server.api.send(&api::GET, id, query, ()).await.optional();
        found.map_err(|error| read::unreadable::<ServiceConnector>(id, &error))
    }

    /// With its secrets.
    fn narrow(_: &Partial<Self>, query: ConnectorQuery) -> ConnectorQuery {
        ConnectorQuery { expand_secrets: Some(true), ..query }
    }
}

/// The type of resource where there is exactly one.
pub(super) fn only(resource_types: &[String]) -> Option<String> {
    match resource_types {
        [only] => Some(only.clone()),
        _ => None,
    }
}
