//! Members: who has roles in an organization, a workspace or a project.

use std::collections::BTreeMap;

use sqlx::Row as _;
use zenml_api::control::member as api;
use zenml_api::control::role::RoleLevel;
use zenml_api::{Identifier, OrganizationId, ProjectId, RoleId, UserId, WorkspaceId};

use super::assignment::{Holder, Principals};
use super::last_admin::Watch;
use super::scope::AssignmentsIn;
use super::user::user_unchecked;
use super::workspace::WorkspaceAt;
use crate::error::{Error, Result};
use crate::http::{Cx, Routes};
use crate::rbac::{Allowed, Delete, Kind, Object, Principal, Read, Target};
use crate::store::{Query, Sql, column};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .serve(&api::LIST, list)
        .serve(&api::REMOVE, remove)
        .serve(&api::LIST_OF_WORKSPACE, list_of_workspace)
        .serve(&api::LIST_OF_PROJECT, list_of_project)
}

/// Members of an organization.
#[derive(Clone, Copy, Debug)]
struct MembersOf(OrganizationId);

impl Object for MembersOf {
    fn target(&self) -> Target {
        Target::in_organization(self.0.uuid(), Kind::Member, None)
    }
}

/// The scope whose members are listed.
trait Scope {
    /// The assignments that create a membership.
    fn scope(&self) -> AssignmentsIn;
}

impl Scope for MembersOf {
    fn scope(&self) -> AssignmentsIn {
        AssignmentsIn { organization: self.0, workspace: None, project: None }
    }
}

impl Scope for AssignmentsIn {
    fn scope(&self) -> AssignmentsIn {
        *self
    }
}

async fn list(cx: Cx, id: OrganizationId, query: api::MemberQuery, (): ()) -> Result<Vec<api::Member>> {
    cx.read(async |tx| {
        let members = tx.allow(MembersOf(id)).await?;
        select(tx.sql(), &members, &query).await
    })
    .await
}

async fn list_of_workspace(
    cx: Cx,
    id: WorkspaceId,
    query: api::MemberQuery,
    (): (),
) -> Result<Vec<api::Member>> {
    of_scope(cx, id, None, query).await
}

async fn list_of_project(
    cx: Cx,
    (id, project): (WorkspaceId, ProjectId),
    query: api::MemberQuery,
    (): (),
) -> Result<Vec<api::Member>> {
    of_scope(cx, id, Some(project), query).await
}

async fn of_scope(
    cx: Cx,
    id: WorkspaceId,
    project: Option<ProjectId>,
    query: api::MemberQuery,
) -> Result<Vec<api::Member>> {
    cx.read(async |tx| {
        let at = WorkspaceAt::locate(tx.sql(), id).await?;
        tx.allow::<Read, _>(at).await?;
        let scope = AssignmentsIn { organization: at.organization(), workspace: Some(id), project };
        let members = tx.allow(scope).await?;
        select(tx.sql(), &members, &query).await
    })
    .await
}

async fn remove(cx: Cx, id: OrganizationId, query: api::MemberRemoval, (): ()) -> Result<()> {
    cx.tx(async |tx| {
        let members = tx.allow::<Delete, _>(MembersOf(id)).await?;
        let member = user_unchecked(tx.sql(), query.user_id).await?;
        let unknown =
            || Error::not_found(format!("User '{}' is not a member of this organization.", query.user_id));
        let member = member.ok_or_else(unknown)?;
        tx.note(&members, query.user_id, &member.username);
        if member.is_service_account {
            return Err(Error::forbidden(
                "A service account belongs to its organization and cannot be removed from it.",
            ));
        }
        let watch = Watch::before_change(tx.sql(), id).await?;
        if delete(tx.sql(), &members, query.user_id).await? == 0 {
            return Err(unknown());
        }
        watch.after_change(tx.sql()).await
    })
    .await
}

/// Removes the organization-level roles of a user, and everything that only members can have.
async fn delete(sql: &mut Sql, members: &Allowed<Delete, MembersOf>, member: UserId) -> Result<u64> {
    let (organization, member) = (members.object().0.to_string(), member.to_string());
    let mut removed = 0;
    for statement in [
        "DELETE FROM assignment WHERE principal_kind = 'user' AND principal_id = $1 AND organization_id = $2",
        "DELETE FROM team_member WHERE kind = 'user' AND member_id = $1 \
         AND team_id IN (SELECT id FROM team WHERE organization_id = $2)",
        "DELETE FROM share WHERE principal_kind = 'user' AND principal_id = $1 \
         AND workspace_id IN (SELECT id FROM workspace WHERE organization_id = $2)",
    ] {
        let gone = sqlx::query(statement).bind(&member).bind(&organization).execute(&mut *sql).await?;
        removed += gone.rows_affected();
    }
    Ok(removed)
}

async fn select(
    sql: &mut Sql,
    members: &Allowed<Read, impl Scope>,
    filter: &api::MemberQuery,
) -> Result<Vec<api::Member>> {
    let scope = members.scope();
    let mut query = Query::new(
        "SELECT x.principal_kind, x.principal_id, x.role_id, r.level, x.via_team FROM ( \
         SELECT s.*, 0 AS via_team FROM assignment s UNION ALL \
         SELECT s.role_id, s.organization_id, m.kind, m.member_id, s.workspace_id, s.project_id, s.created, 1 \
         FROM assignment s JOIN team_member m ON m.team_id = s.principal_id WHERE s.principal_kind = 'team' \
         UNION ALL SELECT role_id, organization_id, 'invitation', id, '', '', created, 0 FROM invitation \
         ) x JOIN role r ON r.id = x.role_id WHERE x.organization_id = ",
    );
    query.push_bind(scope.organization.to_string());
    query
        .push(" AND x.workspace_id = ")
        .push_bind(scope.workspace.map(|id| id.to_string()).unwrap_or_default());
    query.push(" AND x.project_id = ").push_bind(scope.project.map(|id| id.to_string()).unwrap_or_default());
    query.push(" ORDER BY x.created, x.principal_id, r.position");
    let mut members: Vec<(Principal, Vec<api::MemberRole>)> = Vec::new();
    let mut places = BTreeMap::new();
    for row in query.build().fetch_all(&mut *sql).await? {
        let id = column::id::<UserId>(&row, "principal_id")?.uuid();
        let principal = Principal::from_kind(&column::text(&row, "principal_kind")?, id);
        let role = api::MemberRole {
            role_id: column::id::<RoleId>(&row, "role_id")?,
            level: RoleLevel::parse(&column::text(&row, "level")?),
            via_team: row.try_get::<i64, _>("via_team")? != 0,
        };
        let place = *places.entry(principal).or_insert_with(|| {
            members.push((principal, Vec::new()));
            members.len() - 1
        });
        members[place].1.push(role);
    }
    let principals = Principals::read_unchecked(sql, members.iter().map(|(principal, _)| *principal)).await?;
    let mut answer = Vec::new();
    for (principal, roles) in members {
        if filter.role_id.is_some_and(|wanted| roles.iter().all(|role| role.role_id != wanted)) {
            continue;
        }
        let Holder { user, team, invitation } = principals.get(principal);
        // Only invitations that can still be accepted are members.
        let invitation = invitation.filter(|invitation| invitation.status.as_deref() == Some("pending"));
        let included = match (&user, &team) {
            (Some(user), _) if user.is_service_account => filter.include_service_accounts,
            (Some(_), _) => filter.include_users,
            (None, Some(_)) => filter.include_teams,
            (None, None) if invitation.is_none() => continue,
            (None, None) => filter.include_invitations,
        };
        if included.unwrap_or(true) {
            answer.push(api::Member { user, team, invitation, roles });
        }
    }
    Ok(answer)
}
