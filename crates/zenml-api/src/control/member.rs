//! Members: holders of roles in an organization, a workspace or a project.

use serde::{Deserialize, Serialize};

use super::invitation::Invitation;
use super::role::RoleLevel;
use super::team::Team;
use super::user::User;
use crate::{Endpoint, OrganizationId, ProjectId, RoleId, UserId, WorkspaceId};

/// Members of an organization.
pub const LIST: Endpoint<OrganizationId, MemberQuery, (), Vec<Member>> =
    Endpoint::get("/organizations/{organization_id}/members");
/// Takes a user's organization-level roles away. Refused for service accounts.
pub const REMOVE: Endpoint<OrganizationId, MemberRemoval, (), ()> =
    Endpoint::delete("/organizations/{organization_id}/members");
/// Members of a workspace.
pub const LIST_OF_WORKSPACE: Endpoint<WorkspaceId, MemberQuery, (), Vec<Member>> =
    Endpoint::get("/workspaces/{workspace_id}/members").aliases(&["/tenants/{tenant_id}/members"]);
/// Members of a project.
pub const LIST_OF_PROJECT: Endpoint<(WorkspaceId, ProjectId), MemberQuery, (), Vec<Member>> =
    Endpoint::get("/workspaces/{workspace_id}/projects/{project_id}/members");

/// One member: a user, a team or an invitation, and its roles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Member {
    /// The user or service account.
    #[serde(default)]
    pub user: Option<User>,
    /// The team.
    #[serde(default)]
    pub team: Option<Team>,
    /// The invitation that waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitation: Option<Invitation>,
    /// Its roles in the scope.
    #[serde(default)]
    pub roles: Vec<MemberRole>,
}

/// A role of a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MemberRole {
    /// The role.
    pub role_id: RoleId,
    /// Level of the role.
    pub level: RoleLevel,
    /// Whether it is assigned through a team.
    #[serde(default)]
    pub via_team: bool,
}

/// Filters of the member lists. Everything is included unless it is switched off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct MemberQuery {
    /// Only holders of this role.
    pub role_id: Option<RoleId>,
    /// Whether users are listed.
    pub include_users: Option<bool>,
    /// Whether service accounts are listed.
    pub include_service_accounts: Option<bool>,
    /// Whether teams are listed.
    pub include_teams: Option<bool>,
    /// Whether invitations are listed, on servers that list them here.
    pub include_invitations: Option<bool>,
}

/// Whom [`REMOVE`] removes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MemberRemoval {
    /// The user.
    pub user_id: UserId,
}
