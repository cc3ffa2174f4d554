//! Roles and their assignments.

use serde::{Deserialize, Serialize};

use super::invitation::Invitation;
use super::team::Team;
use super::user::User;
use crate::paging::offset_query;
use crate::rbac::Action;
use crate::{
    Endpoint, InvitationId, OrganizationId, Patch, ProjectId, RoleId, TeamId, Timestamp, UserId, WorkspaceId,
    text_enum,
};

/// Roles of an organization, on all levels.
pub const LIST: Endpoint<OrganizationId, RoleQuery, (), Vec<Role>> =
    Endpoint::get("/organizations/{organization_id}/roles");
/// Creates a custom role.
pub const CREATE: Endpoint<(), (), RoleCreate, Role> = Endpoint::post("/roles");
/// One role.
pub const GET: Endpoint<RoleId, (), (), Role> = Endpoint::get("/roles/{role_id}");
/// Changes a custom role.
pub const UPDATE: Endpoint<RoleId, (), RoleUpdate, Role> = Endpoint::patch("/roles/{role_id}");
/// Deletes a custom role.
pub const DELETE: Endpoint<RoleId, (), (), ()> = Endpoint::delete("/roles/{role_id}");
/// Lists the assignments of a role. Without a scope, the list may contain several scopes: compare them.
pub const ASSIGNMENTS: Endpoint<RoleId, ScopeQuery, (), Vec<Assignment>> =
    Endpoint::get("/roles/{role_id}/assignments");
/// Grants a role; 409 if it is granted already.
pub const ASSIGN: Endpoint<RoleId, AssignmentQuery, (), Assignment> =
    Endpoint::post("/roles/{role_id}/assignments");
/// Revokes a role.
pub const REVOKE: Endpoint<RoleId, AssignmentQuery, (), ()> =
    Endpoint::delete("/roles/{role_id}/assignments");
/// Lists the permissions for custom roles.
pub const PERMISSIONS: Endpoint<(), PermissionQuery, (), Vec<Permission>> = Endpoint::get("/permissions");

text_enum! {
    /// Where a role applies.
    RoleLevel {
        /// In the organization.
        Organization = "organization",
        /// In one workspace.
        Workspace = "workspace",
        /// In one project.
        Project = "project",
    }
}

text_enum! {
    /// Kinds of roles.
    #[derive(Default)]
    RoleType {
        /// A role that people grant.
        #[default]
        Normal = "normal",
        /// A role that the server creates when a single resource is shared.
        Share = "share",
    }
}

/// A role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Role {
    /// Identifier; differs between organizations, also for predefined roles.
    pub id: RoleId,
    /// Name; missing in some responses.
    #[serde(default)]
    pub name: Option<String>,
    /// What it allows, in words.
    #[serde(default)]
    pub description: Option<String>,
    /// Its organization.
    #[serde(default)]
    pub organization_id: Option<OrganizationId>,
    /// Where it applies.
    pub level: RoleLevel,
    /// Whether it is predefined.
    #[serde(default)]
    pub system_managed: bool,
    /// Kind of role.
    #[serde(default, rename = "type")]
    pub kind: RoleType,
    /// Its permissions. The documented model does not contain them: not every response has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Vec<Permission>>,
    /// When it was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated: Option<Timestamp>,
}

/// One action on one resource type. The reference documents neither this form nor which pairs exist: both are
/// assumptions, and this is the only place to change the form. [`PERMISSIONS`] lists the pairs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Permission {
    /// Type of the resource: one of a workspace, such as `stack`, or one of the control plane, such as `team`.
    pub resource: String,
    /// The allowed action.
    pub action: Action,
}

/// Filters of [`PERMISSIONS`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct PermissionQuery {
    /// Only permissions for roles of this level.
    pub level: Option<RoleLevel>,
}

/// Filters of [`LIST`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct RoleQuery {
    /// Name. Also compare the result.
    pub name: Option<String>,
    /// Only roles of this user.
    pub user_id: Option<UserId>,
    /// Only roles of this team.
    pub team_id: Option<TeamId>,
    /// Only roles that allow something on this resource.
    pub resource: Option<String>,
    /// Only roles that allow this.
    pub action: Option<Action>,
    /// Only predefined roles, or only custom ones.
    pub system_managed: Option<bool>,
    /// Kind of role; the server's default is `normal`.
    #[serde(rename = "type")]
    pub kind: Option<RoleType>,
    /// Level.
    pub level: Option<RoleLevel>,
    /// Only roles of the caller.
    pub assigned_to_current_user: Option<bool>,
    /// Only roles held in this workspace.
    pub workspace_scope: Option<WorkspaceId>,
    /// Only roles held in this project.
    pub project_scope: Option<ProjectId>,
    /// Items to leave out at the start.
    pub offset: Option<u64>,
    /// Most items to return.
    pub limit: Option<u64>,
}

offset_query!(RoleQuery);

/// A new custom role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RoleCreate {
    /// Its organization.
    pub organization_id: OrganizationId,
    /// Name.
    pub name: String,
    /// What it allows, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where it applies.
    pub level: RoleLevel,
    /// What it allows.
    pub permissions: Vec<Permission>,
}

/// Changes of a custom role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct RoleUpdate {
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it allows, in words.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub description: Patch<String>,
    /// The whole new set of permissions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Vec<Permission>>,
}

/// Where a role is assigned: an empty scope means the organization.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ScopeQuery {
    /// The workspace, for workspace and project roles.
    #[serde(alias = "tenant_id")]
    pub workspace_id: Option<WorkspaceId>,
    /// The project, for project roles.
    pub project_id: Option<ProjectId>,
}

/// The principal and the scope of a role assignment. Exactly one principal; a project only together with its
/// workspace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct AssignmentQuery {
    /// A user or a service account.
    pub user_id: Option<UserId>,
    /// A team.
    pub team_id: Option<TeamId>,
    /// An invitation that waits.
    pub invitation_id: Option<InvitationId>,
    /// The workspace, for workspace and project roles.
    #[serde(alias = "tenant_id")]
    pub workspace_id: Option<WorkspaceId>,
    /// The project, for project roles.
    pub project_id: Option<ProjectId>,
}

/// A granted role. It has no id: role, principal and scope identify it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Assignment {
    /// The user or service account.
    #[serde(default)]
    pub user: Option<User>,
    /// The team.
    #[serde(default)]
    pub team: Option<Team>,
    /// The invitation that waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitation: Option<Invitation>,
    /// The role.
    pub role: Role,
    /// Organization.
    #[serde(default)]
    pub organization_id: Option<OrganizationId>,
    /// The workspace, for workspace and project roles.
    #[serde(default)]
    pub workspace_id: Option<WorkspaceId>,
    /// The project, for project roles.
    #[serde(default)]
    pub project_id: Option<ProjectId>,
}
