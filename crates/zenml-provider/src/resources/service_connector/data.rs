//! The data source `zenml_service_connector`.

use std::collections::BTreeMap;

use tfkit::{Computed, Diag, Model, OrServer, Partial, Secret};
use zenml_api::workspace::connector::{self as api, Connector, ConnectorQuery, SecretsQuery};
use zenml_api::{ConnectorId, UserId, WorkspaceId};
use zenml_client::Optional as _;

use super::ServiceConnector;
use crate::failure::Needs;
use crate::id::Id;
use crate::in_workspace::scope::Server;
use crate::in_workspace::{Found, Lookup, lookup, read};

/// Looks up an existing service connector by ID or name.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "service_connector", kind = data_source, rule = tfkit::check::Rule::AtLeastOneOf(&["id", "name"]))]
#[model(since = "1.0.0", needs = Needs::WORKSPACE_VIEWER.text())]
pub struct ServiceConnectorData {
    /// ID of the workspace that contains the connector. Default: the provider's workspace. Null on an open-source
    /// server.
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// ID of the connector. If `name` is also set, both must identify the same connector.
    pub id: OrServer<Id<ConnectorId>>,
    /// Name of the connector.
    pub name: OrServer<String>,
    /// Type of the connector, such as `aws`.
    pub r#type: Computed<String>,
    /// Authentication method, such as `iam-role`.
    pub auth_method: Computed<String>,
    /// Type of the resources that the connector gives access to. Null if there are several.
    pub resource_type: Computed<Option<String>>,
    /// The single resource that the connector gives access to.
    pub resource_id: Computed<Option<String>>,
    /// Configuration of the authentication method, including the secrets that the key can read. Values that are not
    /// strings are encoded as JSON; null values are omitted.
    pub configuration: Computed<Secret<BTreeMap<String, String>>>,
    /// Description of the connector.
    pub description: Computed<Option<String>>,
    /// Labels.
    pub labels: Computed<BTreeMap<String, String>>,
    /// When the credentials expire.
    pub expires_at: Computed<Option<String>>,
    /// Tolerance for clock differences when checking the expiry, in seconds.
    pub expires_skew_tolerance: Computed<Option<i64>>,
    /// Lifetime of the temporary credentials that the connector issues, in seconds.
    pub expiration_seconds: Computed<Option<i64>>,
    /// ID of the user in the workspace who created the connector.
    pub user: Computed<Option<Id<UserId>>>,
    /// When the connector was created.
    pub created: Computed<String>,
    /// When the connector was last updated.
    pub updated: Computed<String>,
}

impl Lookup for ServiceConnectorData {
    type Of = ServiceConnector;

    fn observe(found: &Found<'_, ServiceConnector>) -> Result<Self, Diag> {
        let body = found.body(&found.object.body)?.clone();
        let metadata = found.body(&found.object.metadata)?.clone();
        let set = lookup::set(metadata.configuration);
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

    /// Includes the secrets.
    async fn by_id(server: &Server, id: ConnectorId) -> Result<Option<Connector>, Diag> {
        let query = SecretsQuery { expand_secrets: Some(true), ..SecretsQuery::default() };
        let found = server.api.send(&api::GET, id, query, ()).await.optional();
        found.map_err(|error| read::unreadable::<ServiceConnector>(id, &error))
    }

    /// Includes the secrets.
    fn narrow(_: &Partial<Self>, query: ConnectorQuery) -> ConnectorQuery {
        ConnectorQuery { expand_secrets: Some(true), ..query }
    }
}

/// Returns the resource type if there is exactly one.
pub(super) fn only(resource_types: &[String]) -> Option<String> {
    match resource_types {
        [only] => Some(only.clone()),
        _ => None,
    }
}
