//! The data source `zenml_server`.

use std::collections::BTreeMap;

use tfkit::{Computed, Cx, DataSource, Diag, Model, OrServer};
use zenml_api::workspace::info;
use zenml_api::{OrganizationId, WorkspaceId};

use crate::client::Client;
use crate::failure::{Needs, cannot};
use crate::id::Id;
use crate::in_workspace::scope;
use crate::in_workspace::text;

/// Reads a ZenML server: the one in the provider block, or the server of a workspace.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "server", kind = data_source)]
#[model(since = "1.1.0", needs = Needs::WORKSPACE_VIEWER.text())]
pub struct ServerData {
    /// ID of the workspace whose server is read. Default: the provider's workspace. Null on an open-source server.
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// ID of the deployment.
    pub id: Computed<String>,
    /// Name of the server.
    pub name: Computed<String>,
    /// ZenML version of the server.
    pub version: Computed<String>,
    /// How the server was deployed, such as `other`, `docker` or `cloud`.
    pub deployment_type: Computed<String>,
    /// Authentication scheme, such as `OAUTH2_PASSWORD_BEARER`. `EXTERNAL` in ZenML Pro.
    pub auth_scheme: Computed<String>,
    /// Public URL of the server. Empty if the server does not know it.
    pub server_url: Computed<String>,
    /// URL of the dashboard. Empty if the server does not know it.
    pub dashboard_url: Computed<String>,
    /// URL of the ZenML Pro dashboard. Null on an open-source server, like all attributes that start with `pro_`.
    pub pro_dashboard_url: Computed<Option<String>>,
    /// URL of the ZenML Pro management API.
    pub pro_api_url: Computed<Option<String>>,
    /// ID of the organization.
    pub pro_organization_id: Computed<Option<Id<OrganizationId>>>,
    /// Name of the organization.
    pub pro_organization_name: Computed<Option<String>>,
    /// ID of the workspace.
    pub pro_workspace_id: Computed<Option<Id<WorkspaceId>>>,
    /// Name of the workspace.
    pub pro_workspace_name: Computed<Option<String>>,
    /// Metadata that the server was deployed with. Values that are not strings are encoded as JSON.
    pub metadata: Computed<BTreeMap<String, String>>,
}

impl DataSource for ServerData {
    type Model = Self;
    type Client = Client;

    async fn read(cx: &Cx<Client>, config: Self) -> Result<Self, Diag> {
        let server = scope::open(cx, config.workspace_id.as_ref().map(|id| id.0)).await?;
        let info = server.api.call_openly(&info::INFO, ()).await;
        let info = info.map_err(|error| cannot("read the server", Needs::WORKSPACE_VIEWER, &error))?;
        Ok(Self {
            workspace_id: OrServer::from_option(server.workspace_id.map(Id)),
            id: Computed::known(info.id),
            name: Computed::known(info.name),
            version: Computed::known(info.version),
            deployment_type: Computed::known(info.deployment_type),
            auth_scheme: Computed::known(info.auth_scheme),
            server_url: Computed::known(info.server_url),
            dashboard_url: Computed::known(info.dashboard_url),
            pro_dashboard_url: Computed::known(info.pro_dashboard_url),
            pro_api_url: Computed::known(info.pro_api_url),
            pro_organization_id: Computed::known(info.pro_organization_id.map(Id)),
            pro_organization_name: Computed::known(info.pro_organization_name),
            pro_workspace_id: Computed::known(info.pro_workspace_id.map(Id)),
            pro_workspace_name: Computed::known(info.pro_workspace_name),
            metadata: Computed::known(text::label_texts(&info.metadata)),
        })
    }
}
