//! `zenml_project_role_assignment`: a role in a project.

use tfkit::{Computed, Model, OrServer};
use zenml_api::control::role::RoleLevel;
use zenml_api::{ProjectId, RoleId, ServiceAccountId, TeamId, UserId, WorkspaceId};

use crate::access::RoleAssignment;
use crate::access::role::same_in_project;
use crate::failure::Needs;
use crate::id::Id;

/// Grants a role in a project to a team, a user or a service account.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "project_role_assignment")]
#[model(rule = Rule::ExactlyOneOf(&["team_id", "user_id", "service_account_id"]))]
#[model(rule = Rule::AtLeastOneOf(&["role", "role_id"]))]
#[model(since = "3.1.0", needs = Needs::ORGANIZATION_ADMIN.text(), category = "ZenML Pro")]
#[model(import = "WORKSPACE_ID/PROJECT_ID/team/TEAM_ID/ROLE")]
#[model(import = "WORKSPACE_ID/PROJECT_ID/user/USER_ID/ROLE")]
#[model(import = "WORKSPACE_ID/PROJECT_ID/service_account/SERVICE_ACCOUNT_ID/ROLE")]
pub struct ProjectRoleAssignment {
    /// ID of the assignment: `WORKSPACE_ID/PROJECT_ID/team/TEAM_ID/ROLE_ID`. It changes with the role.
    pub id: Computed<String>,
    /// ID of the workspace that contains the project. Default: the provider's workspace.
    #[attr(key, replace)]
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// ID of the project in which the role applies.
    #[attr(key, replace)]
    pub project_id: Id<ProjectId>,
    /// ID of the team that receives the role. All members of the team have it.
    #[attr(key = optional, replace)]
    pub team_id: Option<Id<TeamId>>,
    /// ID of the user who receives the role.
    #[attr(key = optional, replace)]
    pub user_id: Option<Id<UserId>>,
    /// ID of the service account that receives the role.
    #[attr(key = optional, replace)]
    pub service_account_id: Option<Id<ServiceAccountId>>,
    /// Name of the role: the full name of any project role of the organization, such as `Project Admin`, or a short
    /// name: `admin`, `developer`, `contributor` (or `member`) or `viewer`.
    #[attr(same = same_in_project, check = non_empty())]
    pub role: OrServer<String>,
    /// ID of the role, instead of its name. If both are set, they must identify the same role.
    #[attr(key)]
    pub role_id: OrServer<Id<RoleId>>,
}

impl RoleAssignment for ProjectRoleAssignment {
    type Home = WorkspaceId;
    const LEVEL: RoleLevel = RoleLevel::Project;
}
