//! The ephemeral resource `zenml_service_connector_credentials`.

use std::collections::BTreeMap;

use tfkit::model::Object as _;
use tfkit::{Computed, Diag, EphemeralResource, Model, Opened, Opening, OrServer, Partial, Secret};
use zenml_api::workspace::connector::{self as api, ClientQuery};
use zenml_api::{ConnectorId, WorkspaceId};

use super::ServiceConnector;
use crate::client::Client;
use crate::failure::{Needs, cannot};
use crate::id::Id;
use crate::in_workspace::{Found, Lookup, data, lookup};

/// Credentials that a service connector issues for one of its resources, for another provider. They never reach a plan
/// or a state.
///
/// The server issues short-lived credentials if the authentication method supports that, such as `iam-role` of AWS.
/// Otherwise, it returns the stored ones.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "service_connector_credentials", kind = ephemeral_resource)]
#[model(rule = tfkit::check::Rule::AtLeastOneOf(&["id", "name"]))]
#[model(since = "3.1.0", needs = Needs::CONNECTOR_CLIENT.text())]
pub struct ServiceConnectorCredentials {
    /// ID of the workspace that contains the connector. Default: the provider's workspace. Null on an open-source
    /// server.
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// ID of the connector. If `name` is also set, both must identify the same connector.
    pub id: OrServer<Id<ConnectorId>>,
    /// Name of the connector. To refer to a connector that the same run creates, use `id`.
    pub name: OrServer<String>,
    /// Type of the resource, such as `s3-bucket`. Required if the connector gives access to several types.
    #[attr(check = non_empty())]
    pub resource_type: Option<String>,
    /// The resource, such as `s3://team-artifacts`. Required if the connector gives access to several resources of the
    /// type.
    #[attr(check = non_empty())]
    pub resource_id: Option<String>,
    /// Type of the issued connector, such as `aws`.
    pub r#type: Computed<String>,
    /// Authentication method of the credentials, such as `sts-token`.
    pub auth_method: Computed<String>,
    /// The credentials: the configuration of the authentication method, such as `aws_access_key_id`,
    /// `aws_secret_access_key` and `aws_session_token`. Values that are not strings are encoded as JSON.
    pub configuration: Computed<Secret<BTreeMap<String, String>>>,
    /// When the credentials expire. Null if they do not.
    pub expires_at: Computed<Option<String>>,
}

impl Lookup for ServiceConnectorCredentials {
    type Of = ServiceConnector;

    fn observe(found: &Found<'_, ServiceConnector>) -> Result<Self, Diag> {
        let body = found.body(&found.object.body)?.clone();
        let metadata = found.body(&found.object.metadata)?.clone();
        let set = lookup::set(metadata.configuration);
        Ok(Self {
            workspace_id: found.workspace_id(),
            id: OrServer::known(Id(found.object.id)),
            name: OrServer::known(found.name()),
            resource_type: None,
            resource_id: None,
            r#type: Computed::known(body.connector_type.name().to_owned()),
            auth_method: Computed::known(body.auth_method),
            configuration: Computed::known(Secret::new(lookup::texts(Some(&set)))),
            expires_at: Computed::known(body.expires_at.map(|moment| moment.to_string())),
        })
    }
}

impl EphemeralResource for ServiceConnectorCredentials {
    type Model = Self;
    type Client = Client;
    type Lease = ();

    async fn open(cx: &Opening<Client, ()>, config: Self) -> Result<Opened<Self>, Diag> {
        let (server, connector) = data::selected_early::<Self>(cx, &Partial::new(config.to_object())).await?;
        let query = ClientQuery {
            resource_type: config.resource_type.clone(),
            resource_id: config.resource_id.clone(),
        };
        let issued = server.api.send(&api::CLIENT, connector.id, query, ()).await.map_err(|error| {
            let doing = format!("get credentials of service connector {:?}", connector.name);
            cannot(doing, Needs::CONNECTOR_CLIENT, &error)
        })?;
        let found = Found { workspace: server.workspace_id, object: &issued, beside: &() };
        // The server names the issued connector after the resource.
        let model = Self {
            id: OrServer::known(Id(connector.id)),
            name: OrServer::known(connector.name.clone()),
            resource_type: config.resource_type,
            resource_id: config.resource_id,
            ..Self::observe(&found)?
        };
        Ok(model.into())
    }
}
