//! `zenml_workspace_role_assignment`: what somebody may do in a workspace.

use tfkit::{
    Claim, Computed, Current, Cx, Diag, ImportId, Imported, Model, OrServer, Partial, Plan, Resource, Since,
};
use zenml_api::control::role::{Role, RoleLevel};
use zenml_api::{RoleId, ServiceAccountId, TeamId, UserId, WorkspaceId};

use crate::access::assignment::{self, Holding};
use crate::access::principal::Principal;
use crate::access::role::same_in_workspace;
use crate::client::Client;
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

impl WorkspaceRoleAssignment {
    fn holding(&self) -> Result<Holding, Diag> {
        let principal = Principal::of(self.team_id, self.user_id, self.service_account_id)?;
        Ok(Holding { workspace: self.workspace_id.0, project: None, principal })
    }

    fn of(holding: Holding, role: &Role) -> Self {
        let Holding { workspace, principal, .. } = holding;
        Self {
            id: Computed::known(holding.id(role.id)),
            workspace_id: Id(workspace),
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
        assignment::choose(client, &RoleLevel::Workspace, organization, name, id).await
    }
}

impl Resource for WorkspaceRoleAssignment {
    type Model = Self;
    type Client = Client;
    type Remote = (Holding, Role);

    const IDENTITY_MUTABLE: bool = true;

    async fn fetch(
        cx: &Cx<Client>,
        key: &WorkspaceRoleAssignmentKey,
    ) -> Result<Option<(Holding, Role)>, Diag> {
        let principal = Principal::of(key.team_id, key.user_id, key.service_account_id)?;
        let holding = Holding { workspace: key.workspace_id.0, project: None, principal };
        Ok(holding.find(cx, key.role_id.0).await?.map(|role| (holding, role)))
    }

    fn observe((holding, role): &(Holding, Role), since: Since<'_, Self>) -> Result<Self, Diag> {
        let seen = Self::of(*holding, role);
        // Some answers leave the role's name out.
        let known = since.model().and_then(|known| known.role.as_ref().cloned());
        Ok(match (seen.role.as_ref(), known) {
            (None, Some(known)) => Self { role: OrServer::known(known), ..seen },
            _ => seen,
        })
    }

    async fn create(cx: &Cx<Client>, plan: Self) -> Result<Self, Diag> {
        let client = cx.client().await?;
        let holding = plan.holding()?;
        let role = plan.chosen(client, &holding).await?;
        assignment::agree(&role, plan.role_id.as_ref().copied())?;
        holding.grant(cx, &role).await?;
        Self::observe(&(holding, role), Since::Answer(&plan))
    }

    async fn update(cx: &Cx<Client>, current: Current<Self>, plan: Self) -> Result<Self, Diag> {
        let prior = current.model;
        let client = cx.client().await?;
        let holding = prior.holding()?;
        let role = plan.chosen(client, &holding).await?;
        holding.exchange(cx, prior.role_id.get()?.0, &role).await?;
        Self::observe(&(holding, role), Since::Answer(&plan))
    }

    async fn delete(cx: &Cx<Client>, prior: Self) -> Result<(), Diag> {
        let client = cx.client().await?;
        prior.holding()?.revoke(client, prior.role_id.get()?.0).await
    }

    fn claim(values: &Partial<Self>) -> Option<Claim> {
        let principal = Self::principal(values)?;
        let workspace = values.get(Self::WORKSPACE_ID).known()?.0;
        let role = values.get(Self::ROLE_ID).known()?.0;
        Some(Holding { workspace, project: None, principal }.claim(role))
    }

    async fn plan(cx: &Cx<Client>, plan: &mut Plan<Self>) -> Result<(), Diag> {
        let client = cx.client().await?;
        let moves = plan.changes(Self::WORKSPACE_ID)
            || plan.changes(Self::TEAM_ID)
            || plan.changes(Self::USER_ID)
            || plan.changes(Self::SERVICE_ACCOUNT_ID);
        let other_role = plan.changes(Self::ROLE) || plan.changes(Self::ROLE_ID);
        if let Some(prior) = plan.prior()
            && (plan.is_delete() || moves || other_role)
        {
            let name = prior.role.as_ref().cloned();
            if prior.holding()?.principal.reaches_caller(client).await {
                plan.warn(assignment::reaches_caller(name.as_deref()));
            }
        }
        if plan.is_delete() || !(plan.is_create() || moves || other_role) {
            return Ok(());
        }
        let workspace = plan.get(Self::WORKSPACE_ID);
        assignment::check_account(client, workspace.clone(), Self::principal(plan.planned())).await?;
        let name = plan.config().get(Self::ROLE).known();
        let id = plan.config().get(Self::ROLE_ID).known();
        let foreseen = assignment::foresee(client, &RoleLevel::Workspace, workspace, name, id).await?;
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
        id: ImportId<'_, WorkspaceRoleAssignmentKey>,
    ) -> Result<Imported<Self>, Diag> {
        let text = match id {
            ImportId::Key(key) => return Ok(Imported::Key(key)),
            ImportId::Text(text) => text,
        };
        let client = cx.client().await?;
        let parts: Vec<&str> = text.split('/').collect();
        let read = match parts.as_slice() {
            [workspace, kind, principal, role] => {
                let workspace: Option<WorkspaceId> = workspace.parse().ok();
                workspace.zip(Principal::parse(kind, principal)).zip(Some(*role))
            }
            _ => None,
        };
        let ((workspace, principal), role) =
            read.ok_or_else(|| assignment::unreadable_import(text, "WORKSPACE_ID/team/TEAM_ID/ROLE"))?;
        let holding = Holding { workspace, project: None, principal };
        let role = assignment::named_or_id(client, &holding, role).await?;
        Ok(Imported::Key(WorkspaceRoleAssignmentKey {
            workspace_id: Id(workspace),
            team_id: principal.team().map(Id),
            user_id: principal.user().map(Id),
            service_account_id: principal.service_account().map(Id),
            role_id: Id(role),
        }))
    }
}
