//! What a server tells about itself, to anyone.

use serde::{Deserialize, Serialize};

use crate::workspace::JsonMap;
use crate::{Endpoint, OrganizationId, Timestamp, WorkspaceId};

/// Describes the server; needs no login.
pub const INFO: Endpoint<(), (), (), Info> = Endpoint::get("/info");

/// The server's version as a bare JSON text; needs no login.
pub const VERSION: Endpoint<(), (), (), String> = Endpoint::get("/version");

/// Description of a server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Info {
    /// Deployment id. In a workspace of ZenML Pro usually the workspace's id; trust `pro_workspace_id`.
    pub id: String,
    /// Name of the server.
    #[serde(default)]
    pub name: String,
    /// Version of ZenML.
    pub version: String,
    /// Whether the server was activated.
    #[serde(default)]
    pub active: bool,
    /// Whether it runs in debug mode.
    #[serde(default)]
    pub debug: bool,
    /// `cloud` for a workspace of ZenML Pro.
    pub deployment_type: String,
    /// `sqlite` or `mysql`.
    #[serde(default)]
    pub database_type: String,
    /// Where secrets are kept.
    #[serde(default)]
    pub secrets_store_type: String,
    /// `EXTERNAL` for a workspace of ZenML Pro, `OAUTH2_PASSWORD_BEARER` otherwise.
    pub auth_scheme: String,
    /// Public address, if the server was told.
    #[serde(default)]
    pub server_url: String,
    /// Address of the dashboard.
    #[serde(default)]
    pub dashboard_url: String,
    /// Whether usage statistics are sent.
    #[serde(default)]
    pub analytics_enabled: bool,
    /// Anything else.
    #[serde(default)]
    pub metadata: JsonMap,
    /// When someone last did something.
    #[serde(default)]
    pub last_user_activity: Option<Timestamp>,
    /// Dashboard of ZenML Pro.
    #[serde(default)]
    pub pro_dashboard_url: Option<String>,
    /// Control plane that the workspace belongs to.
    #[serde(default)]
    pub pro_api_url: Option<String>,
    /// Organization that the workspace belongs to.
    #[serde(default)]
    pub pro_organization_id: Option<OrganizationId>,
    /// Name of the organization.
    #[serde(default)]
    pub pro_organization_name: Option<String>,
    /// The workspace's id on the control plane.
    #[serde(default)]
    pub pro_workspace_id: Option<WorkspaceId>,
    /// The workspace's name on the control plane.
    #[serde(default)]
    pub pro_workspace_name: Option<String>,
}
