//! Workspaces (formerly tenants).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::organization::Organization;
use super::user::User;
use crate::paging::offset_query;
use crate::{
    Endpoint, IdOrName, OrganizationId, Patch, Sensitive, Timestamp, UserId, WorkspaceId, text_enum,
};

/// Workspaces that the caller has access to.
pub const LIST: Endpoint<(), WorkspaceQuery, (), Vec<Workspace>> =
    Endpoint::get("/workspaces").aliases(&["/tenants"]);
/// Creates a workspace; a managed one is deployed automatically.
///
/// The body can be omitted if the query has the name.
pub const CREATE: Endpoint<(), CreateQuery, Option<WorkspaceCreate>, Workspace> =
    Endpoint::post("/workspaces").aliases(&["/tenants"]);
/// One workspace.
pub const GET: Endpoint<IdOrName<WorkspaceId>, (), (), Workspace> =
    Endpoint::get("/workspaces/{workspace_id_or_name}").aliases(&["/tenants/{tenant_id_or_name}"]);
/// Changes a workspace.
pub const UPDATE: Endpoint<WorkspaceId, UpdateQuery, WorkspaceUpdate, Workspace> =
    Endpoint::patch("/workspaces/{workspace_id}").aliases(&["/tenants/{tenant_id}"]);
/// Deletes a workspace with everything in it.
pub const DELETE: Endpoint<WorkspaceId, (), (), ()> =
    Endpoint::delete("/workspaces/{workspace_id}").aliases(&["/tenants/{tenant_id}"]);
/// Deploys a workspace, or wakes it.
pub const DEPLOY: Endpoint<WorkspaceId, (), (), ()> =
    Endpoint::patch("/workspaces/{workspace_id}/deploy").aliases(&["/tenants/{tenant_id}/deploy"]);
/// Switches a workspace off; its data stay.
pub const DEACTIVATE: Endpoint<WorkspaceId, (), (), ()> =
    Endpoint::patch("/workspaces/{workspace_id}/deactivate").aliases(&["/tenants/{tenant_id}/deactivate"]);

text_enum! {
    /// What a workspace is doing.
    WorkspaceStatus {
        /// Not deployed yet, or deleted completely.
        NotInitialized = "not_initialized",
        /// Being deployed, changed, deactivated or deleted.
        Pending = "pending",
        /// Running.
        Available = "available",
        /// Its last change failed.
        Failed = "failed",
        /// Switched off, reversibly.
        Deactivated = "deactivated",
        /// Gone, but still listed.
        Deleted = "deleted",
    }
}

/// A workspace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Workspace {
    /// Identifier of the workspace.
    pub id: WorkspaceId,
    /// Handle, unique over all organizations; it never changes.
    pub name: String,
    /// Name to show.
    #[serde(default)]
    pub display_name: Option<String>,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// Address of its logo.
    #[serde(default)]
    pub logo_url: Option<String>,
    /// Its organization.
    pub organization: Organization,
    /// Who owns it.
    #[serde(default)]
    pub owner: Option<User>,
    /// Whether ZenML Pro runs it; otherwise it is self-hosted and enrolls.
    #[serde(default = "yes")]
    pub is_managed: bool,
    /// Key with which the server of a self-hosted workspace enrolls; only in the response to its creation.
    #[serde(default)]
    pub enrollment_key: Option<Sensitive<String>>,
    /// Product: `zenml`, `kitaru`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_type: Option<String>,
    /// The ZenML server of the workspace.
    #[serde(default)]
    pub zenml_service: Option<ZenmlService>,
    /// Its desired state.
    pub desired_state: WorkspaceStatus,
    /// Why it is in its state; empty when all is well.
    #[serde(default)]
    pub state_reason: String,
    /// What it is doing.
    pub status: WorkspaceStatus,
    /// Use of metered features.
    #[serde(default)]
    pub usage_counts: Option<std::collections::BTreeMap<String, i64>>,
    /// When it was created.
    #[serde(default)]
    pub created: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default)]
    pub updated: Option<Timestamp>,
    /// When its status last changed.
    #[serde(default)]
    pub status_updated: Option<Timestamp>,
    /// Tags. ZenML servers do not store them; read if the response contains them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// Metadata. ZenML servers do not store it; read if the response contains it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<std::collections::BTreeMap<String, String>>,
}

const fn yes() -> bool {
    true
}

impl Workspace {
    /// Address of the workspace's server, once it is deployed and active.
    #[must_use]
    pub fn server_url(&self) -> Option<&str> {
        self.zenml_service.as_ref()?.status.as_ref().map(|status| status.server_url.as_str())
    }
}

/// The ZenML server of a workspace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ZenmlService {
    /// The desired configuration.
    #[serde(default)]
    pub configuration: Option<ServiceConfiguration>,
    /// The current configuration; only while deployed and active.
    #[serde(default)]
    pub status: Option<ServiceStatus>,
}

/// Configuration of a workspace's server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ServiceConfiguration {
    /// Version: `0.98.0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Whether usage is reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analytics_enabled: Option<bool>,
    /// Settings for operators of ZenML Pro.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admin: Option<Value>,
}

/// State of a workspace's server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ServiceStatus {
    /// Its address.
    pub server_url: String,
    /// Its version.
    #[serde(default)]
    pub version: Option<String>,
    /// Bytes that it stores.
    #[serde(default)]
    pub storage_size: Option<i64>,
}

/// Filters of [`LIST`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct WorkspaceQuery {
    /// Identifier.
    #[serde(alias = "tenant_id")]
    pub workspace_id: Option<WorkspaceId>,
    /// Handle.
    #[serde(alias = "tenant_name")]
    pub workspace_name: Option<String>,
    /// Address of its server.
    pub url: Option<String>,
    /// Organization.
    pub organization_id: Option<OrganizationId>,
    /// Status.
    pub status: Option<WorkspaceStatus>,
    /// Whether ZenML Pro runs it.
    pub is_managed: Option<bool>,
    /// Owner.
    pub owner_id: Option<UserId>,
    /// Only workspaces that the caller can connect to.
    pub member_only: Option<bool>,
    /// Items to leave out at the start.
    pub offset: Option<u64>,
    /// Most items to return.
    pub limit: Option<u64>,
}

offset_query!(WorkspaceQuery);

/// Options of [`CREATE`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct CreateQuery {
    /// Registers a self-hosted workspace.
    pub enroll: Option<bool>,
    /// Name of the workspace, instead of the one in the body.
    pub name: Option<String>,
}

/// Options of [`UPDATE`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct UpdateQuery {
    /// Applies the change even while another one is in progress.
    pub force: Option<bool>,
}

/// A new workspace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WorkspaceCreate {
    /// Handle, unique over all organizations: lower-case letters, digits and hyphens, 1 to 50 characters. Required,
    /// unless the query has it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Its ID; by default, the control plane chooses one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<WorkspaceId>,
    /// The key with which the server of a self-hosted workspace logs in; by default, the control plane chooses one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrollment_key: Option<Sensitive<String>>,
    /// Display name; the server's default is `name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Address of its logo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_url: Option<String>,
    /// Its organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<OrganizationId>,
    /// Whether ZenML Pro runs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_managed: Option<bool>,
    /// The ZenML server of the workspace; by default, it has the default version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zenml_service: Option<ZenmlServiceRequest>,
    /// Tags; no ZenML server stores them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// Metadata; no ZenML server stores them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<std::collections::BTreeMap<String, String>>,
}

/// The desired server of a workspace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ZenmlServiceRequest {
    /// The configuration.
    pub configuration: ServiceConfiguration,
}

/// Changes of a workspace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct WorkspaceUpdate {
    /// Name to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub description: Patch<String>,
    /// Address of its logo.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub logo_url: Patch<String>,
    /// Who owns it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_id: Option<UserId>,
    /// Its desired state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desired_state: Option<WorkspaceStatus>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_reason: Option<String>,
    /// The desired server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zenml_service: Option<ZenmlServiceRequest>,
    /// Tags; no ZenML server stores them.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub tags: Patch<Vec<String>>,
    /// Metadata; no ZenML server stores them.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub metadata: Patch<std::collections::BTreeMap<String, String>>,
}
