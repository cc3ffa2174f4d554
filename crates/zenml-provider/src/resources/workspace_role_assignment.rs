//! `zenml_workspace_role_assignment`: what somebody may do in a workspace.

use tfkit::{Computed, Model, OrServer};
use zenml_api::control::role::RoleLevel;
use zenml_api::{RoleId, ServiceAccountId, TeamId, UserId, WorkspaceId};

use crate::access::RoleAssignment;
use crate::access::role::same_in_workspace;
use crate::id::Id;

/// A role that a team, a user or a service account has in a workspace.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "workspace_role_assignment")]
#[model(rule = Rule::ExactlyOneOf(&["team_id", "user_id", "service_account_id"]))]
#[model(rule = Rule::AtLeastOneOf(&["role", "role_id"]))]
pub struct WorkspaceRoleAssignment {
    /// Workspace, principal and role in one: `WORKSPACE_ID/team/TEAM_ID/ROLE_ID`. It follows a change of the role.
    pub id: Computed<String>,
    /// Workspace in which the role is held.
    #[attr(key, replace)]
    pub workspace_id: Id<WorkspaceId>,
    /// Team that gets the role: all its members.
    #[attr(key = optional, replace)]
    pub team_id: Option<Id<TeamId>>,
    /// User who gets the role.
    #[attr(key = optional, replace)]
    pub user_id: Option<Id<UserId>>,
    /// Service account that gets the role.
    #[attr(key = optional, replace)]
    pub service_account_id: Option<Id<ServiceAccountId>>,
    /// Name of the role: the name of any workspace role of the organization, such as `Workspace Admin`, or a short one:
    /// `admin`, `developer`, `member` and `contributor` (both mean `Workspace Contributor`), `viewer`.
    #[attr(same = same_in_workspace, check = non_empty())]
    pub role: OrServer<String>,
    /// Id of the role, instead of its name. Where both are given, they must be of the same role.
    #[attr(key)]
    pub role_id: OrServer<Id<RoleId>>,
}

impl RoleAssignment for WorkspaceRoleAssignment {
    type Home = WorkspaceId;
    const LEVEL: RoleLevel = RoleLevel::Workspace;
}
