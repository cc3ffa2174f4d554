//! The server of an object, and whether its workspace is available.

use tfkit::model::{Model, Token};
use tfkit::{Cx, Diag, Generated, OrServer, Plan, Since};
use zenml_api::control::workspace::WorkspaceStatus;
use zenml_api::{OrganizationId, WorkspaceId};
use zenml_client::{Api, ApiError, NotReady};

use crate::client::Client;
use crate::control;
use crate::failure::{Needs, cannot};
use crate::id::Id;
use crate::wait;
use crate::warning::warn_once;

/// Key in the private state for the organization of an object's workspace.
const ORGANIZATION: &str = "organization";

/// An available server.
#[derive(Clone, Debug)]
pub struct Server {
    /// Its API.
    pub api: Api,
    /// Its workspace; `None` for an open-source server.
    pub workspace_id: Option<WorkspaceId>,
}

/// The result of connecting to the server of an object.
#[derive(Debug)]
pub enum Reach {
    /// The server is available.
    Open(Server),
    /// The workspace exists but is not available. The user was warned; the state stays as it is.
    Closed,
    /// The workspace no longer exists, and neither does anything in it.
    Gone,
}

/// The result of reading an object in a workspace.
#[derive(Clone, Debug)]
pub enum Seen<T> {
    /// The object and its workspace, which is `None` on an open-source server.
    Found(Option<WorkspaceId>, T),
    /// The workspace is not available: the state stays as it is.
    Unseen,
}

impl<T> Seen<T> {
    /// Returns an object of a server.
    pub fn on(server: &Server, object: T) -> Self {
        Self::Found(server.workspace_id, object)
    }

    /// Returns the object with its workspace, if it could be read. For the model of an unseen object see [`unseen`].
    pub fn found(&self) -> Option<(Option<WorkspaceId>, &T)> {
        match self {
            Self::Found(workspace, object) => Some((*workspace, object)),
            Self::Unseen => None,
        }
    }
}

/// Returns the model of an object that could not be read: that of the state. Fails for an import, which requires the
/// object.
pub fn unseen<M: Model>(since: &Since<'_, M>) -> Result<M, Diag> {
    since.model().cloned().ok_or_else(|| {
        Diag::error("Cannot import the object: its workspace is not available")
            .why("An import has to read the object from its workspace.")
            .fix("Wait until it is available, or activate it, and run the command again.")
    })
}

/// Returns the server to create or change an object on. Waits for a workspace that is still being deployed, up to the
/// timeout of the operation. `own` is the workspace of the resource; without it the provider block decides.
pub async fn open(cx: &Cx<Client>, own: Option<WorkspaceId>) -> Result<Server, Diag> {
    let client = cx.client().await?;
    let Some(id) = workspace_of(client, own).await? else { return plain(client).await };
    let opened = wait::until(cx, || async move {
        match client.api().workspace(id).await {
            Ok(api) => Ok(Some(Server { api, workspace_id: Some(id) })),
            Err(ApiError::NotReady(state)) if is_under_way(&state.status) => Ok(None),
            Err(error) => Err(unusable(id, &error)),
        }
    });
    if let Some(server) = opened.await? {
        remember(cx, client, id).await?;
        return Ok(server);
    }
    Err(Diag::error(format!("Workspace {id} did not become available in time"))
        .why("It is still being deployed, and nothing can be created in it until it is available.")
        .fix("Run the same command again later, or give the resource a longer timeout."))
}

/// Connects to the server of an object. An unavailable workspace is a warning, once in a run.
pub async fn reach(cx: &Cx<Client>, own: Option<WorkspaceId>) -> Result<Reach, Diag> {
    let client = cx.client().await?;
    let Some(id) = workspace_of(client, own).await? else { return plain(client).await.map(Reach::Open) };
    match client.api().workspace(id).await {
        Ok(api) => {
            remember(cx, client, id).await?;
            Ok(Reach::Open(Server { api, workspace_id: Some(id) }))
        }
        Err(ApiError::NotReady(state)) => {
            warn_once(cx, format!("closed {id}"), || closed(&state));
            Ok(Reach::Closed)
        }
        Err(ApiError::NotFound(_)) => gone(cx, client, id).await,
        Err(error) => Err(unusable(id, &error)),
    }
}

/// Reads an object from its server. It is unseen if the workspace is not available, and gone if the workspace is
/// gone.
pub async fn read<T>(
    cx: &Cx<Client>,
    own: Option<Id<WorkspaceId>>,
    look: impl AsyncFnOnce(&Server) -> Result<Option<T>, Diag>,
) -> Result<Option<Seen<T>>, Diag> {
    match reach(cx, own.map(|id| id.0)).await? {
        Reach::Open(server) => Ok(look(&server).await?.map(|object| Seen::on(&server, object))),
        Reach::Closed => Ok(Some(Seen::Unseen)),
        Reach::Gone => Ok(None),
    }
}

/// Returns the server to delete an object from; `None` if the object is gone with its workspace.
pub async fn open_to_delete(cx: &Cx<Client>, own: Option<WorkspaceId>) -> Result<Option<Server>, Diag> {
    let client = cx.client().await?;
    let Some(id) = workspace_of(client, own).await? else { return plain(client).await.map(Some) };
    match client.api().workspace(id).await {
        Ok(api) => Ok(Some(Server { api, workspace_id: Some(id) })),
        Err(ApiError::NotFound(_)) => match gone(cx, client, id).await? {
            Reach::Gone => Ok(None),
            Reach::Open(_) | Reach::Closed => open(cx, own).await.map(Some),
        },
        Err(ApiError::NotReady(state)) if is_under_way(&state.status) => open(cx, own).await.map(Some),
        Err(error) => Err(unusable(id, &error)),
    }
}

/// Returns the workspace of an object: its own, otherwise that of the provider block. `None` means `server_url`.
pub async fn workspace_of(client: &Client, own: Option<WorkspaceId>) -> Result<Option<WorkspaceId>, Diag> {
    match own {
        Some(own) => Ok(Some(own)),
        None => control::workspace::default(client).await,
    }
}

/// Omits the workspace of a generated configuration if the provider block already selects it.
pub async fn omit_default<M: Model>(
    cx: &Cx<Client>,
    generated: &mut Generated<M>,
    own: Token<M, OrServer<Id<WorkspaceId>>>,
) {
    if let (Some(client), Some(Id(workspace))) = (cx.client_if_known(), generated.state().get(own).known())
        && is_default(client, workspace).await
    {
        generated.omit(own);
    }
}

/// Returns whether an object that does not configure a workspace is certainly in this one.
async fn is_default(client: &Client, workspace: WorkspaceId) -> bool {
    match control::workspace::default(client).await {
        Ok(Some(default)) => default == workspace,
        Ok(None) if client.api().server().is_ok() => {
            client.api().server_workspace().await.is_ok_and(|own| own == Some(workspace))
        }
        Ok(None) | Err(_) => false,
    }
}

/// Plans the workspace of an object that does not configure one: that of the provider block, otherwise that of
/// `server_url`. It is null on an open-source server.
pub async fn plan_home<M: Model>(
    cx: &Cx<Client>,
    plan: &mut Plan<M>,
    own: Token<M, OrServer<Id<WorkspaceId>>>,
) -> Result<(), Diag> {
    if plan.is_delete() || !plan.config().get(own).is_null() || !plan.planned().dyn_of(own).is_unknown() {
        return Ok(());
    }
    let client = cx.client().await?;
    if let Some(default) = control::workspace::default(client).await? {
        plan.set(own, &Id(default));
        return Ok(());
    }
    // If the server is not available yet, the value stays unknown until the apply.
    match client.api().server_workspace().await {
        Ok(Some(workspace)) => plan.set(own, &Id(workspace)),
        Ok(None) => plan.set_null(own),
        Err(_) => {}
    }
    Ok(())
}

async fn plain(client: &Client) -> Result<Server, Diag> {
    let failed = |error: ApiError| cannot("use the server", Needs::WORKSPACE_VIEWER, &error);
    let api = client.api().server().map_err(|error| client.missing(failed(error)))?.clone();
    let workspace_id = client.api().server_workspace().await.map_err(failed)?;
    Ok(Server { api, workspace_id })
}

/// Returns whether a workspace is becoming available.
fn is_under_way(status: &WorkspaceStatus) -> bool {
    // An available workspace without an address is about to get one.
    matches!(status, WorkspaceStatus::Pending | WorkspaceStatus::NotInitialized | WorkspaceStatus::Available)
}

fn unusable(id: WorkspaceId, error: &ApiError) -> Diag {
    cannot(format_args!("use workspace {id}"), Needs::WORKSPACE_VIEWER, error)
}

fn closed(state: &NotReady) -> Diag {
    let reason = if state.reason.is_empty() { String::new() } else { format!(" ({})", state.reason) };
    Diag::warning(format!("Workspace {:?} is {}: its contents were not read", state.name, state.status))
        .why(format!("Only an available workspace answers{reason}. The state of its contents is kept."))
        .fix("Activate it, or wait until it is available, and run the command again.")
}

/// Stores the organization of a workspace in the private state, so that a later run can distinguish a deleted
/// workspace from one that its key has no access to.
pub(crate) async fn remember(cx: &Cx<Client>, client: &Client, id: WorkspaceId) -> Result<(), Diag> {
    if cx.private(ORGANIZATION).is_some() || !control::check::has_control_plane(client).await {
        return Ok(());
    }
    match control::workspace::find(client, id).await? {
        Some(workspace) => cx.set_private(ORGANIZATION, workspace.organization.id.to_string().into()),
        None => Ok(()),
    }
}

/// Stores in the private state of a listed object what [`reach`] stores for one that is read by itself.
pub(crate) async fn complete<T>(cx: &Cx<Client>, item: Seen<T>) -> Result<Seen<T>, Diag> {
    if let Seen::Found(Some(workspace), _) = &item {
        // Boxed because most items already have it, and the future also holds the item.
        Box::pin(remember(cx, cx.client().await?, *workspace)).await?;
    }
    Ok(item)
}

/// Decides whether a workspace that was not found is deleted. Fails if it may be hidden.
pub(crate) async fn gone(cx: &Cx<Client>, client: &Client, id: WorkspaceId) -> Result<Reach, Diag> {
    let remembered = cx.private(ORGANIZATION);
    let remembered: Option<OrganizationId> =
        remembered.as_ref().and_then(|text| text.as_str()).and_then(|text| text.parse().ok());
    let organization = match remembered {
        Some(organization) => organization,
        None => control::organization::default(client).await?.id,
    };
    control::organization::gone_from(client, organization, &format!("workspace {id}")).await?;
    control::workspace::forget(client, id);
    Ok(Reach::Gone)
}
