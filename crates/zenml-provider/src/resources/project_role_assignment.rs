//! `zenml_project_role_assignment`: what somebody may do in a project.

use tfkit::{
    Claim, Computed, Current, Cx, Diag, ImportId, Imported, Maybe, Model, OrServer, Partial, Plan, Resource,
    Since,
};
use zenml_api::control::role::{Role, RoleLevel};
use zenml_api::{ProjectId, RoleId, ServiceAccountId, TeamId, UserId, WorkspaceId};

use crate::access::assignment::{self, Holding};
use crate::access::principal::Principal;
use crate::access::role::same_in_project;
use crate::client::Client;
use crate::control;
use crate::id::Id;

/// A role that a team, a user or a service account has in a project.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "project_role_assignment")]
#[model(rule = Rule::ExactlyOneOf(&["team_id", "user_id", "service_account_id"]))]
#[model(rule = Rule::AtLeastOneOf(&["role", "role_id"]))]
pub struct ProjectRoleAssignment {
    /// Workspace, project, principal and role in one: `WORKSPACE_ID/PROJECT_ID/team/TEAM_ID/ROLE_ID`. It follows a change of the role.
    pub id: Computed<String>,
    /// Workspace that the project is in. Default: the provider's workspace.
    #[attr(key, replace)]
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// Project in which the role is held.
    #[attr(key, replace)]
    pub project_id: Id<ProjectId>,
    /// Team that gets the role: all its members.
    #[attr(key = optional, replace)]
    pub team_id: Option<Id<TeamId>>,
    /// User who gets the role.
    #[attr(key = optional, replace)]
    pub user_id: Option<Id<UserId>>,
    /// Service account that gets the role.
    #[attr(key = optional, replace)]
    pub service_account_id: Option<Id<ServiceAccountId>>,
    /// Name of the role: the name of any project role of the organization, such as `Project Admin`, or a short one:
    /// `admin`, `developer`, `member` and `contributor` (both mean `Project Contributor`), `viewer`.
    #[attr(same = same_in_project, check = non_empty())]
    pub role: OrServer<String>,
    /// Id of the role, instead of its name. Where both are given, they must be of the same role.
    #[attr(key)]
    pub role_id: OrServer<Id<RoleId>>,
}

impl ProjectRoleAssignment {
    fn holding(&self, workspace: WorkspaceId) -> Result<Holding, Diag> {
        let principal = Principal::of(self.team_id, self.user_id, self.service_account_id)?;
        Ok(Holding { workspace, project: Some(self.project_id.0), principal })
    }

    fn of(holding: Holding, project: ProjectId, role: &Role) -> Self {
        let Holding { workspace, principal, .. } = holding;
        Self {
            id: Computed::known(holding.id(role.id)),
            workspace_id: OrServer::known(Id(workspace)),
            project_id: Id(project),
            team_id: principal.team().map(Id),
            user_id: principal.user().map(Id),
            service_account_id: principal.service_account().map(Id),
            role: OrServer::from_option(role.name.clone()),
            role_id: OrServer::known(Id(role.id)),
        }
    }

    fn principal(values: &Partial<Self>) -> Option<Principal> {
        let service_account = values.get(Self::SERVICE_ACCOUNT_ID);
        Principal::planned(values.get(Self::TEAM_ID), values.get(Self::USER_ID), service_account)
    }

    async fn chosen(&self, client: &Client, holding: &Holding) -> Result<Role, Diag> {
        let organization = assignment::organization_of(client, holding.workspace).await?;
        let name = self.role.as_ref().map(String::as_str);
        // A name that is planned decides, because the id may be the one of the role before.
        let id = self.role_id.as_ref().filter(|_| name.is_none()).map(|id| id.0);
        assignment::choose(client, &RoleLevel::Project, organization, name, id).await
    }
}

impl Resource for ProjectRoleAssignment {
    type Model = Self;
    type Client = Client;
    type Remote = (Holding, ProjectId, Role);

    const IDENTITY_MUTABLE: bool = true;

    async fn fetch(cx: &Cx<Client>, key: &ProjectRoleAssignmentKey) -> Result<Option<Self::Remote>, Diag> {
        let principal = Principal::of(key.team_id, key.user_id, key.service_account_id)?;
        let holding = Holding { workspace: key.workspace_id.0, project: Some(key.project_id.0), principal };
        Ok(holding.find(cx, key.role_id.0).await?.map(|role| (holding, key.project_id.0, role)))
    }

    fn observe((holding, project, role): &Self::Remote, since: Since<'_, Self>) -> Result<Self, Diag> {
        let seen = Self::of(*holding, *project, role);
        // Some answers leave the role's name out.
        let known = since.model().and_then(|known| known.role.as_ref().cloned());
        Ok(match (seen.role.as_ref(), known) {
            (None, Some(known)) => Self { role: OrServer::known(known), ..seen },
            _ => seen,
        })
    }

    async fn create(cx: &Cx<Client>, plan: Self) -> Result<Self, Diag> {
        let client = cx.client().await?;
        let workspace = assignment::workspace_or_default(client, &plan.workspace_id).await?;
        let holding = plan.holding(workspace)?;
        let role = plan.chosen(client, &holding).await?;
        assignment::agree(&role, plan.role_id.as_ref().copied())?;
        holding.grant(cx, &role).await?;
        Self::observe(&(holding, plan.project_id.0, role), Since::Answer(&plan))
    }

    async fn update(cx: &Cx<Client>, current: Current<Self>, plan: Self) -> Result<Self, Diag> {
        let prior = current.model;
        let client = cx.client().await?;
        let holding = prior.holding(prior.workspace_id.get()?.0)?;
        let role = plan.chosen(client, &holding).await?;
        holding.exchange(cx, prior.role_id.get()?.0, &role).await?;
        Self::observe(&(holding, plan.project_id.0, role), Since::Answer(&plan))
    }

    async fn delete(cx: &Cx<Client>, prior: Self) -> Result<(), Diag> {
        let client = cx.client().await?;
        let holding = prior.holding(prior.workspace_id.get()?.0)?;
        holding.revoke(client, prior.role_id.get()?.0).await
    }

    fn claim(values: &Partial<Self>) -> Option<Claim> {
        let principal = Self::principal(values)?;
        let workspace = values.get(Self::WORKSPACE_ID).known()?.0;
        let project = Some(values.get(Self::PROJECT_ID).known()?.0);
        let role = values.get(Self::ROLE_ID).known()?.0;
        Some(Holding { workspace, project, principal }.claim(role))
    }

    async fn plan(cx: &Cx<Client>, plan: &mut Plan<Self>) -> Result<(), Diag> {
        let client = cx.client().await?;
        let moves = plan.changes(Self::WORKSPACE_ID)
            || plan.changes(Self::PROJECT_ID)
            || plan.changes(Self::TEAM_ID)
            || plan.changes(Self::USER_ID)
            || plan.changes(Self::SERVICE_ACCOUNT_ID);
        let other_role = plan.changes(Self::ROLE) || plan.changes(Self::ROLE_ID);
        if let Some(prior) = plan.prior()
            && (plan.is_delete() || moves || other_role)
        {
            let name = prior.role.as_ref().cloned();
            let principal = Principal::of(prior.team_id, prior.user_id, prior.service_account_id)?;
            if principal.reaches_caller(client).await {
                plan.warn(assignment::reaches_caller(name.as_deref()));
            }
        }
        if plan.is_delete() || !(plan.is_create() || moves || other_role) {
            return Ok(());
        }
        let mut workspace = plan.get(Self::WORKSPACE_ID);
        if plan.config().get(Self::WORKSPACE_ID).is_null()
            && plan.is_create()
            && let Some(default) = control::workspace::default(client).await?
        {
            plan.set(Self::WORKSPACE_ID, &Id(default));
            workspace = Maybe::Known(Id(default));
        }
        assignment::check_account(client, workspace.clone(), Self::principal(plan.planned())).await?;
        let name = plan.config().get(Self::ROLE).known();
        let id = plan.config().get(Self::ROLE_ID).known();
        let foreseen = assignment::foresee(client, &RoleLevel::Project, workspace, name, id).await?;
        let Some(role) = foreseen.role else { return Ok(()) };
        if plan.config().get(Self::ROLE_ID).is_null() {
            plan.set(Self::ROLE_ID, &Id(role.id));
        }
        if plan.config().get(Self::ROLE).is_null()
            && let Some(name) = &role.name
        {
            plan.set(Self::ROLE, name);
        }
        Ok(())
    }

    async fn import(
        cx: &Cx<Client>,
        id: ImportId<'_, ProjectRoleAssignmentKey>,
    ) -> Result<Imported<Self>, Diag> {
        let text = match id {
            ImportId::Key(key) => return Ok(Imported::Key(key)),
            ImportId::Text(text) => text,
        };
        let client = cx.client().await?;
        let parts: Vec<&str> = text.split('/').collect();
        let read = match parts.as_slice() {
            [workspace, project, kind, principal, role] => {
                let place = workspace.parse().ok().zip(project.parse().ok());
                place.zip(Principal::parse(kind, principal)).zip(Some(*role))
            }
            _ => None,
        };
        let (((workspace, project), principal), role) = read.ok_or_else(|| {
            assignment::unreadable_import(text, "WORKSPACE_ID/PROJECT_ID/team/TEAM_ID/ROLE")
        })?;
        let holding = Holding { workspace, project: Some(project), principal };
        let role = assignment::named_or_id(client, &holding, role).await?;
        Ok(Imported::Key(ProjectRoleAssignmentKey {
            workspace_id: Id(workspace),
            project_id: Id(project),
            team_id: principal.team().map(Id),
            user_id: principal.user().map(Id),
            service_account_id: principal.service_account().map(Id),
            role_id: Id(role),
        }))
    }
}
