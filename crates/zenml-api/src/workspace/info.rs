//! Public information about a server.

use serde::{Deserialize, Serialize};

use crate::workspace::JsonMap;
use crate::{Endpoint, OrganizationId, Timestamp, WorkspaceId};

/// Describes the server. Public.
pub const INFO: Endpoint<(), (), (), Info> = Endpoint::get("/info");

/// Returns the server's version as a plain JSON string. Public.
pub const VERSION: Endpoint<(), (), (), String> = Endpoint::get("/version");

/// Number of objects that the caller can read.
pub const STATISTICS: Endpoint<(), (), (), Statistics> = Endpoint::get("/statistics");

/// How busy the server is.
pub const LOAD: Endpoint<(), (), (), Load> = Endpoint::get("/load-info");

/// The steps of a new user that were taken on this server, such as `project_created`.
pub const ONBOARDING: Endpoint<(), (), (), Vec<String>> = Endpoint::get("/onboarding_state");

/// Events that can trigger a pipeline. Public.
pub const SUPPORTED_EVENTS: Endpoint<(), EventQuery, (), Vec<Event>> = Endpoint::get("/supported-events");

/// How busy a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Load {
    /// Threads.
    pub threads: u64,
    /// Connections to the database; 0 without a pool.
    pub db_connections_total: u64,
    /// Those that are in use.
    pub db_connections_active: u64,
    /// Those beyond the size of the pool.
    pub db_connections_overflow: u64,
}

/// Query of [`SUPPORTED_EVENTS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EventQuery {
    /// What the events are about.
    pub source_type: EventSource,
}

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum EventSource {
    /// A pipeline.
    Pipeline,
    /// A run of a pipeline.
    PipelineRun,
    /// A snapshot of a pipeline.
    PipelineSnapshot,
}

/// An event that can trigger a pipeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Event {
    /// The value in a trigger.
    pub value: String,
    /// What happened.
    pub description: String,
}

/// Number of objects in a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ServerStatistics"))]
pub struct Statistics {
    /// Stacks.
    pub stacks: u64,
    /// Stack components.
    pub components: u64,
    /// Projects.
    pub projects: u64,
}

/// Description of a server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Info {
    /// Deployment id. In a workspace of ZenML Pro, usually the id of the workspace; use `pro_workspace_id` instead.
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
    /// Where secrets are stored.
    #[serde(default)]
    pub secrets_store_type: String,
    /// `EXTERNAL` for a workspace of ZenML Pro, `OAUTH2_PASSWORD_BEARER` otherwise.
    pub auth_scheme: String,
    /// Public URL, if configured.
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
    /// Time of the last activity.
    #[serde(default)]
    pub last_user_activity: Option<Timestamp>,
    /// Dashboard of ZenML Pro.
    #[serde(default)]
    pub pro_dashboard_url: Option<String>,
    /// Control plane of the workspace.
    #[serde(default)]
    pub pro_api_url: Option<String>,
    /// Organization of the workspace.
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
