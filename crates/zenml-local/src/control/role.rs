//! Roles. The predefined ones come from the policy; custom roles are not supported yet.

use zenml_api::control::role as api;
use zenml_api::{Identifier, OrganizationId, RoleId};

use super::check::{self, Slice};
use super::organization::OrganizationAt;
use super::scope::SeenIn;
use crate::error::{Error, Result};
use crate::http::{Cx, Routes};
use crate::rbac::policy::Predefined;
use crate::rbac::{Allowed, Kind, Object, Read, Target, not_found};
use crate::store::{Query, Row, Sql, column};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.serve(&api::LIST, list).serve(&api::GET, get)
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

async fn get(cx: Cx, id: RoleId, (): (), (): ()) -> Result<api::Role> {
    cx.read(async |tx| {
        let at = RoleAt::locate(tx.sql(), id).await?;
        let allowed = tx.allow(at).await?;
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
    let roles = rows.iter().map(read).collect::<Result<Vec<_>>>()?;
    let fitting =
        roles.into_iter().filter(|role| allows(role, filter.resource.as_deref(), filter.action.as_ref()));
    Ok(fitting.skip(offset).take(limit).collect())
}

/// Whether a role allows an action on a kind of resource; absent criteria are not checked.
fn allows(role: &api::Role, resource: Option<&str>, action: Option<&zenml_api::rbac::Action>) -> bool {
    if resource.is_none() && action.is_none() {
        return true;
    }
    let name = role.name.as_deref().unwrap_or_default();
    let Some(role) = Predefined::find(role.level.as_str(), name) else { return false };
    let kind = resource.map(|text| text.rsplit(':').next().unwrap_or(text));
    let kind = kind.map(|text| text.split('/').next().unwrap_or(text));
    let kinds = Kind::ALL.iter().filter(|known| kind.is_none_or(|kind| known.as_str() == kind));
    kinds.map(|kind| role.actions_on(*kind)).any(|actions| match action {
        Some(action) => actions.iter().any(|known| known.as_str() == action.as_str()),
        None => !actions.is_empty(),
    })
}

/// A role.
pub(super) async fn select_one(sql: &mut Sql, allowed: &Allowed<Read, RoleAt>) -> Result<api::Role> {
    let id = allowed.id;
    let row =
        sqlx::query("SELECT * FROM role WHERE id = $1").bind(id.to_string()).fetch_optional(sql).await?;
    let unknown = || Error::not_found(format!("Role '{id}' was not found."));
    read(&row.ok_or_else(unknown)?)
}

fn read(row: &Row) -> Result<api::Role> {
    Ok(api::Role {
        id: column::id(row, "id")?,
        name: Some(column::text(row, "name")?),
        description: column::optional(row, "description")?,
        organization_id: column::optional_id(row, "organization_id")?,
        level: api::RoleLevel::parse(&column::text(row, "level")?),
        system_managed: column::flag(row, "system_managed")?,
        kind: api::RoleType::parse(&column::text(row, "type")?),
        permissions: None,
        created: None,
        updated: None,
    })
}
