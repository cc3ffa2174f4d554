//! Queries of workspaces.

use zenml_api::control::workspace::{
    self as api, ServiceConfiguration, ServiceStatus, WorkspaceStatus, ZenmlService,
};
use zenml_api::{OrganizationId, Timestamp, UserId, WorkspaceId};

use super::super::check::Slice;
use super::super::organization::organization_unchecked;
use super::super::user::user_unchecked;
use super::object::{WorkspaceAt, WorkspacesOf};
use crate::engine::EngineKind;
use crate::error::{Error, Result};
use crate::rbac::{Act, Allowed, Caller, Create, Delete, Listed, Update};
use crate::store::{Query, Row, Sql, column, now};

/// A workspace's row.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) id: WorkspaceId,
    pub(super) organization: OrganizationId,
    pub(super) name: String,
    pub(super) display_name: String,
    pub(super) description: Option<String>,
    pub(super) logo_url: Option<String>,
    pub(super) owner: UserId,
    pub(super) is_managed: bool,
    /// What runs it, if it is managed.
    pub(super) engine: EngineKind,
    /// Desired version of the server.
    pub(super) version: String,
    /// Address of the server while it is deployed and active.
    pub(super) server_url: Option<String>,
    /// Actual version of the server.
    pub(super) server_version: Option<String>,
    pub(super) desired_state: WorkspaceStatus,
    pub(super) status: WorkspaceStatus,
    pub(super) state_reason: String,
    created: Timestamp,
    updated: Timestamp,
    status_updated: Option<Timestamp>,
}

/// The values of a new workspace's row.
pub(super) struct NewWorkspace<'a> {
    pub(super) id: WorkspaceId,
    pub(super) name: &'a str,
    pub(super) display_name: &'a str,
    pub(super) description: Option<&'a str>,
    pub(super) logo_url: Option<&'a str>,
    pub(super) owner: UserId,
    pub(super) is_managed: bool,
    pub(super) engine: EngineKind,
    pub(super) version: &'a str,
    pub(super) enrollment_digest: Option<&'a [u8]>,
}

fn read(row: &Row) -> Result<Stored> {
    Ok(Stored {
        id: column::id(row, "id")?,
        organization: column::id(row, "organization_id")?,
        name: column::text(row, "name")?,
        display_name: column::text(row, "display_name")?,
        description: column::optional(row, "description")?,
        logo_url: column::optional(row, "logo_url")?,
        owner: column::id(row, "owner_id")?,
        is_managed: column::flag(row, "is_managed")?,
        engine: EngineKind::parse(&column::text(row, "engine")?)?,
        version: column::text(row, "version")?,
        server_url: column::optional(row, "server_url")?,
        server_version: column::optional(row, "server_version")?,
        desired_state: WorkspaceStatus::parse(&column::text(row, "desired_state")?),
        status: WorkspaceStatus::parse(&column::text(row, "status")?),
        state_reason: column::text(row, "state_reason")?,
        created: column::time(row, "created")?,
        updated: column::time(row, "updated")?,
        status_updated: column::optional_time(row, "status_updated")?,
    })
}

/// A workspace's row.
pub(super) async fn select_one<A: Act>(sql: &mut Sql, allowed: &Allowed<A, WorkspaceAt>) -> Result<Stored> {
    stored_unchecked(sql, allowed.id).await
}

/// The same for background work, on behalf of the platform.
pub(super) async fn stored_unchecked(sql: &mut Sql, id: WorkspaceId) -> Result<Stored> {
    let row =
        sqlx::query("SELECT * FROM workspace WHERE id = $1").bind(id.to_string()).fetch_optional(sql).await?;
    read(&row.ok_or_else(|| Error::not_found(format!("Workspace '{id}' was not found.")))?)
}

/// The response for a row.
pub(super) async fn answer(sql: &mut Sql, stored: Stored) -> Result<api::Workspace> {
    let running = stored.status == WorkspaceStatus::Available;
    let (version, server_version) = (stored.version, stored.server_version);
    let status = stored.server_url.filter(|_| running).map(|server_url| ServiceStatus {
        server_url,
        version: server_version,
        storage_size: None,
    });
    Ok(api::Workspace {
        id: stored.id,
        name: stored.name,
        display_name: Some(stored.display_name),
        description: stored.description,
        logo_url: stored.logo_url,
        organization: organization_unchecked(sql, stored.organization).await?,
        owner: user_unchecked(sql, stored.owner).await?,
        is_managed: stored.is_managed,
        enrollment_key: None,
        workspace_type: Some("zenml".to_owned()),
        zenml_service: Some(ZenmlService {
            configuration: Some(ServiceConfiguration {
                version: Some(version),
                analytics_enabled: Some(false),
                admin: None,
            }),
            status,
        }),
        desired_state: stored.desired_state,
        state_reason: stored.state_reason,
        status: stored.status,
        usage_counts: None,
        created: Some(stored.created),
        updated: Some(stored.updated),
        status_updated: stored.status_updated,
        tags: None,
        metadata: None,
    })
}

/// Lists the visible workspaces that match a query; with `entering`, only those that the caller may log in to.
pub(super) async fn select(
    sql: &mut Sql,
    listed: &Listed<WorkspacesOf>,
    filter: &api::WorkspaceQuery,
    entering: Option<Caller>,
    slice: Slice,
) -> Result<Vec<api::Workspace>> {
    let mut query = Query::new("SELECT w.* FROM workspace w WHERE 1 = 1");
    if let Some(organization) = listed.object().0 {
        query.push(" AND w.organization_id = ").push_bind(organization.to_string());
    }
    let texts = [
        ("w.id", filter.workspace_id.map(|id| id.to_string())),
        ("w.name", filter.workspace_name.clone()),
        ("w.status", filter.status.as_ref().map(ToString::to_string)),
        ("w.owner_id", filter.owner_id.map(|id| id.to_string())),
    ];
    for (name, value) in texts {
        if let Some(value) = value {
            query.push(format_args!(" AND {name} = ")).push_bind(value);
        }
    }
    if let Some(url) = &filter.url {
        query.push(" AND w.status = 'available' AND w.server_url = ");
        query.push_bind(url.trim_end_matches('/').to_owned());
    }
    if let Some(is_managed) = filter.is_managed {
        query.push(" AND w.is_managed = ").push_bind(i64::from(is_managed));
    }
    listed.restrict(&mut query, "w.id", Some("w.owner_id"), false);
    if let Some(caller) = entering {
        query.push(" AND ");
        caller.push_enters(&mut query);
    }
    query.push(" ORDER BY w.organization_id, w.created, w.id LIMIT ").push_bind(slice.limit);
    query.push(" OFFSET ").push_bind(slice.offset);
    let rows = query.build().fetch_all(&mut *sql).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        found.push(answer(sql, read(&row)?).await?);
    }
    Ok(found)
}

/// Lists the visible workspaces of one organization.
pub(crate) async fn select_of_organization(
    sql: &mut Sql,
    listed: &Listed<WorkspacesOf>,
    status: Option<&WorkspaceStatus>,
    slice: Slice,
) -> Result<Vec<api::Workspace>> {
    let filter = api::WorkspaceQuery { status: status.cloned(), ..api::WorkspaceQuery::default() };
    select(sql, listed, &filter, None, slice).await
}

pub(super) async fn insert(
    sql: &mut Sql,
    workspaces: &Allowed<Create, WorkspacesOf>,
    organization: OrganizationId,
    new: &NewWorkspace<'_>,
) -> Result<Allowed<Create, WorkspaceAt>> {
    sqlx::query(
        "INSERT INTO workspace (id, organization_id, name, display_name, description, logo_url, owner_id, is_managed, \
         version, enrollment_digest, desired_state, status, created, updated, status_updated, engine) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'available', 'pending', $11, $11, $11, $12)",
    )
    .bind(new.id.to_string())
    .bind(organization.to_string())
    .bind(new.name)
    .bind(new.display_name)
    .bind(new.description)
    .bind(new.logo_url)
    .bind(new.owner.to_string())
    .bind(i64::from(new.is_managed))
    .bind(new.version)
    .bind(new.enrollment_digest)
    .bind(now())
    .bind(new.engine.as_str())
    .execute(sql)
    .await?;
    Ok(workspaces.created(WorkspaceAt::new(new.id, organization, new.owner)))
}

/// Updates what a user can change.
pub(super) async fn write(
    sql: &mut Sql,
    allowed: &Allowed<Update, WorkspaceAt>,
    next: &Stored,
) -> Result<()> {
    sqlx::query(
        "UPDATE workspace SET display_name = $1, description = $2, logo_url = $3, owner_id = $4, version = $5, \
         desired_state = $6, updated = $7 WHERE id = $8",
    )
    .bind(&next.display_name)
    .bind(&next.description)
    .bind(&next.logo_url)
    .bind(next.owner.to_string())
    .bind(&next.version)
    .bind(next.desired_state.as_str())
    .bind(now())
    .bind(allowed.id.to_string())
    .execute(sql)
    .await?;
    Ok(())
}

/// Updates the status of a workspace and its reason.
pub(super) async fn set_status_unchecked(
    sql: &mut Sql,
    id: WorkspaceId,
    status: &WorkspaceStatus,
    reason: &str,
) -> Result<()> {
    sqlx::query("UPDATE workspace SET status = $1, state_reason = $2, status_updated = $3 WHERE id = $4")
        .bind(status.as_str())
        .bind(reason)
        .bind(now())
        .bind(id.to_string())
        .execute(sql)
        .await?;
    Ok(())
}

/// Records that a changed workspace waits for background work.
pub(super) async fn await_work(sql: &mut Sql, allowed: &Allowed<Update, WorkspaceAt>) -> Result<()> {
    set_status_unchecked(sql, allowed.id, &WorkspaceStatus::Pending, "").await
}

/// Updates the address of a deployed workspace.
pub(super) async fn set_endpoint_unchecked(
    sql: &mut Sql,
    id: WorkspaceId,
    url: &str,
    version: &str,
) -> Result<()> {
    sqlx::query("UPDATE workspace SET server_url = $1, server_version = $2 WHERE id = $3")
        .bind(url)
        .bind(version)
        .bind(id.to_string())
        .execute(sql)
        .await?;
    Ok(())
}

/// Updates the desired version of a workspace, after a change of it was given up.
pub(super) async fn set_version_unchecked(sql: &mut Sql, id: WorkspaceId, version: &str) -> Result<()> {
    sqlx::query("UPDATE workspace SET version = $1 WHERE id = $2")
        .bind(version)
        .bind(id.to_string())
        .execute(sql)
        .await?;
    Ok(())
}

/// Applies the desired state of a workspace whose server the platform does not run: a server that has never reported
/// stays pending.
pub(super) async fn switch_enrolled(
    sql: &mut Sql,
    allowed: &Allowed<Update, WorkspaceAt>,
    next: &Stored,
) -> Result<()> {
    let status = match next.desired_state {
        WorkspaceStatus::Available if next.server_version.is_none() => WorkspaceStatus::Pending,
        ref desired => desired.clone(),
    };
    set_status_unchecked(sql, allowed.id, &status, "").await
}

/// Whether another workspace has an address. It compares as clients do: without case in scheme and host.
pub(super) async fn has_another_with_url(sql: &mut Sql, id: WorkspaceId, url: &str) -> Result<bool> {
    let query = "SELECT 1 FROM workspace WHERE id <> $1 AND (lower(server_url) = lower($2) \
                 OR (port IS NOT NULL AND lower($2) IN ('http://127.0.0.1:' || port, 'http://localhost:' || port)))";
    let found = sqlx::query(query).bind(id.to_string()).bind(url).fetch_optional(sql).await?;
    Ok(found.is_some())
}

/// Updates what the server of an enrolled workspace reports. Without an address, the known one is kept. A deactivated
/// workspace stays so.
pub(super) async fn report(
    sql: &mut Sql,
    allowed: &Allowed<Update, WorkspaceAt>,
    stored: &Stored,
    url: Option<&str>,
    version: Option<&str>,
) -> Result<()> {
    sqlx::query(
        "UPDATE workspace SET server_url = COALESCE($1, server_url), server_version = COALESCE($2, server_version) \
         WHERE id = $3",
    )
    .bind(url)
    .bind(version)
    .bind(allowed.id.to_string())
    .execute(&mut *sql)
    .await?;
    if stored.desired_state == WorkspaceStatus::Deactivated {
        return Ok(());
    }
    set_status_unchecked(sql, allowed.id, &WorkspaceStatus::Available, "").await
}

/// Marks a workspace for deletion; a managed one goes through `pending`.
pub(super) async fn begin_delete(sql: &mut Sql, allowed: &Allowed<Delete, WorkspaceAt>) -> Result<()> {
    sqlx::query("UPDATE workspace SET desired_state = 'deleted', updated = $1 WHERE id = $2")
        .bind(now())
        .bind(allowed.id.to_string())
        .execute(&mut *sql)
        .await?;
    set_status_unchecked(sql, allowed.id, &WorkspaceStatus::Pending, "").await
}

/// Deletes a workspace's row with all roles and shares in it.
pub(super) async fn remove_unchecked(sql: &mut Sql, id: WorkspaceId) -> Result<()> {
    for statement in [
        "DELETE FROM assignment WHERE workspace_id = $1",
        "DELETE FROM share WHERE workspace_id = $1",
        "DELETE FROM usage_event WHERE workspace_id = $1",
        "DELETE FROM workspace WHERE id = $1",
    ] {
        sqlx::query(statement).bind(id.to_string()).execute(&mut *sql).await?;
    }
    Ok(())
}

/// Lists the managed workspaces of an engine.
pub(super) async fn of_engine_unchecked(sql: &mut Sql, engine: EngineKind) -> Result<Vec<WorkspaceId>> {
    sqlx::query("SELECT id FROM workspace WHERE is_managed = 1 AND engine = $1")
        .bind(engine.as_str())
        .fetch_all(sql)
        .await?
        .iter()
        .map(|row| column::id(row, "id"))
        .collect()
}

/// Records that failed work is done again.
pub(super) async fn try_again_unchecked(sql: &mut Sql, id: WorkspaceId) -> Result<()> {
    sqlx::query(
        "UPDATE workspace SET status = 'pending', state_reason = '' WHERE id = $1 AND status = 'failed'",
    )
    .bind(id.to_string())
    .execute(sql)
    .await?;
    Ok(())
}

/// Lists the workspaces with unfinished work. Failed work is tried again: its cause may be gone.
pub(super) async fn unfinished_unchecked(sql: &mut Sql) -> Result<Vec<WorkspaceId>> {
    sqlx::query(
        "SELECT id FROM workspace WHERE status IN ('pending', 'failed') AND (is_managed = 1 OR desired_state = 'deleted')",
    )
    .fetch_all(sql)
    .await?
    .iter()
    .map(|row| column::id(row, "id"))
    .collect()
}

/// Lists the managed workspaces that are available, or should be.
pub(super) async fn running_unchecked(sql: &mut Sql) -> Result<Vec<WorkspaceId>> {
    sqlx::query("SELECT id FROM workspace WHERE status = 'available' AND is_managed = 1")
        .fetch_all(sql)
        .await?
        .iter()
        .map(|row| column::id(row, "id"))
        .collect()
}
