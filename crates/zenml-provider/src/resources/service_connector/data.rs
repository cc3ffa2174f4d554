//! The data source `zenml_service_connector`.

use std::collections::BTreeMap;

use tfkit::{Computed, Cx, DataSource, Diag, Model, OrServer, Secret};
use zenml_api::workspace::connector::{self as api, Connector, ConnectorQuery, SecretsQuery};
use zenml_api::{ConnectorId, UserId, WorkspaceId};
use zenml_client::Optional as _;

use super::NOUN;
use crate::client::Client;
use crate::id::Id;
use crate::in_workspace::lookup::{self, Wanted};
use crate::in_workspace::scope;
use crate::in_workspace::text;

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

impl DataSource for ServiceConnectorData {
    type Model = Self;
    type Client = Client;

    async fn read(cx: &Cx<Client>, config: Self) -> Result<Self, Diag> {
        let wanted = Wanted::of(NOUN, config.id.as_ref().map(|id| id.0), config.name.as_ref())?;
        let server = scope::open(cx, config.workspace_id.as_ref().map(|id| id.0)).await?;
        let connector: Connector = match wanted {
            Wanted::Id(id, name) => {
                let query = SecretsQuery { expand_secrets: Some(true) };
                let read = async { server.api.send(&api::GET, id, query, ()).await.optional() };
                lookup::by_id(NOUN, &server, id, name, read).await?
            }
            Wanted::Name(name) => {
                let query = ConnectorQuery {
                    name: text::exactly(name),
                    hydrate: Some(true),
                    expand_secrets: Some(true),
                    ..ConnectorQuery::default()
                };
                let list = server.api.list_all(&api::LIST, (), query);
                let told = |found: &Connector| format!("the connector {:?}", found.name);
                lookup::by_name(NOUN, &server, name, list, told, "Say which one is meant by its id.").await?
            }
        };
        let (Some(body), Some(metadata)) = (connector.body, connector.metadata) else {
            return Err(NOUN.unreadable(&connector.name));
        };
        let set =
            metadata.configuration.into_exposed().into_iter().filter(|(_, value)| !value.is_null()).collect();
        Ok(Self {
            workspace_id: OrServer::from_option(server.workspace_id.map(Id)),
            id: OrServer::known(Id(connector.id)),
            name: OrServer::known(connector.name),
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
}

/// The type of resource where there is exactly one.
pub(super) fn only(resource_types: &[String]) -> Option<String> {
    match resource_types {
        [only] => Some(only.clone()),
        _ => None,
    }
}
