//! Workspaces: routes and handlers. Queries are in `sql`, background work is in `lifecycle`.

mod lifecycle;
mod object;
mod sql;

use zenml_api::control::organization;
use zenml_api::control::workspace::{self as api, WorkspaceStatus};
use zenml_api::control::workspace_status;
use zenml_api::{IdOrName, Identifier, OrganizationId, Patch, Sensitive, UserId, WorkspaceId};

use super::check::{self, Slice};
use super::organization::OrganizationAt;
use crate::crypto::random_string;
use crate::engine::{DEFAULT_VERSION, EngineKind, is_older_version, is_same_version, is_version};
use crate::error::{Error, Issue, Result};
use crate::http::{Cx, Routes};
use crate::rbac::{Act, Action, Allowed, Create, Delete, Holdings, Object as _, Read, Tx, Update};
use crate::servers::enrollment_key as enrollment_key_of;
use crate::store::Sql;

pub(crate) use lifecycle::resume;
use object::unknown;
pub(crate) use object::{WorkspaceAt, WorkspacesOf};
use sql::{NewWorkspace, Stored};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .serve(&api::LIST, list)
        .serve(&api::CREATE, create)
        .serve(&api::GET, get)
        .serve(&api::UPDATE, update)
        .serve(&api::DELETE, delete)
        .serve(&api::DEPLOY, deploy)
        .serve(&api::DEACTIVATE, deactivate)
        .serve(&organization::WORKSPACES, of_organization)
        .internal(&workspace_status::REPORT, report_status)
}

async fn list(cx: Cx, (): (), query: api::WorkspaceQuery, (): ()) -> Result<Vec<api::Workspace>> {
    let slice = check::slice(query.offset, query.limit)?;
    cx.read(async |tx| {
        let listed = tx.list(WorkspacesOf(query.organization_id)).await?;
        let entering = match query.member_only {
            Some(true) => tx.caller().await?,
            _ => None,
        };
        sql::select(tx.sql(), &listed, &query, entering, slice).await
    })
    .await
}

/// Lists the available workspaces that the caller may log in to.
pub(crate) async fn enterable(tx: &mut Tx) -> Result<Vec<api::Workspace>> {
    let listed = tx.list(WorkspacesOf(None)).await?;
    let entering = tx.caller().await?;
    let query =
        api::WorkspaceQuery { status: Some(WorkspaceStatus::Available), ..api::WorkspaceQuery::default() };
    sql::select(tx.sql(), &listed, &query, entering, Slice { offset: 0, limit: i64::MAX }).await
}

async fn of_organization(
    cx: Cx,
    id: OrganizationId,
    query: organization::OrganizationWorkspaceQuery,
    (): (),
) -> Result<Vec<api::Workspace>> {
    let slice = check::slice(query.offset, query.limit)?;
    cx.read(async |tx| {
        tx.allow::<Read, _>(OrganizationAt(id)).await?;
        let listed = tx.list(WorkspacesOf(Some(id))).await?;
        sql::select_of_organization(tx.sql(), &listed, query.status.as_ref(), slice).await
    })
    .await
}

async fn create(
    cx: Cx,
    (): (),
    query: api::CreateQuery,
    new: Option<api::WorkspaceCreate>,
) -> Result<api::Workspace> {
    let mut new = new.unwrap_or_default();
    if let Some(name) = query.name {
        new.name = name;
    }
    if new.name.is_empty() {
        return Err(Error::validation(vec![Issue::of_kind(&["body", "name"], "missing")]));
    }
    check_name(&new.name)?;
    let display_name = new.display_name.clone().unwrap_or_else(|| new.name.clone());
    check::length("display_name", &display_name, 1..=50)?;
    check::optional_length("description", new.description.as_deref(), 1..=256)?;
    let owner = cx.identity()?.account;
    let is_managed = new.is_managed.unwrap_or(true) && query.enroll != Some(true);
    check::optional_length(
        "enrollment_key",
        new.enrollment_key.as_ref().map(|key| key.expose().as_str()),
        16..=255,
    )?;
    let enrollment_key = if is_managed {
        None
    } else {
        Some(new.enrollment_key.take().unwrap_or_else(|| Sensitive::from(random_string())))
    };
    let version = new.zenml_service.as_ref().and_then(|service| service.configuration.version.clone());
    check_version(version.as_deref())?;
    let engine = cx.shared().engines.default;
    let id = new.id.unwrap_or_else(WorkspaceId::random);
    let workspace = cx
        .tx(async |tx| {
            let organization = match new.organization_id {
                Some(id) => id,
                None => only_organization(tx).await?,
            };
            let workspaces = tx.allow::<Create, _>(WorkspacesOf(Some(organization))).await?;
            tx.note(&workspaces, id, &new.name);
            cx.shared().limits.allow_workspace(tx.sql(), organization).await?;
            let vault = &cx.shared().vault;
            let key = match engine {
                EngineKind::Zenml if is_managed => Some(enrollment_key_of(vault, id.uuid())),
                _ => enrollment_key.clone(),
            };
            let digest = key.map(|key| vault.digest(key.expose().as_bytes()));
            let row = NewWorkspace {
                id,
                name: &new.name,
                display_name: &display_name,
                description: new.description.as_deref(),
                logo_url: new.logo_url.as_deref(),
                owner,
                is_managed,
                engine,
                version: version.as_deref().unwrap_or(DEFAULT_VERSION),
                enrollment_digest: digest.as_deref(),
            };
            let workspace = sql::insert(tx.sql(), &workspaces, organization, &row).await?;
            tx.forget_rights();
            answer(tx, &workspace).await
        })
        .await?;
    if is_managed {
        lifecycle::start(cx.shared(), id);
    }
    Ok(api::Workspace { enrollment_key, ..workspace })
}

async fn get(cx: Cx, which: IdOrName<WorkspaceId>, (): (), (): ()) -> Result<api::Workspace> {
    cx.read(async |tx| visible(tx, &which).await).await
}

/// A workspace that the caller may see.
pub(crate) async fn visible(tx: &mut Tx, which: &IdOrName<WorkspaceId>) -> Result<api::Workspace> {
    let at = WorkspaceAt::locate_by(tx.sql(), which).await?;
    let allowed = tx.allow::<Read, _>(at).await.map_err(|error| {
        if error.status() == http::StatusCode::NOT_FOUND { unknown(which) } else { error }
    })?;
    answer(tx, &allowed).await
}

/// A workspace as its page shows it.
pub(crate) struct Shown {
    pub(crate) workspace: api::Workspace,
    /// What runs it; `None` if its server is enrolled.
    pub(crate) engine: Option<EngineKind>,
    /// Whether the caller can log in to it.
    pub(crate) is_open: bool,
}

/// A workspace that the caller may see, for its page.
pub(crate) async fn shown(tx: &mut Tx, which: &IdOrName<WorkspaceId>) -> Result<Shown> {
    let workspace = visible(tx, which).await?;
    let at = WorkspaceAt::locate(tx.sql(), workspace.id).await?;
    let allowed = tx.allow::<Read, _>(at).await?;
    let stored = sql::select_one(tx.sql(), &allowed).await?;
    let caller = tx.actor().identity().map(|identity| identity.account);
    let is_open = match caller {
        Some(account) => may_enter(tx, at, account).await?,
        None => false,
    };
    Ok(Shown { workspace, engine: stored.is_managed.then_some(stored.engine), is_open })
}

/// Whether a workspace is available, and an account may log in to it.
pub(crate) async fn is_open_to(tx: &mut Tx, id: WorkspaceId, account: UserId) -> Result<bool> {
    let at = match WorkspaceAt::locate(tx.sql(), id).await {
        Ok(at) => at,
        Err(error) if error.status() == http::StatusCode::NOT_FOUND => return Ok(false),
        Err(error) => return Err(error),
    };
    let is_available = sql::stored_unchecked(tx.sql(), id).await?.status == WorkspaceStatus::Available;
    Ok(is_available && may_enter(tx, at, account).await?)
}

/// Whether the server of a workspace lets an account in.
async fn may_enter(tx: &mut Tx, at: WorkspaceAt, account: UserId) -> Result<bool> {
    Holdings::of(account.uuid()).allow(tx.sql(), Action::Enter, &at.target()).await
}

async fn update(
    cx: Cx,
    id: WorkspaceId,
    query: api::UpdateQuery,
    change: api::WorkspaceUpdate,
) -> Result<api::Workspace> {
    check::optional_length("display_name", change.display_name.as_deref(), 1..=50)?;
    if let Patch::Set(description) = &change.description {
        check::length("description", description, 0..=256)?;
    }
    let service = change.zenml_service.as_ref();
    check_version(service.and_then(|service| service.configuration.version.as_deref()))?;
    let desired = change.desired_state.clone();
    if desired
        .as_ref()
        .is_some_and(|state| !matches!(state, WorkspaceStatus::Available | WorkspaceStatus::Deactivated))
    {
        return Err(Error::value("desired_state must be `available` or `deactivated`."));
    }
    let (workspace, work) = cx
        .tx(async |tx| {
            let at = WorkspaceAt::locate(tx.sql(), id).await?;
            let allowed = tx.allow::<Update, _>(at).await?;
            let stored = sql::select_one(tx.sql(), &allowed).await?;
            tx.note(&allowed, id, &stored.name);
            require_settled(&stored, query.force == Some(true) || !touches_state(&change))?;
            if let Some(owner) = change.owner_id.filter(|owner| *owner != stored.owner) {
                require_new_owner(tx, at, owner).await?;
            }
            let next = changed(&stored, &change);
            require_no_downgrade(&stored, &next)?;
            if !stored.is_managed {
                require_own_version(&stored, &change)?;
            }
            sql::write(tx.sql(), &allowed, &next).await?;
            if !stored.is_managed && next.desired_state != stored.desired_state {
                sql::switch_enrolled(tx.sql(), &allowed, &next).await?;
            }
            let work = next.is_managed
                && (next.desired_state != stored.desired_state
                    || next.version != stored.version
                    || (desired.is_some() && stored.status == WorkspaceStatus::Failed));
            if work {
                sql::await_work(tx.sql(), &allowed).await?;
            }
            Ok((answer(tx, &allowed).await?, work))
        })
        .await?;
    if work {
        lifecycle::start(cx.shared(), id);
    }
    Ok(workspace)
}

async fn delete(cx: Cx, id: WorkspaceId, (): (), (): ()) -> Result<()> {
    cx.tx(async |tx| {
        let at = WorkspaceAt::locate(tx.sql(), id).await?;
        let allowed = tx.allow::<Delete, _>(at).await?;
        let stored = sql::select_one(tx.sql(), &allowed).await?;
        tx.note(&allowed, id, &stored.name);
        sql::begin_delete(tx.sql(), &allowed).await
    })
    .await?;
    lifecycle::start(cx.shared(), id);
    Ok(())
}

async fn deploy(cx: Cx, id: WorkspaceId, (): (), (): ()) -> Result<()> {
    switch(cx, id, WorkspaceStatus::Available).await
}

async fn deactivate(cx: Cx, id: WorkspaceId, (): (), (): ()) -> Result<()> {
    switch(cx, id, WorkspaceStatus::Deactivated).await
}

async fn switch(cx: Cx, id: WorkspaceId, state: WorkspaceStatus) -> Result<()> {
    let change = api::WorkspaceUpdate { desired_state: Some(state), ..api::WorkspaceUpdate::default() };
    update(cx, id, api::UpdateQuery::default(), change).await.map(drop)
}

/// Handles the status report of an enrolled workspace's server.
async fn report_status(cx: Cx, (): (), (): (), (): ()) -> Result<()> {
    let id = WorkspaceId::from_uuid(cx.workspace_server()?);
    let request = cx.request().clone();
    cx.tx(async |tx| {
        let at = WorkspaceAt::locate(tx.sql(), id).await?;
        let allowed = tx.allow::<Update, _>(at).await?;
        let stored = sql::select_one(tx.sql(), &allowed).await?;
        tx.note(&allowed, id, &stored.name);
        if stored.is_managed {
            // Its engine asks the server itself: the report is sent before the server listens.
            return Ok(());
        }
        let url = request.server_url.as_deref().map(|url| url.trim_end_matches('/'));
        if let Some(url) = url {
            require_own_url(tx.sql(), &stored, url).await?;
        }
        sql::report(tx.sql(), &allowed, &stored, url, request.server_version.as_deref()).await
    })
    .await
}

/// Only the operator of an enrolled server changes its version.
fn require_own_version(stored: &Stored, change: &api::WorkspaceUpdate) -> Result<()> {
    let version = change.zenml_service.as_ref().and_then(|service| service.configuration.version.as_ref());
    match version {
        Some(version) if *version != stored.version => Err(Error::value(format!(
            "Workspace '{}' is a server that the platform does not run. Change the version of that server instead.",
            stored.name
        ))),
        _ => Ok(()),
    }
}

/// Rejects an address that a server reports if it is not one, or if it is that of another workspace: clients send their
/// credentials there.
async fn require_own_url(sql: &mut Sql, stored: &Stored, url: &str) -> Result<()> {
    let refused = |why: &str| {
        tracing::warn!(workspace.id = %stored.id, url = %printable::line(url), "a server reports {why}");
        Err(Error::forbidden(format!("The address '{url}' of the server is refused: it is {why}.")))
    };
    let is_http = url.parse::<http::Uri>().is_ok_and(|uri| {
        let scheme = uri.scheme_str().is_some_and(|scheme| scheme == "http" || scheme == "https");
        scheme && uri.host().is_some_and(|host| !host.is_empty())
    });
    if !is_http || url.contains(['@', '?', '#']) {
        return refused("not an address that begins with http:// or https://");
    }
    if sql::has_another_with_url(sql, stored.id, url).await? {
        return refused("the address of another workspace");
    }
    Ok(())
}

/// Versions that do not exist are found when they are installed.
fn check_version(version: Option<&str>) -> Result<()> {
    match version {
        Some(version) if !is_version(version) => {
            Err(Error::value(format!("'{version}' is not a version of ZenML, such as {DEFAULT_VERSION}.")))
        }
        _ => Ok(()),
    }
}

/// A server migrates its database to its version, and cannot go back.
fn require_no_downgrade(stored: &Stored, next: &Stored) -> Result<()> {
    match (&stored.server_version, stored.engine) {
        (Some(running), EngineKind::Zenml) if is_older_version(&next.version, running) => {
            Err(Error::value(format!(
                "Workspace '{}' runs version {running} and cannot be downgraded to {}.",
                stored.name, next.version
            )))
        }
        _ => Ok(()),
    }
}

fn check_name(name: &str) -> Result<()> {
    check::length("name", name, 1..=50)?;
    check::characters("name", name, "^[a-z0-9-]+$", |c| {
        c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'
    })
}

/// Returns the organization of a caller who specifies none and belongs to only one.
async fn only_organization(tx: &mut Tx) -> Result<OrganizationId> {
    let organizations: Vec<_> = match tx.caller().await? {
        Some(caller) => caller.organizations(tx.sql()).await?.into_iter().collect(),
        None => Vec::new(),
    };
    match organizations.as_slice() {
        [one] => Ok(OrganizationId::from_uuid(*one)),
        [] => {
            Err(Error::value("organization_id is required: the caller does not belong to an organization."))
        }
        _ => Err(Error::value("organization_id is required: the caller belongs to several organizations.")),
    }
}

/// Rejects changes that would start work while other work is running.
fn touches_state(change: &api::WorkspaceUpdate) -> bool {
    change.desired_state.is_some() || change.zenml_service.is_some()
}

fn require_settled(stored: &Stored, settled: bool) -> Result<()> {
    if !settled && stored.is_managed && stored.status == WorkspaceStatus::Pending && !is_restarting(stored) {
        return Err(Error::forbidden(format!(
            "Workspace '{}' is pending: another change is in progress. Wait for it to finish, or use force.",
            stored.name
        )));
    }
    if stored.desired_state == WorkspaceStatus::Deleted {
        return Err(Error::forbidden(format!("Workspace '{}' is being deleted.", stored.name)));
    }
    Ok(())
}

/// Whether a workspace is pending although nobody changes it: its server is started again in the version that it had.
/// Whoever wants to stop such a workspace need not wait until it fails.
fn is_restarting(stored: &Stored) -> bool {
    let version = stored.server_version.as_deref();
    stored.desired_state == WorkspaceStatus::Available
        && version.is_some_and(|version| is_same_version(version, &stored.version))
}

/// An owner may do everything, so only a caller who may do everything can change the owner, and only within the
/// organization.
async fn require_new_owner(tx: &mut Tx, at: WorkspaceAt, owner: UserId) -> Result<()> {
    if !tx.permits(Action::Delete, &at.target()).await? {
        return Err(Error::forbidden("Insufficient permissions to change the owner of this workspace."));
    }
    if !Holdings::of(owner.uuid()).belongs_to(tx.sql(), at.organization().uuid()).await? {
        return Err(Error::forbidden(format!(
            "User '{owner}' does not belong to the organization of the workspace."
        )));
    }
    Ok(())
}

fn changed(stored: &Stored, change: &api::WorkspaceUpdate) -> Stored {
    let mut next = stored.clone();
    change.description.clone().apply(&mut next.description);
    next.description = next.description.filter(|text| !text.is_empty());
    change.logo_url.clone().apply(&mut next.logo_url);
    if let Some(display_name) = &change.display_name {
        next.display_name.clone_from(display_name);
    }
    if let Some(owner) = change.owner_id {
        next.owner = owner;
    }
    if let Some(state) = &change.desired_state {
        next.desired_state = state.clone();
    }
    if let Some(version) =
        change.zenml_service.as_ref().and_then(|service| service.configuration.version.clone())
    {
        next.version = version;
    }
    next
}

async fn answer<A: Act>(tx: &mut Tx, allowed: &Allowed<A, WorkspaceAt>) -> Result<api::Workspace> {
    let stored = sql::select_one(tx.sql(), allowed).await?;
    sql::answer(tx.sql(), stored).await
}
