//! Roles that a principal holds in a workspace or in a project: what both kinds of assignments share.
//!
//! The API has no assignments with an id: role, principal and scope are all there is, and a role that is held cannot be
//! changed, only granted and revoked.

use tfkit::{Claim, Cx, Diag, Maybe, OrServer, Path};
use zenml_api::control::role::{self as api, AssignmentQuery, Role, RoleLevel, ScopeQuery};
use zenml_api::{OrganizationId, ProjectId, RoleId, WorkspaceId};
use zenml_client::{ApiError, Optional as _};

use crate::access::people;
use crate::access::principal::Principal;
use crate::access::role::{Roles, roles, unknown_role};
use crate::client::Client;
use crate::control;
use crate::creation;
use crate::failure::{Needs, cannot};
use crate::id::Id;
use crate::in_workspace::scope;

/// Where a principal holds a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The project, for a role in one.
    pub project: Option<ProjectId>,
    /// Who holds it.
    pub principal: Principal,
}

impl Holding {
    /// The level of roles that can be held here.
    pub fn level(&self) -> RoleLevel {
        if self.project.is_some() { RoleLevel::Project } else { RoleLevel::Workspace }
    }

    /// The `id` attribute, which is also an import id.
    pub fn id(&self, role: RoleId) -> String {
        let Self { workspace, project, principal } = self;
        match project {
            Some(project) => format!("{workspace}/{project}/{principal}/{role}"),
            None => format!("{workspace}/{principal}/{role}"),
        }
    }

    /// What only one resource can manage.
    pub fn claim(&self, role: RoleId) -> Claim {
        let Self { workspace, project, principal } = self;
        let place = match project {
            Some(project) => format!("project {project}"),
            None => format!("workspace {workspace}"),
        };
        let parts = [
            workspace.to_string(),
            project.map(|project| project.to_string()).unwrap_or_default(),
            principal.key(),
            role.to_string(),
        ];
        Claim::new(
            format!("assignment of the role {role} to {principal} in {place}"),
            &parts.each_ref().map(String::as_str),
        )
    }

    fn query(&self) -> AssignmentQuery {
        AssignmentQuery {
            user_id: self.principal.account(),
            team_id: self.principal.team(),
            invitation_id: None,
            workspace_id: Some(self.workspace),
            project_id: self.project,
        }
    }

    /// The role, if it is held here. What is not found is only absent when the workspace can still be seen, or is gone
    /// itself.
    pub async fn find(&self, cx: &Cx<Client>, role: RoleId) -> Result<Option<Role>, Diag> {
        let client = cx.client().await?;
        if let Some(found) = self.look(client, role).await? {
            scope::remember(cx, client, self.workspace).await?;
            return Ok(Some(found));
        }
        if control::workspace::find(client, self.workspace).await?.is_none() {
            scope::gone(cx, client, self.workspace).await?;
        }
        Ok(None)
    }

    async fn look(&self, client: &Client, role: RoleId) -> Result<Option<Role>, Diag> {
        let query = ScopeQuery { workspace_id: Some(self.workspace), project_id: self.project };
        let held = client.control_plane()?.send(&api::ASSIGNMENTS, role, query, ()).await.optional();
        let held = held.map_err(|error| self.failed("read", role, &error))?.unwrap_or_default();
        // The list may hold other scopes too.
        let is_here = |assignment: &&api::Assignment| {
            self.principal.holds(assignment)
                && assignment.workspace_id == Some(self.workspace)
                && assignment.project_id == self.project
        };
        Ok(held.iter().find(is_here).map(|assignment| assignment.role.clone()))
    }

    /// Grants a role. One that is held already is a warning.
    pub async fn grant(&self, cx: &Cx<Client>, role: &Role) -> Result<(), Diag> {
        let client = cx.client().await?;
        scope::remember(cx, client, self.workspace).await?;
        match client.control_plane()?.send(&api::ASSIGN, role.id, self.query(), ()).await {
            Ok(_) => Ok(()),
            Err(error) if error.outcome_unknown() => match self.look(client, role.id).await {
                Ok(Some(_)) => Ok(()),
                Ok(None) => Err(self.refused(client, role.id, &error).await),
                Err(diag) => Err(creation::may_exist(diag, &error)),
            },
            Err(ApiError::Conflict(_)) => {
                cx.warn(already_granted(self, role));
                Ok(())
            }
            Err(error) => Err(self.refused(client, role.id, &error).await),
        }
    }

    /// Why a role could not be granted. A principal that is not there is told at its attribute, whatever the server says.
    async fn refused(&self, client: &Client, role: RoleId, error: &ApiError) -> Diag {
        let diag = self.failed("grant", role, error);
        explained(client, self.workspace, self.principal, error, diag).await
    }

    /// Puts one role in the place of another. The new one is granted first, so that access never drops; until both are
    /// done the state names the role before, so that a failure is repaired by the next apply.
    pub async fn exchange(&self, cx: &Cx<Client>, before: RoleId, now: &Role) -> Result<(), Diag> {
        if now.id == before {
            return Ok(());
        }
        self.grant(cx, now).await?;
        self.revoke(cx.client().await?, before).await
    }

    /// Revokes a role; one that is not held any more is a success.
    pub async fn revoke(&self, client: &Client, role: RoleId) -> Result<(), Diag> {
        let gone = client.control_plane()?.send(&api::REVOKE, role, self.query(), ()).await.optional();
        gone.map(|_| ()).map_err(|error| self.failed("revoke", role, &error))
    }

    fn failed(&self, verb: &str, role: RoleId, error: &ApiError) -> Diag {
        let place = match self.project {
            Some(project) => format!("project {project}"),
            None => format!("workspace {}", self.workspace),
        };
        let doing = format!("{verb} the role {role} of {} in {place}", self.principal);
        cannot(doing, Needs::ORGANIZATION_ADMIN, error)
    }
}

fn already_granted(holding: &Holding, role: &Role) -> Diag {
    let name = role.name.as_deref().unwrap_or("the role");
    Diag::warning(format!("{name} was already granted; it is managed here from now on"))
        .why(format!(
            "{} held it before this configuration did anything. Destroying the resource will take it away.",
            holding.principal
        ))
        .at(at_role())
}

/// Warns of a plan that takes a role from the account behind the provider's own key.
pub fn reaches_caller(role: Option<&str>) -> Diag {
    let name = role.unwrap_or("a role");
    Diag::warning(format!("The plan takes {name} from the account that runs it"))
        .why(
            "The provider's own key gets the role through this assignment. Later steps of the same apply, and the next \
             runs, may not be allowed any more.",
        )
        .fix("Make sure that the account has the rights that it needs from somewhere else.")
}

fn at_role() -> Path {
    Path::root().attr("role")
}

fn at_role_id() -> Path {
    Path::root().attr("role_id")
}

/// The organization of a workspace, in which the roles are that can be held there.
pub async fn organization_of(client: &Client, workspace: WorkspaceId) -> Result<OrganizationId, Diag> {
    let found = control::workspace::find(client, workspace).await?.ok_or_else(|| {
        Diag::error(format!("There is no workspace {workspace}"))
            .why("It does not exist, or the key does not see it.")
            .fix("Check workspace_id, and that the key belongs to the organization of the workspace.")
            .at(Path::root().attr("workspace_id"))
    })?;
    Ok(found.organization.id)
}

/// The workspace that a resource names, else that of the provider block.
pub async fn workspace_or_default(
    client: &Client,
    own: &OrServer<Id<WorkspaceId>>,
) -> Result<WorkspaceId, Diag> {
    let own = own.as_ref().map(|own| own.0);
    scope::workspace_of(client, own).await?.ok_or_else(|| {
        Diag::error("It is not said in which workspace the project is")
            .why("The resource has no workspace_id, and the provider block has none either.")
            .fix("Say where it is:\n  workspace_id = zenml_workspace.NAME.id")
            .at(Path::root().attr("workspace_id"))
    })
}

/// Refuses in the plan an account that can hold nothing in the workspace. A team is not asked for: a refusal by the server
/// names it early enough, and each one would cost a request.
pub async fn check_account(
    client: &Client,
    workspace: Maybe<Id<WorkspaceId>>,
    principal: Option<Principal>,
) -> Result<(), Diag> {
    let Some(principal) = principal.filter(|principal| principal.account().is_some()) else { return Ok(()) };
    let Some(Id(workspace)) = workspace.known() else { return Ok(()) };
    let Ok(Some(workspace)) = control::workspace::find(client, workspace).await else { return Ok(()) };
    principal.missing_in(client, workspace.organization.id).await.map_or(Ok(()), Err)
}

/// The diagnostic of a refused grant: that of the principal where it is the reason.
pub async fn explained(
    client: &Client,
    workspace: WorkspaceId,
    principal: Principal,
    error: &ApiError,
    otherwise: Diag,
) -> Diag {
    if !matches!(error, ApiError::NotFound(_) | ApiError::Forbidden(_) | ApiError::Invalid(_)) {
        return otherwise;
    }
    let Ok(Some(workspace)) = control::workspace::find(client, workspace).await else { return otherwise };
    // Whoever left after the plan is still in the list that it was made with.
    people::forget(client, workspace.organization.id);
    let missing = principal.missing_in(client, workspace.organization.id).await;
    match (missing, error.call()) {
        (Some(diag), Some(call)) => diag.trace(call.to_string()),
        (missing, _) => missing.unwrap_or(otherwise),
    }
}

/// The role that a configuration chooses, by name or by id.
pub async fn choose(
    client: &Client,
    level: &RoleLevel,
    organization: OrganizationId,
    name: Option<&str>,
    id: Option<RoleId>,
) -> Result<Role, Diag> {
    let roles = roles(client, organization).await?;
    match (name, id) {
        (_, Some(id)) => by_id(&roles, level, id).cloned(),
        (Some(name), None) => by_name(&roles, level, name).cloned(),
        (None, None) => Err(Diag::bug("An assignment has neither a role nor a role id")),
    }
}

fn by_name<'a>(roles: &'a Roles, level: &RoleLevel, name: &str) -> Result<&'a Role, Diag> {
    roles.named(level, name).ok_or_else(|| unknown_role(roles, level, name).at(at_role()))
}

fn by_id<'a>(roles: &'a Roles, level: &RoleLevel, id: RoleId) -> Result<&'a Role, Diag> {
    match roles.by_id(id) {
        Some(role) if role.level == *level => Ok(role),
        Some(role) => Err(Diag::error(format!("The role {id} cannot be held in a {level}"))
            .why(format!("It is the {} role {:?}.", role.level, role.name.as_deref().unwrap_or_default()))
            .fix(format!("Choose a role of this level: {}.", roles.valid_names(level)))
            .at(at_role_id())),
        None => Err(Diag::error(format!("The organization has no role {id}"))
            .why("Role ids differ between organizations, for predefined roles too.")
            .fix(format!("Choose a role by its name: {}.", roles.valid_names(level)))
            .at(at_role_id())),
    }
}

/// Refuses an id that is given beside the name of another role. A generated configuration has both.
pub fn agree(named: &Role, id: Option<Id<RoleId>>) -> Result<(), Diag> {
    match id {
        Some(Id(id)) if id != named.id => {
            Err(Diag::error("Attributes \"role\" and \"role_id\" exclude each other")
                .why(format!(
                    "They are of two roles: {:?} has the id {}, and role_id is {id}.",
                    named.name.as_deref().unwrap_or_default(),
                    named.id
                ))
                .fix("Keep one of them and remove the other.")
                .at(at_role_id()))
        }
        _ => Ok(()),
    }
}

/// What a plan can say about the role.
#[derive(Debug, Default)]
pub struct Foreseen {
    /// The role, where it is certain.
    pub role: Option<Role>,
}

/// Looks the role of a configuration up while planning, so that a wrong name is refused before anything is made. Where
/// the workspace is not known yet, the default organization is asked; it has the last word only when the key sees no
/// other.
pub async fn foresee(
    client: &Client,
    level: &RoleLevel,
    workspace: Maybe<Id<WorkspaceId>>,
    name: Option<String>,
    id: Option<Id<RoleId>>,
) -> Result<Foreseen, Diag> {
    if name.is_none() && id.is_none() {
        return Ok(Foreseen::default());
    }
    let certain = match workspace.known() {
        Some(Id(workspace)) => Some(organization_of(client, workspace).await?),
        None => None,
    };
    let organization = match certain {
        Some(organization) => organization,
        None => match control::organization::visible(client).await?.as_slice() {
            [only] => only.id,
            _ => return Ok(Foreseen::default()),
        },
    };
    let first = id.filter(|_| name.is_none());
    let role = choose(client, level, organization, name.as_deref(), first.map(|id| id.0)).await?;
    agree(&role, id)?;
    Ok(Foreseen { role: certain.map(|_| role) })
}

/// The role that the last part of an import id names: by its id, or by its name, short or full.
pub async fn named_or_id(client: &Client, holding: &Holding, role: &str) -> Result<RoleId, Diag> {
    if let Ok(id) = role.parse() {
        return Ok(id);
    }
    let organization = organization_of(client, holding.workspace).await?;
    choose(client, &holding.level(), organization, Some(role), None).await.map(|role| role.id)
}

/// The error of an import id that has another form.
pub fn unreadable_import(text: &str, form: &str) -> Diag {
    Diag::error(format!("The import id {text:?} cannot be read"))
        .why(format!("An import id of this type has the form {form}."))
        .fix(
            "Instead of `team` and the id of a team there may be `user` or `service_account` and its id. ROLE is the id \
             or the name of the role, such as \"admin\".",
        )
}
