//! `zenml_workspace_role_assignment`: a role in a workspace.

use tfkit::{Computed, Model, OrServer};
use zenml_api::control::role::RoleLevel;
use zenml_api::{RoleId, ServiceAccountId, TeamId, UserId, WorkspaceId};

use crate::access::people::same_name;
use crate::access::role::same_in_workspace;
use crate::access::{ListedAssignment, RoleAssignment};
use crate::failure::Needs;
use crate::id::Id;

/// Grants a role in a workspace to a team, a user or a service account.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "workspace_role_assignment")]
#[model(rule = Rule::ExactlyOneOf(&["email", "team_id", "user_id", "service_account_id"]))]
#[model(rule = Rule::AtLeastOneOf(&["role", "role_id"]))]
#[model(since = "3.1.0", needs = Needs::ORGANIZATION_ADMIN.text(), category = "ZenML Pro")]
#[model(import = "WORKSPACE_ID/team/TEAM_ID/ROLE")]
#[model(import = "WORKSPACE_ID/user/USER_ID/ROLE")]
#[model(import = "WORKSPACE_ID/service_account/SERVICE_ACCOUNT_ID/ROLE")]
#[model(import = "WORKSPACE_ID/email/EMAIL/ROLE")]
pub struct WorkspaceRoleAssignment {
    /// ID of the assignment: `WORKSPACE_ID/team/TEAM_ID/ROLE_ID`. It changes with the role.
    #[attr(depends = [ROLE_ID])]
    pub id: Computed<String>,
    /// ID of the workspace in which the role applies.
    #[attr(key, replace)]
    pub workspace_id: Id<WorkspaceId>,
    /// Email address of the person who receives the role: a member of the organization, or somebody who is invited. The
    /// role stays when the invitation is accepted.
    #[attr(key = optional, replace, same = same_name, check = non_empty())]
    pub email: Option<String>,
    /// ID of the team that receives the role. All members of the team have it.
    #[attr(key = optional, replace)]
    pub team_id: Option<Id<TeamId>>,
    /// ID of the user who receives the role.
    #[attr(key = optional, replace)]
    pub user_id: Option<Id<UserId>>,
    /// ID of the service account that receives the role.
    #[attr(key = optional, replace)]
    pub service_account_id: Option<Id<ServiceAccountId>>,
    /// Name of the role: the full name of any workspace role of the organization, such as `Workspace Admin`, or a short
    /// name: `admin`, `developer`, `contributor` (or `member`) or `viewer`.
    #[attr(depends = [ROLE_ID], same = same_in_workspace, check = non_empty())]
    pub role: OrServer<String>,
    /// ID of the role, instead of its name. If both are set, they must identify the same role.
    #[attr(key, depends = [ROLE])]
    pub role_id: OrServer<Id<RoleId>>,
}

impl RoleAssignment for WorkspaceRoleAssignment {
    type Home = WorkspaceId;
    const LEVEL: RoleLevel = RoleLevel::Workspace;
}

/// Lists the assignments of roles in a workspace, optionally filtered. It takes a request for each role.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "workspace_role_assignment", kind = list_resource)]
#[model(since = "3.1.0", needs = Needs::ORGANIZATION_ADMIN.text(), category = "ZenML Pro")]
pub struct WorkspaceRoleAssignmentFilters {
    /// ID of the workspace. Default: the provider's workspace, otherwise all workspaces of the organization.
    pub workspace_id: Option<Id<WorkspaceId>>,
    /// List only the roles of the team with this ID.
    pub team_id: Option<Id<TeamId>>,
    /// List only assignments of this role, by its full or its short name.
    pub role: Option<String>,
}

impl ListedAssignment for WorkspaceRoleAssignment {
    type Filters = WorkspaceRoleAssignmentFilters;
}
