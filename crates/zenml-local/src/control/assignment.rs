//! Role assignments: who holds a role, and where.

use zenml_api::control::role as api;
use zenml_api::{Identifier, OrganizationId, ProjectId, RoleId, TeamId, UserId, WorkspaceId};

use super::role::{RoleAt, role};
use super::team::team;
use super::user::user;
use crate::error::{Error, Result};
use crate::http::{Cx, Routes};
use crate::rbac::policy::ORGANIZATION_ADMIN;
use crate::rbac::{Allowed, Create, Delete, Holdings, Kind, Object, Principal, Read, Target};
use crate::store::{Query, Row, Sql, Tx, column, now};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.serve(&api::ASSIGNMENTS, list).serve(&api::ASSIGN, assign).serve(&api::REVOKE, revoke)
}

/// The assignments of one scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AssignmentsIn {
    pub(crate) organization: OrganizationId,
    pub(crate) workspace: Option<WorkspaceId>,
    pub(crate) project: Option<ProjectId>,
}

impl Object for AssignmentsIn {
    fn target(&self) -> Target {
        Target {
            workspace: self.workspace.map(Identifier::uuid),
            project: self.project.map(Identifier::uuid),
            ..Target::in_organization(self.organization.uuid(), Kind::Assignment, None)
        }
    }
}

/// One assignment; the members together are its identity.
#[derive(Clone, Copy, Debug)]
struct Grant {
    role: RoleId,
    principal: Principal,
    scope: AssignmentsIn,
}

async fn list(cx: Cx, id: RoleId, query: api::ScopeQuery, (): ()) -> Result<Vec<api::Assignment>> {
    cx.read(async |tx| {
        let at = RoleAt::locate(tx.sql(), id).await?;
        tx.allow::<Read, _>(at).await?;
        let mut assignments = Vec::new();
        for row in select(tx.sql(), id, query).await? {
            // Who may see an assignment is a question about its scope.
            let scope = scope_of(&row)?;
            if let Ok(allowed) = tx.allow::<Read, _>(scope).await {
                assignments.push(read(tx.sql(), &allowed, &row).await?);
            }
        }
        Ok(assignments)
    })
    .await
}

async fn assign(cx: Cx, id: RoleId, query: api::AssignmentQuery, (): ()) -> Result<api::Assignment> {
    let principal = principal(&query)?;
    cx.tx(async |tx| {
        let (grant, name) = prepare(tx, id, principal, &query).await?;
        let allowed = tx.allow::<Create, _>(grant.scope).await?;
        tx.note(&allowed, id, &name);
        require_same_organization(tx.sql(), &grant).await?;
        describe(tx, &allowed, &grant).await?;
        insert(tx.sql(), &allowed, &grant).await?;
        answer(tx.sql(), &grant).await
    })
    .await
}

async fn revoke(cx: Cx, id: RoleId, query: api::AssignmentQuery, (): ()) -> Result<()> {
    let principal = principal(&query)?;
    cx.tx(async |tx| {
        let (grant, name) = prepare(tx, id, principal, &query).await?;
        let allowed = tx.allow::<Delete, _>(grant.scope).await?;
        tx.note(&allowed, id, &name);
        describe(tx, &allowed, &grant).await?;
        delete(tx.sql(), &allowed, &grant).await?;
        require_admin(tx.sql(), grant.scope.organization).await
    })
    .await
}

/// The one principal that a query names.
fn principal(query: &api::AssignmentQuery) -> Result<Principal> {
    match (query.user_id, query.team_id, query.invitation_id) {
        (Some(user), None, None) => Ok(Principal::User(user.uuid())),
        (None, Some(team), None) => Ok(Principal::Team(team.uuid())),
        (None, None, Some(_)) => {
            Err(Error::forbidden("No invitation with this ID is open in this organization."))
        }
        _ => Err(Error::value("Exactly one of user_id, team_id and invitation_id must be given.")),
    }
}

/// Puts an assignment together: the role has to fit the scope, and the scope the role's organization.
async fn prepare(
    tx: &mut Tx,
    id: RoleId,
    principal: Principal,
    query: &api::AssignmentQuery,
) -> Result<(Grant, String)> {
    if query.project_id.is_some() && query.workspace_id.is_none() {
        return Err(Error::value("A project_id needs the workspace_id of its workspace."));
    }
    let at = RoleAt::locate(tx.sql(), id).await?;
    let role = role(tx.sql(), id).await?;
    let name = role.name.unwrap_or_default();
    let scope = AssignmentsIn {
        organization: at.organization,
        workspace: query.workspace_id,
        project: query.project_id,
    };
    // The role is as visible as its scope: a caller who may not grant it learns nothing of it.
    let fits = match role.level {
        api::RoleLevel::Organization => scope.workspace.is_none(),
        api::RoleLevel::Workspace => scope.workspace.is_some() && scope.project.is_none(),
        api::RoleLevel::Project => scope.workspace.is_some() && scope.project.is_some(),
        api::RoleLevel::Other(_) => false,
    };
    tx.allow::<Read, _>(at).await?;
    if !fits {
        let wanted = match role.level {
            api::RoleLevel::Organization => "without workspace_id and project_id",
            api::RoleLevel::Workspace => "with workspace_id and without project_id",
            _ => "with workspace_id and project_id",
        };
        let level = role.level;
        return Err(Error::forbidden(format!(
            "Role '{name}' is a role of level {level}: assign it {wanted}."
        )));
    }
    require_scope(tx.sql(), &scope, &name).await?;
    Ok((Grant { role: id, principal, scope }, name))
}

/// The scope has to be there and to be the organization's. Projects of workspaces that run elsewhere are not known
/// here, so they are taken as they are named.
async fn require_scope(sql: &mut Sql, scope: &AssignmentsIn, role: &str) -> Result<()> {
    let Some(workspace) = scope.workspace else { return Ok(()) };
    let row = sqlx::query("SELECT is_managed FROM workspace WHERE id = $1 AND organization_id = $2")
        .bind(workspace.to_string())
        .bind(scope.organization.to_string())
        .fetch_optional(&mut *sql)
        .await?
        .ok_or_else(|| {
            Error::forbidden(format!(
                "The workspace '{workspace}' does not belong to the organization of role '{role}'."
            ))
        })?;
    let managed = column::flag(&row, "is_managed")?;
    let Some(project) = scope.project.filter(|_| managed) else { return Ok(()) };
    let known = sqlx::query("SELECT 1 FROM project WHERE id = $1 AND workspace_id = $2")
        .bind(project.to_string())
        .bind(workspace.to_string())
        .fetch_optional(sql)
        .await?;
    known.map(drop).ok_or_else(|| {
        Error::forbidden(format!("The project '{project}' does not exist in workspace '{workspace}'."))
    })
}

/// A role is only for those who belong to its organization. The roles that make somebody belong are for everyone.
async fn require_same_organization(sql: &mut Sql, grant: &Grant) -> Result<()> {
    let organization = grant.scope.organization;
    let refused = || {
        let (kind, id) = (grant.principal.kind(), grant.principal.id());
        Error::forbidden(format!("The {kind} '{id}' does not belong to the organization of this role."))
    };
    match grant.principal {
        Principal::Team(id) => {
            let team = sqlx::query("SELECT 1 FROM team WHERE id = $1 AND organization_id = $2")
                .bind(id.to_string())
                .bind(organization.to_string())
                .fetch_optional(sql)
                .await?;
            team.map(drop).ok_or_else(refused)
        }
        Principal::User(id) => {
            let account = user(&mut *sql, UserId::from_uuid(id)).await?.ok_or_else(refused)?;
            let elsewhere = account.organization_id.is_some_and(|home| home != organization);
            let joins = grant.scope.workspace.is_none();
            if elsewhere || !(joins || Holdings::of(id).belongs_to(sql, organization.uuid()).await?) {
                return Err(refused());
            }
            Ok(())
        }
    }
}

async fn describe<A: crate::rbac::Act>(
    tx: &mut Tx,
    allowed: &Allowed<A, AssignmentsIn>,
    grant: &Grant,
) -> Result<()> {
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

/// Refuses a state of an organization in which no active account is its admin, directly or through a team.
pub(crate) async fn require_admin(sql: &mut Sql, organization: OrganizationId) -> Result<()> {
    let admin = sqlx::query(
        "SELECT 1 FROM assignment s JOIN role r ON r.id = s.role_id \
         LEFT JOIN team_member m ON s.principal_kind = 'team' AND m.team_id = s.principal_id AND m.kind = 'user' \
         JOIN account a ON a.is_active = 1 \
           AND a.id = CASE WHEN s.principal_kind = 'team' THEN m.member_id ELSE s.principal_id END \
         WHERE r.organization_id = $1 AND r.level = $2 AND r.name = $3 LIMIT 1",
    )
    .bind(organization.to_string())
    .bind(ORGANIZATION_ADMIN.level.as_str())
    .bind(ORGANIZATION_ADMIN.name)
    .fetch_optional(sql)
    .await?;
    admin.map(drop).ok_or_else(|| {
        Error::forbidden(format!(
            "The last {} of an organization cannot be removed.",
            ORGANIZATION_ADMIN.name
        ))
    })
}

/// The same for all organizations that an account is an admin of, as if the account were gone.
pub(crate) async fn require_other_admins(sql: &mut Sql, account: UserId) -> Result<()> {
    let alone = sqlx::query(
        "SELECT r.organization_id FROM assignment s JOIN role r ON r.id = s.role_id \
         WHERE s.principal_kind = 'user' AND s.principal_id = $1 AND r.level = $2 AND r.name = $3 \
         AND NOT EXISTS (SELECT 1 FROM assignment o WHERE o.role_id = s.role_id AND o.principal_id <> $1) LIMIT 1",
    )
    .bind(account.to_string())
    .bind(ORGANIZATION_ADMIN.level.as_str())
    .bind(ORGANIZATION_ADMIN.name)
    .fetch_optional(sql)
    .await?;
    match alone {
        None => Ok(()),
        Some(_) => Err(Error::forbidden(format!(
            "The account is the last {} of an organization.",
            ORGANIZATION_ADMIN.name
        ))),
    }
}

async fn select(sql: &mut Sql, role: RoleId, scope: api::ScopeQuery) -> Result<Vec<Row>> {
    let mut query = Query::new("SELECT * FROM assignment WHERE role_id = ");
    query.push_bind(role.to_string());
    if let Some(workspace) = scope.workspace_id {
        query.push(" AND workspace_id = ").push_bind(workspace.to_string());
    }
    if let Some(project) = scope.project_id {
        query.push(" AND project_id = ").push_bind(project.to_string());
    }
    query.push(" ORDER BY created, principal_id");
    Ok(query.build().fetch_all(sql).await?)
}

fn scope_of(row: &Row) -> Result<AssignmentsIn> {
    Ok(AssignmentsIn {
        organization: column::id(row, "organization_id")?,
        workspace: column::optional_id(row, "workspace_id")?,
        project: column::optional_id(row, "project_id")?,
    })
}

async fn read(sql: &mut Sql, allowed: &Allowed<Read, AssignmentsIn>, row: &Row) -> Result<api::Assignment> {
    let principal = match column::text(row, "principal_kind")?.as_str() {
        "team" => Principal::Team(column::id::<TeamId>(row, "principal_id")?.uuid()),
        _ => Principal::User(column::id::<UserId>(row, "principal_id")?.uuid()),
    };
    answer(sql, &Grant { role: column::id(row, "role_id")?, principal, scope: *allowed.object() }).await
}

async fn answer(sql: &mut Sql, grant: &Grant) -> Result<api::Assignment> {
    let (user, team) = match grant.principal {
        Principal::User(id) => (user(sql, UserId::from_uuid(id)).await?, None),
        Principal::Team(id) => (None, Some(team(sql, TeamId::from_uuid(id)).await?)),
    };
    Ok(api::Assignment {
        user,
        team,
        invitation: None,
        role: role(sql, grant.role).await?,
        organization_id: Some(grant.scope.organization),
        workspace_id: grant.scope.workspace,
        project_id: grant.scope.project,
    })
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
