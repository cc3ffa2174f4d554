//! Role assignments: who has a role, and in which scope.

use std::collections::{BTreeSet, HashMap};

use zenml_api::control::invitation::Invitation;
use zenml_api::control::role as api;
use zenml_api::control::team::Team;
use zenml_api::control::user::User;
use zenml_api::{Identifier, InvitationId, RoleId, TeamId, UserId};

use super::escalation::require_role;
use super::invitation::{invitations_unchecked, require_pending};
use super::last_admin::Watch;
use super::limit::Limits;
use super::role::{RoleAt, select_decisions, select_one};
use super::scope::{AssignmentsIn, SeenIn};
use super::team::teams_unchecked;
use super::user::{user_unchecked, users_unchecked};
use crate::error::{Error, Result};
use crate::http::{Cx, Routes};
use crate::rbac::{Act, Allowed, Create, Delete, Holdings, Principal, Read, Tx};
use crate::store::{Query, Row, Sql, column, now};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.serve(&api::ASSIGNMENTS, list).serve(&api::ASSIGN, assign).serve(&api::REVOKE, revoke)
}

/// One assignment; its identity consists of all members.
#[derive(Clone, Copy, Debug)]
struct Grant {
    role: RoleId,
    principal: Principal,
    scope: AssignmentsIn,
}

async fn list(cx: Cx, id: RoleId, query: api::ScopeQuery, (): ()) -> Result<Vec<api::Assignment>> {
    cx.read(async |tx| {
        let at = RoleAt::locate(tx.sql(), id).await?;
        let role = tx.allow(at).await?;
        let seen = SeenIn::open(tx, role.organization).await?;
        select(tx.sql(), &seen, &role, query).await
    })
    .await
}

async fn assign(cx: Cx, id: RoleId, query: api::AssignmentQuery, (): ()) -> Result<api::Assignment> {
    let principal = principal(&query)?;
    cx.tx(async |tx| {
        let (grant, role, name) = prepare(tx, id, principal, &query).await?;
        let allowed = tx.allow::<Create, _>(grant.scope).await?;
        tx.note(&allowed, id, &name);
        require_scope(tx.sql(), &allowed, &name).await?;
        if let Some(decisions) = select_decisions(tx.sql(), &role).await? {
            require_role(tx, &name, &decisions, grant.scope).await?;
        }
        require_same_organization(tx, &allowed, grant.principal, cx.shared().limits).await?;
        describe(tx, &allowed, &grant).await?;
        insert(tx.sql(), &allowed, &grant).await?;
        answer(tx.sql(), &role, &grant).await
    })
    .await
}

async fn revoke(cx: Cx, id: RoleId, query: api::AssignmentQuery, (): ()) -> Result<()> {
    let principal = principal(&query)?;
    cx.tx(async |tx| {
        let (grant, _, name) = prepare(tx, id, principal, &query).await?;
        let allowed = tx.allow::<Delete, _>(grant.scope).await?;
        tx.note(&allowed, id, &name);
        require_scope(tx.sql(), &allowed, &name).await?;
        describe(tx, &allowed, &grant).await?;
        let watch = Watch::before_change(tx.sql(), grant.scope.organization).await?;
        delete(tx.sql(), &allowed, &grant).await?;
        watch.after_change(tx.sql()).await
    })
    .await
}

/// Returns the single principal of a query.
fn principal(query: &api::AssignmentQuery) -> Result<Principal> {
    match (query.user_id, query.team_id, query.invitation_id) {
        (Some(user), None, None) => Ok(Principal::User(user.uuid())),
        (None, Some(team), None) => Ok(Principal::Team(team.uuid())),
        (None, None, Some(invitation)) => Ok(Principal::Invitation(invitation.uuid())),
        _ => Err(Error::value("Exactly one of user_id, team_id and invitation_id must be set.")),
    }
}

/// Builds an assignment: the level of the role must match the scope, and the scope must belong to the role's
/// organization.
async fn prepare(
    tx: &mut Tx,
    id: RoleId,
    principal: Principal,
    query: &api::AssignmentQuery,
) -> Result<(Grant, Allowed<Read, RoleAt>, String)> {
    if query.project_id.is_some() && query.workspace_id.is_none() {
        return Err(Error::value("A project_id requires the workspace_id of its workspace."));
    }
    let at = RoleAt::locate(tx.sql(), id).await?;
    // The role is as visible as its scope: a caller without permission to grant it learns nothing about it.
    let allowed = tx.allow(at).await?;
    let role = select_one(tx.sql(), &allowed).await?;
    let name = role.name.unwrap_or_default();
    let scope = AssignmentsIn {
        organization: at.organization,
        workspace: query.workspace_id,
        project: query.project_id,
    };
    let fits = match role.level {
        api::RoleLevel::Organization => scope.workspace.is_none(),
        api::RoleLevel::Workspace => scope.workspace.is_some() && scope.project.is_none(),
        api::RoleLevel::Project => scope.workspace.is_some() && scope.project.is_some(),
        api::RoleLevel::Other(_) => false,
    };
    if !fits {
        let wanted = match role.level {
            api::RoleLevel::Organization => "without workspace_id and project_id",
            api::RoleLevel::Workspace => "with workspace_id and without project_id",
            _ => "with workspace_id and project_id",
        };
        let level = role.level;
        return Err(Error::forbidden(format!("Role '{name}' has the level {level}. Assign it {wanted}.")));
    }
    Ok((Grant { role: id, principal, scope }, allowed, name))
}

/// Checks that the scope exists and belongs to the organization. The permission is checked first, so that a rejected
/// grant does not reveal which workspaces and projects exist. Only the platform's own workspaces have their projects here;
/// of others, the ids are accepted unchecked.
async fn require_scope<A: Act>(sql: &mut Sql, scope: &Allowed<A, AssignmentsIn>, role: &str) -> Result<()> {
    let Some(workspace) = scope.workspace else { return Ok(()) };
    let row = sqlx::query("SELECT is_managed = 1 AND engine = 'embedded' AS is_here FROM workspace WHERE id = $1 AND organization_id = $2")
        .bind(workspace.to_string())
        .bind(scope.organization.to_string())
        .fetch_optional(&mut *sql)
        .await?
        .ok_or_else(|| {
            Error::forbidden(format!(
                "The workspace '{workspace}' does not belong to the organization of role '{role}'."
            ))
        })?;
    let is_here = column::flag(&row, "is_here")?;
    let Some(project) = scope.project.filter(|_| is_here) else { return Ok(()) };
    let known = sqlx::query("SELECT 1 FROM project WHERE id = $1 AND workspace_id = $2")
        .bind(project.to_string())
        .bind(workspace.to_string())
        .fetch_optional(sql)
        .await?;
    known.map(drop).ok_or_else(|| {
        Error::forbidden(format!("The project '{project}' does not exist in workspace '{workspace}'."))
    })
}

/// Only members of its organization can have a role. The roles that create a membership are for everyone.
async fn require_same_organization(
    tx: &mut Tx,
    scope: &Allowed<Create, AssignmentsIn>,
    principal: Principal,
    limits: Limits,
) -> Result<()> {
    let organization = scope.organization;
    let refused = || {
        let (kind, id) = (principal.kind(), principal.id());
        Error::forbidden(format!("The {kind} '{id}' does not belong to the organization of this role."))
    };
    match principal {
        Principal::Team(id) => {
            let team = sqlx::query("SELECT 1 FROM team WHERE id = $1 AND organization_id = $2")
                .bind(id.to_string())
                .bind(organization.to_string())
                .fetch_optional(tx.sql())
                .await?;
            team.map(drop).ok_or_else(refused)
        }
        Principal::Invitation(id) => {
            require_pending(tx, InvitationId::from_uuid(id), organization).await.map(drop)
        }
        Principal::User(id) => {
            let account = user_unchecked(tx.sql(), UserId::from_uuid(id)).await?.ok_or_else(refused)?;
            let elsewhere = account.organization_id.is_some_and(|home| home != organization);
            let joins = scope.workspace.is_none();
            let belongs = Holdings::of(id).belongs_to(tx.sql(), organization.uuid()).await?;
            if elsewhere || !(joins || belongs) {
                return Err(refused());
            }
            if !belongs && !account.is_service_account {
                limits.allow_member(tx.sql(), organization).await?;
            }
            Ok(())
        }
    }
}

async fn describe<A: Act>(tx: &mut Tx, allowed: &Allowed<A, AssignmentsIn>, grant: &Grant) -> Result<()> {
    let who = crate::rbac::describe(tx.sql(), grant.principal).await?;
    let mut detail = format!("for {who}");
    let places = [
        (
            " in project ",
            "SELECT name FROM project WHERE id = $1",
            grant.scope.project.map(|id| id.to_string()),
        ),
        (
            " in workspace ",
            "SELECT name FROM workspace WHERE id = $1",
            grant.scope.workspace.map(|id| id.to_string()),
        ),
    ];
    for (words, statement, id) in places {
        if let Some(id) = id {
            let name: Option<String> =
                sqlx::query_scalar(statement).bind(&id).fetch_optional(tx.sql()).await?;
            detail.push_str(words);
            detail.push_str(&name.unwrap_or(id));
        }
    }
    tx.detail(allowed, &detail);
    Ok(())
}

async fn select(
    sql: &mut Sql,
    seen: &SeenIn,
    role: &Allowed<Read, RoleAt>,
    scope: api::ScopeQuery,
) -> Result<Vec<api::Assignment>> {
    let mut query = Query::new("SELECT s.* FROM assignment s WHERE s.role_id = ");
    query.push_bind(role.id.to_string());
    if let Some(workspace) = scope.workspace_id {
        query.push(" AND s.workspace_id = ").push_bind(workspace.to_string());
    }
    if let Some(project) = scope.project_id {
        query.push(" AND s.project_id = ").push_bind(project.to_string());
    }
    seen.restrict(&mut query, false);
    query.push(" ORDER BY s.created, s.principal_id");
    let rows = query.build().fetch_all(&mut *sql).await?;
    let grants = rows.iter().map(grant).collect::<Result<Vec<_>>>()?;
    answers(sql, role, &grants).await
}

fn grant(row: &Row) -> Result<Grant> {
    let id = column::id::<UserId>(row, "principal_id")?.uuid();
    let principal = Principal::from_kind(&column::text(row, "principal_kind")?, id);
    let scope = AssignmentsIn {
        organization: column::id(row, "organization_id")?,
        workspace: column::optional_id(row, "workspace_id")?,
        project: column::optional_id(row, "project_id")?,
    };
    Ok(Grant { role: column::id(row, "role_id")?, principal, scope })
}

async fn answer(sql: &mut Sql, role: &Allowed<Read, RoleAt>, grant: &Grant) -> Result<api::Assignment> {
    let missing = || Error::internal("an assignment was not found", "it was deleted");
    answers(sql, role, std::slice::from_ref(grant)).await?.pop().ok_or_else(missing)
}

/// The responses for assignments of one role, with one statement for all of them.
async fn answers(
    sql: &mut Sql,
    role: &Allowed<Read, RoleAt>,
    grants: &[Grant],
) -> Result<Vec<api::Assignment>> {
    if grants.is_empty() {
        return Ok(Vec::new());
    }
    // Its permissions would be repeated for every holder; the role itself has them.
    let role = api::Role { permissions: None, ..select_one(&mut *sql, role).await? };
    let principals = Principals::read_unchecked(sql, grants.iter().map(|grant| grant.principal)).await?;
    let answer = |grant: &Grant| {
        let Holder { user, team, invitation } = principals.get(grant.principal);
        api::Assignment {
            user,
            team,
            invitation,
            role: role.clone(),
            organization_id: Some(grant.scope.organization),
            workspace_id: grant.scope.workspace,
            project_id: grant.scope.project,
        }
    };
    Ok(grants.iter().map(answer).collect())
}

/// Accounts, teams and invitations as parts of a response.
pub(super) struct Principals {
    users: HashMap<UserId, User>,
    teams: HashMap<TeamId, Team>,
    invitations: HashMap<InvitationId, Invitation>,
}

/// The object behind a principal; none of them if it was deleted.
#[derive(Default)]
pub(super) struct Holder {
    pub(super) user: Option<User>,
    pub(super) team: Option<Team>,
    pub(super) invitation: Option<Invitation>,
}

impl Principals {
    /// Reads them with one statement for each kind.
    pub(super) async fn read_unchecked(sql: &mut Sql, of: impl Iterator<Item = Principal>) -> Result<Self> {
        let (mut users, mut teams, mut invitations) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for principal in of {
            match principal {
                Principal::User(id) => drop(users.insert(UserId::from_uuid(id))),
                Principal::Team(id) => drop(teams.insert(TeamId::from_uuid(id))),
                Principal::Invitation(id) => drop(invitations.insert(InvitationId::from_uuid(id))),
            }
        }
        Ok(Self {
            users: users_unchecked(sql, users).await?,
            teams: teams_unchecked(sql, teams).await?,
            invitations: invitations_unchecked(sql, invitations).await?,
        })
    }

    /// Returns the object behind a principal.
    pub(super) fn get(&self, principal: Principal) -> Holder {
        let mut holder = Holder::default();
        match principal {
            Principal::User(id) => holder.user = self.users.get(&UserId::from_uuid(id)).cloned(),
            Principal::Team(id) => holder.team = self.teams.get(&TeamId::from_uuid(id)).cloned(),
            Principal::Invitation(id) => {
                holder.invitation = self.invitations.get(&InvitationId::from_uuid(id)).cloned();
            }
        }
        holder
    }
}

async fn insert(sql: &mut Sql, allowed: &Allowed<Create, AssignmentsIn>, grant: &Grant) -> Result<()> {
    sqlx::query(
        "INSERT INTO assignment (role_id, organization_id, principal_kind, principal_id, workspace_id, project_id, \
         created) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(grant.role.to_string())
    .bind(allowed.organization.to_string())
    .bind(grant.principal.kind())
    .bind(grant.principal.id().to_string())
    .bind(allowed.workspace.map(|id| id.to_string()).unwrap_or_default())
    .bind(allowed.project.map(|id| id.to_string()).unwrap_or_default())
    .bind(now())
    .execute(sql)
    .await?;
    Ok(())
}

async fn delete(sql: &mut Sql, allowed: &Allowed<Delete, AssignmentsIn>, grant: &Grant) -> Result<()> {
    let gone = sqlx::query(
        "DELETE FROM assignment WHERE role_id = $1 AND principal_kind = $2 AND principal_id = $3 \
         AND workspace_id = $4 AND project_id = $5",
    )
    .bind(grant.role.to_string())
    .bind(grant.principal.kind())
    .bind(grant.principal.id().to_string())
    .bind(allowed.workspace.map(|id| id.to_string()).unwrap_or_default())
    .bind(allowed.project.map(|id| id.to_string()).unwrap_or_default())
    .execute(sql)
    .await?;
    if gone.rows_affected() == 0 {
        return Err(Error::not_found("This role is not assigned to this principal in this scope."));
    }
    Ok(())
}
