//! `zenml_organization_role_assignment`: a role in an organization.

use tfkit::model::Token;
use tfkit::{Computed, Cx, Diag, ListResource, Model, OrServer, Results};
use zenml_api::control::role::RoleLevel;
use zenml_api::{OrganizationId, RoleId, ServiceAccountId, TeamId, UserId};

use crate::access::list::{Wanted, held_in};
use crate::access::people::same_name;
use crate::access::role::{roles, same_in_organization, unknown_role};
use crate::access::{Assignments, RoleAssignment};
use crate::client::Client;
use crate::control;
use crate::failure::Needs;
use crate::id::Id;

/// Grants a role in an organization to a team, a user or a service account. It applies in all workspaces of the
/// organization.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "organization_role_assignment")]
#[model(rule = Rule::ExactlyOneOf(&["email", "team_id", "user_id", "service_account_id"]))]
#[model(rule = Rule::AtLeastOneOf(&["role", "role_id"]))]
#[model(since = "3.1.0", needs = Needs::ORGANIZATION_ADMIN.text(), category = "ZenML Pro")]
#[model(import = "ORGANIZATION_ID/team/TEAM_ID/ROLE")]
#[model(import = "ORGANIZATION_ID/user/USER_ID/ROLE")]
#[model(import = "ORGANIZATION_ID/service_account/SERVICE_ACCOUNT_ID/ROLE")]
#[model(import = "ORGANIZATION_ID/email/EMAIL/ROLE")]
pub struct OrganizationRoleAssignment {
    /// ID of the assignment: `ORGANIZATION_ID/team/TEAM_ID/ROLE_ID`. It changes with the role.
    #[attr(depends = [ROLE_ID])]
    pub id: Computed<String>,
    /// ID of the organization in which the role applies. Default: the provider's organization.
    #[attr(key, replace)]
    pub organization_id: OrServer<Id<OrganizationId>>,
    /// Email address of the person who receives the role: somebody with an account, or somebody who is invited. The role
    /// stays when the invitation is accepted.
    #[attr(key = optional, replace, same = same_name, check = non_empty())]
    pub email: Option<String>,
    /// ID of the team that receives the role. All members of the team have it.
    #[attr(key = optional, replace)]
    pub team_id: Option<Id<TeamId>>,
    /// ID of the user who receives the role. A user without another role in the organization becomes a member of it.
    #[attr(key = optional, replace)]
    pub user_id: Option<Id<UserId>>,
    /// ID of the service account that receives the role.
    #[attr(key = optional, replace)]
    pub service_account_id: Option<Id<ServiceAccountId>>,
    /// Name of the role: the full name of any organization role, such as `Organization Admin`, or a short name:
    /// `admin`, `manager`, `member` or `viewer`.
    #[attr(depends = [ROLE_ID], same = same_in_organization, check = non_empty())]
    pub role: OrServer<String>,
    /// ID of the role, instead of its name. If both are set, they must identify the same role.
    #[attr(key, depends = [ROLE])]
    pub role_id: OrServer<Id<RoleId>>,
}

impl RoleAssignment for OrganizationRoleAssignment {
    type Home = OrganizationId;
    const LEVEL: RoleLevel = RoleLevel::Organization;
    const DEFAULT_HOME: Option<Token<Self, OrServer<Id<OrganizationId>>>> = Some(Self::ORGANIZATION_ID);
}

/// Lists the assignments of roles in an organization, optionally filtered. It takes a request for each role.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "organization_role_assignment", kind = list_resource)]
#[model(since = "3.1.0", needs = Needs::ORGANIZATION_ADMIN.text(), category = "ZenML Pro")]
pub struct OrganizationRoleAssignmentFilters {
    /// ID of the organization. Default: the provider's organization.
    pub organization_id: Option<Id<OrganizationId>>,
    /// List only the roles of the team with this ID.
    pub team_id: Option<Id<TeamId>>,
    /// List only assignments of this role, by its full or its short name.
    pub role: Option<String>,
}

impl ListResource for Assignments<OrganizationRoleAssignment> {
    type Filters = OrganizationRoleAssignmentFilters;
    type Resource = Self;

    async fn list(
        cx: &Cx<Client>,
        filters: OrganizationRoleAssignmentFilters,
        results: &mut Results<Self>,
    ) -> Result<(), Diag> {
        let client = cx.client().await?;
        let organization = control::organization::of_key(client, filters.organization_id).await?;
        let known = roles(client, organization).await?;
        let (level, role) = (RoleLevel::Organization, filters.role);
        if let Some(wanted) = role.as_deref().filter(|wanted| known.named(&level, wanted).is_none()) {
            return Err(unknown_role(&known, &level, wanted).at(OrganizationRoleAssignmentFilters::ROLE));
        }
        let wanted = Wanted { team: filters.team_id.map(|Id(id)| id), role };
        held_in::<OrganizationRoleAssignment>(client, organization, &None, &known, &wanted, results).await
    }
}
