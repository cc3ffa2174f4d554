//! Roles. The predefined ones come from the policy, custom ones have their own permissions.

use std::collections::BTreeSet;

use zenml_api::control::role as api;
use zenml_api::{Identifier, OrganizationId, RoleId};

use super::check::{self, Slice};
use super::escalation::require_permissions;
use super::organization::OrganizationAt;
use super::role_permission::{parse, parse_level, shape, words};
use super::scope::{AssignmentsIn, SeenIn};
use crate::error::{Error, Result};
use crate::http::{Cx, Routes};
use crate::rbac::permission::Permission;
use crate::rbac::role::{Custom, Role, from_text, to_text};
use crate::rbac::{Act, Allowed, Create, Delete, Kind, Level, Object, Read, Target, Update, not_found};
use crate::store::{Query, Row, Sql, column, now};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .serve(&api::LIST, list)
        .serve(&api::CREATE, create)
        .serve(&api::GET, get)
        .serve(&api::UPDATE, update)
        .serve(&api::DELETE, delete)
        .serve(&api::PERMISSIONS, permissions)
}

/// Roles of an organization.
#[derive(Clone, Copy, Debug)]
struct RolesOf(OrganizationId);

/// One role.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RoleAt {
    pub(crate) id: RoleId,
    pub(crate) organization: OrganizationId,
}

impl Object for RolesOf {
    fn target(&self) -> Target {
        Target::in_organization(self.0.uuid(), Kind::Role, None)
    }
}

impl Object for RoleAt {
    fn target(&self) -> Target {
        Target::in_organization(self.organization.uuid(), Kind::Role, Some(self.id.uuid()))
    }
}

impl RoleAt {
    /// Finds a role. Does not decide whether the caller has access to it.
    pub(crate) async fn locate(sql: &mut Sql, id: RoleId) -> Result<Self> {
        let row = sqlx::query("SELECT organization_id FROM role WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(sql)
            .await?
            .ok_or_else(|| {
                not_found(&Target::in_organization(uuid::Uuid::nil(), Kind::Role, Some(id.uuid())))
            })?;
        Ok(Self { id, organization: column::id(&row, "organization_id")? })
    }
}

async fn list(cx: Cx, id: OrganizationId, query: api::RoleQuery, (): ()) -> Result<Vec<api::Role>> {
    let slice = check::slice(query.offset, query.limit)?;
    let only_own = query.assigned_to_current_user == Some(true);
    if only_own && query.user_id.is_some() {
        return Err(Error::value("user_id and assigned_to_current_user cannot both be set."));
    }
    let mut query = query;
    if only_own {
        query.user_id = Some(cx.identity()?.account);
    }
    cx.read(async |tx| {
        tx.allow::<Read, _>(OrganizationAt(id)).await?;
        let roles = tx.allow::<Read, _>(RolesOf(id)).await?;
        let seen = SeenIn::open(tx, id).await?;
        select(tx.sql(), &roles, &seen, &query, slice).await
    })
    .await
}

async fn create(cx: Cx, (): (), (): (), new: api::RoleCreate) -> Result<api::Role> {
    check::length("name", &new.name, 1..=50)?;
    check::optional_length("description", new.description.as_deref(), 1..=256)?;
    let level = parse_level("body", &new.level)?;
    let permissions = parse(level, &new.permissions)?;
    let scope = everywhere(new.organization_id);
    cx.tx(async |tx| {
        let roles = tx.allow::<Create, _>(RolesOf(new.organization_id)).await?;
        require_permissions(tx, &new.name, &permissions, scope).await?;
        let role = insert(tx.sql(), &roles, &new, level, &permissions).await?;
        tx.note(&role, role.id, &new.name);
        tx.detail(&role, &format!("allows {}", words(&permissions)));
        select_one(tx.sql(), &role).await
    })
    .await
}

async fn update(cx: Cx, id: RoleId, (): (), change: api::RoleUpdate) -> Result<api::Role> {
    check::optional_length("name", change.name.as_deref(), 1..=50)?;
    cx.tx(async |tx| {
        let at = RoleAt::locate(tx.sql(), id).await?;
        let allowed = tx.allow::<Update, _>(at).await?;
        let before = select_one(tx.sql(), &allowed).await?;
        let name = before.name.unwrap_or_default();
        tx.note(&allowed, id, &name);
        require_custom(before.system_managed, &name, "changed")?;
        let level = parse_level("body", &before.level)?;
        let old: BTreeSet<_> = parse(level, &before.permissions.unwrap_or_default())?;
        let new = change.permissions.as_deref().map_or_else(|| Ok(old.clone()), |new| parse(level, new))?;
        let added: BTreeSet<_> = new.difference(&old).copied().collect();
        let removed: BTreeSet<_> = old.difference(&new).copied().collect();
        require_permissions(tx, &name, &added, everywhere(at.organization)).await?;
        let mut description = before.description;
        change.description.clone().apply(&mut description);
        let description = description.filter(|text| !text.is_empty());
        check::optional_length("description", description.as_deref(), 1..=256)?;
        let changes = [("added", added), ("removed", removed)];
        let changes = changes.iter().filter(|(_, permissions)| !permissions.is_empty());
        let changes: Vec<_> =
            changes.map(|(verb, permissions)| format!("{verb} {}", words(permissions))).collect();
        if !changes.is_empty() {
            tx.detail(&allowed, &changes.join(", "));
        }
        let name = change.name.clone().unwrap_or(name);
        write(tx.sql(), &allowed, &name, description.as_deref(), (level, &new)).await?;
        tx.forget_rights();
        select_one(tx.sql(), &allowed).await
    })
    .await
}

async fn delete(cx: Cx, id: RoleId, (): (), (): ()) -> Result<()> {
    cx.tx(async |tx| {
        let at = RoleAt::locate(tx.sql(), id).await?;
        let allowed = tx.allow::<Delete, _>(at).await?;
        let role = select_one(tx.sql(), &allowed).await?;
        let name = role.name.unwrap_or_default();
        tx.note(&allowed, id, &name);
        require_custom(role.system_managed, &name, "deleted")?;
        remove(tx.sql(), &allowed, &name).await
    })
    .await
}

/// The permissions that custom roles can contain. They are the same in every organization.
async fn permissions(_: Cx, (): (), query: api::PermissionQuery, (): ()) -> Result<Vec<api::Permission>> {
    let level = query.level.map_or(Ok(Level::Organization), |level| parse_level("query", &level))?;
    Ok(Permission::all(level).map(shape).collect())
}

/// A custom role can be assigned everywhere in its organization.
const fn everywhere(organization: OrganizationId) -> AssignmentsIn {
    AssignmentsIn { organization, workspace: None, project: None }
}

fn require_custom(system_managed: bool, name: &str, verb: &str) -> Result<()> {
    if system_managed {
        return Err(Error::forbidden(format!("Role '{name}' is predefined and cannot be {verb}.")));
    }
    Ok(())
}

async fn get(cx: Cx, id: RoleId, (): (), (): ()) -> Result<api::Role> {
    cx.read(async |tx| {
        let at = RoleAt::locate(tx.sql(), id).await?;
        let allowed = tx.allow::<Read, _>(at).await?;
        select_one(tx.sql(), &allowed).await
    })
    .await
}

async fn select(
    sql: &mut Sql,
    roles: &Allowed<Read, RolesOf>,
    seen: &SeenIn,
    filter: &api::RoleQuery,
    slice: Slice,
) -> Result<Vec<api::Role>> {
    let mut query = Query::new("SELECT r.* FROM role r WHERE r.organization_id = ");
    query.push_bind(roles.object().0.to_string());
    query.push(" AND r.type = ").push_bind(filter.kind.clone().unwrap_or_default().to_string());
    if let Some(name) = &filter.name {
        query.push(" AND r.name = ").push_bind(name.clone());
    }
    if let Some(level) = &filter.level {
        query.push(" AND r.level = ").push_bind(level.to_string());
    }
    if let Some(system_managed) = filter.system_managed {
        query.push(" AND r.system_managed = ").push_bind(i64::from(system_managed));
    }
    let held = [
        filter.user_id.map(|id| ("user", id.to_string())),
        filter.team_id.map(|id| ("team", id.to_string())),
    ];
    let scopes = [
        filter.workspace_scope.map(|id| ("workspace_id", id.to_string())),
        filter.project_scope.map(|id| ("project_id", id.to_string())),
    ];
    let of_someone = held.iter().any(Option::is_some);
    if of_someone || scopes.iter().any(Option::is_some) {
        query.push(" AND EXISTS (SELECT 1 FROM assignment s WHERE s.role_id = r.id");
        for (kind, id) in held.into_iter().flatten() {
            query
                .push(" AND s.principal_kind = ")
                .push_bind(kind)
                .push(" AND s.principal_id = ")
                .push_bind(id);
        }
        for (scope, id) in scopes.into_iter().flatten() {
            query.push(format_args!(" AND s.{scope} = ")).push_bind(id);
        }
        // An assignment that the caller has no access to does not count.
        seen.restrict(&mut query, true);
        query.push(")");
    }
    query.push(" ORDER BY r.position, r.id");
    let rows = query.build().fetch_all(sql).await?;
    let offset = usize::try_from(slice.offset).unwrap_or(usize::MAX);
    let limit = usize::try_from(slice.limit).unwrap_or(usize::MAX);
    let (resource, action) = (filter.resource.as_deref(), filter.action.as_ref());
    let mut roles = Vec::new();
    for row in &rows {
        if decisions(row)?.is_some_and(|role| allows(&role, resource, action)) {
            roles.push(read(row)?);
        }
    }
    Ok(roles.into_iter().skip(offset).take(limit).collect())
}

/// Whether a role allows an action on a kind of resource; absent criteria are not checked.
fn allows(role: &Role, resource: Option<&str>, action: Option<&zenml_api::rbac::Action>) -> bool {
    if resource.is_none() && action.is_none() {
        return true;
    }
    let kind = resource.map(|text| text.rsplit(':').next().unwrap_or(text));
    let kind = kind.map(|text| text.split('/').next().unwrap_or(text));
    let kinds = Kind::ALL.iter().filter(|known| kind.is_none_or(|kind| known.as_str() == kind));
    kinds.map(|kind| role.actions_on(*kind)).any(|actions| match action {
        Some(action) => actions.iter().any(|known| known.as_str() == action.as_str()),
        None => !actions.is_empty(),
    })
}

/// A role.
pub(super) async fn select_one<A: Act>(sql: &mut Sql, allowed: &Allowed<A, RoleAt>) -> Result<api::Role> {
    read(&row(sql, allowed).await?)
}

/// A role as decisions see it. A predefined role of a newer version allows nothing.
pub(super) async fn select_decisions<A: Act>(
    sql: &mut Sql,
    allowed: &Allowed<A, RoleAt>,
) -> Result<Option<Role>> {
    decisions(&row(sql, allowed).await?)
}

async fn row<A: Act>(sql: &mut Sql, allowed: &Allowed<A, RoleAt>) -> Result<Row> {
    let id = allowed.id;
    let row =
        sqlx::query("SELECT * FROM role WHERE id = $1").bind(id.to_string()).fetch_optional(sql).await?;
    row.ok_or_else(|| Error::not_found(format!("Role '{id}' was not found.")))
}

fn decisions(row: &Row) -> Result<Option<Role>> {
    let (level, name) = (column::text(row, "level")?, column::text(row, "name")?);
    Ok(Role::read(&level, &name, &column::text(row, "allows")?))
}

fn read(row: &Row) -> Result<api::Role> {
    let level = column::text(row, "level")?;
    let permissions: Vec<_> = match decisions(row)? {
        Some(Role::Predefined(role)) => {
            let all = Permission::all(role.level);
            all.filter(|Permission { kind, action }| role.actions_on(*kind).contains(*action)).collect()
        }
        Some(Role::Custom(_)) => from_text(&column::text(row, "permissions")?).collect(),
        None => Vec::new(),
    };
    Ok(api::Role {
        id: column::id(row, "id")?,
        name: Some(column::text(row, "name")?),
        description: column::optional(row, "description")?,
        organization_id: column::optional_id(row, "organization_id")?,
        level: api::RoleLevel::parse(&level),
        system_managed: column::flag(row, "system_managed")?,
        kind: api::RoleType::parse(&column::text(row, "type")?),
        permissions: Some(permissions.into_iter().map(shape).collect()),
        created: None,
        updated: None,
    })
}

async fn insert(
    sql: &mut Sql,
    roles: &Allowed<Create, RolesOf>,
    new: &api::RoleCreate,
    level: Level,
    permissions: &BTreeSet<Permission>,
) -> Result<Allowed<Create, RoleAt>> {
    let (id, organization) = (RoleId::random(), roles.object().0);
    sqlx::query(
        "INSERT INTO role (id, organization_id, level, name, description, system_managed, position, permissions, \
         allows) SELECT $1, $2, $3, $4, $5, 0, COALESCE(MAX(position), 0) + 1, $6, $7 FROM role \
         WHERE organization_id = $2",
    )
    .bind(id.to_string())
    .bind(organization.to_string())
    .bind(level.as_str())
    .bind(&new.name)
    .bind(&new.description)
    .bind(to_text(permissions.iter().copied()))
    .bind(Custom::new(level, permissions.iter().copied()).to_text())
    .execute(sql)
    .await?;
    Ok(roles.created(RoleAt { id, organization }))
}

async fn write(
    sql: &mut Sql,
    allowed: &Allowed<Update, RoleAt>,
    name: &str,
    description: Option<&str>,
    (level, permissions): (Level, &BTreeSet<Permission>),
) -> Result<()> {
    sqlx::query("UPDATE role SET name = $1, description = $2, permissions = $3, allows = $4 WHERE id = $5")
        .bind(name)
        .bind(description)
        .bind(to_text(permissions.iter().copied()))
        .bind(Custom::new(level, permissions.iter().copied()).to_text())
        .bind(allowed.id.to_string())
        .execute(sql)
        .await?;
    Ok(())
}

/// Deletes a role that nobody has. An invitation that waits also holds its role.
async fn remove(sql: &mut Sql, allowed: &Allowed<Delete, RoleAt>, name: &str) -> Result<()> {
    let id = allowed.id.to_string();
    let assigned: i64 = sqlx::query_scalar(
        "SELECT (SELECT COUNT(*) FROM assignment WHERE role_id = $1) \
         + (SELECT COUNT(*) FROM invitation WHERE role_id = $1 AND status = 'pending' AND expires > $2)",
    )
    .bind(&id)
    .bind(now())
    .fetch_one(&mut *sql)
    .await?;
    if assigned > 0 {
        let times = if assigned == 1 { "once".to_owned() } else { format!("{assigned} times") };
        return Err(Error::with_status(
            http::StatusCode::CONFLICT,
            "IllegalOperationError",
            format!("Role '{name}' is still assigned ({times}) and cannot be deleted. Revoke it first."),
        ));
    }
    sqlx::query("DELETE FROM role WHERE id = $1").bind(&id).execute(sql).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rbac::probe::compiles;

    type Db = &'static mut Sql;
    type Proof<A> = &'static Allowed<A, RoleAt>;

    #[test]
    fn a_query_compiles_only_with_its_proof() {
        assert!(compiles!(select_one::<Read>, (Db, Proof<Read>)));
        assert!(!compiles!(select_one::<Read>, (Db, &'static RoleAt)));
        assert!(compiles!(remove, (Db, Proof<Delete>, &'static str)));
        assert!(!compiles!(remove, (Db, Proof<Update>, &'static str)));
        assert!(!compiles!(remove, (Db, &'static RoleAt, &'static str)));
    }
}
