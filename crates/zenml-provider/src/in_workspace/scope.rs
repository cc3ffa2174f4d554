//! Where an object of a workspace lives, and whether its workspace answers.

use tfkit::model::{Model, Token};
use tfkit::{Cx, Diag, OrServer, Plan, Since};
use zenml_api::control::workspace::WorkspaceStatus;
use zenml_api::{OrganizationId, WorkspaceId};
use zenml_client::{Api, ApiError, NotReady};

use crate::client::Client;
use crate::control;
use crate::failure::{Needs, cannot};
use crate::id::Id;
use crate::wait;
use crate::warning::warn_once;

/// Name beside the state under which the organization of an object's workspace is remembered.
const ORGANIZATION: &str = "organization";

/// A server that answers.
#[derive(Clone, Debug)]
pub struct Server {
    /// Its API.
    pub api: Api,
    /// The workspace that it is; none for an open-source server.
    pub workspace_id: Option<WorkspaceId>,
}

/// What a read finds where an object lives.
#[derive(Debug)]
pub enum Reach {
    /// The server answers.
    Open(Server),
    /// The workspace exists and does not answer. The user was told; what is in the state stays.
    Closed,
    /// The workspace does not exist any more, and so does nothing in it.
    Gone,
}

/// What a read saw of an object in a workspace.
#[derive(Clone, Debug)]
pub enum Seen<T> {
    /// The object, and the workspace that it is in; none on an open-source server.
    Found(Option<WorkspaceId>, T),
    /// Nothing, because the workspace does not answer: what is in the state stays.
    Unseen,
}

impl<T> Seen<T> {
    /// An object that a server told of.
    pub fn on(server: &Server, object: T) -> Self {
        Self::Found(server.workspace_id, object)
    }

    /// The object with its workspace, if it could be seen; else a model is [`unseen`].
    pub fn found(&self) -> Option<(Option<WorkspaceId>, &T)> {
        match self {
            Self::Found(workspace, object) => Some((*workspace, object)),
            Self::Unseen => None,
        }
    }
}

/// The model of an object that could not be seen: that of the state. An import cannot do without the object.
pub fn unseen<M: Model>(since: &Since<'_, M>) -> Result<M, Diag> {
    since.model().cloned().ok_or_else(|| {
        Diag::error("Cannot import the object: its workspace is not available")
            .why("An import has to read the object from its workspace.")
            .fix("Wait until it is available, or activate it, and run the command again.")
    })
}

/// The server that a new or changed object lives on. Waits for a workspace that is still being deployed, until the
/// operation's time is over. `own` is what the resource says; without it the provider block decides.
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

/// What there is to be read where an object lives. A workspace that does not answer is a warning, once in a run.
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

/// Reads an object where it lives. A workspace that does not answer leaves it unseen, and it is gone with its workspace.
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

/// The server from which an object is to be deleted; none when the object is gone with its workspace.
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

/// The workspace that an object belongs to: its own, else that of the provider block; none means `server_url`.
pub async fn workspace_of(client: &Client, own: Option<WorkspaceId>) -> Result<Option<WorkspaceId>, Diag> {
    match own {
        Some(own) => Ok(Some(own)),
        None => control::workspace::default(client).await,
    }
}

/// Plans in which workspace an object is whose configuration does not say it: that of the provider block, else what
/// `server_url` is. An open-source server has none, and then nothing is left unknown.
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
    // Where nobody answers yet, the apply finds out.
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

/// Whether a workspace is on its way to being available.
fn is_under_way(status: &WorkspaceStatus) -> bool {
    // An available workspace without an address is just about to get one.
    matches!(status, WorkspaceStatus::Pending | WorkspaceStatus::NotInitialized | WorkspaceStatus::Available)
}

fn unusable(id: WorkspaceId, error: &ApiError) -> Diag {
    cannot(format_args!("use workspace {id}"), Needs::WORKSPACE_VIEWER, error)
}

fn closed(state: &NotReady) -> Diag {
    let reason = if state.reason.is_empty() { String::new() } else { format!(" ({})", state.reason) };
    Diag::warning(format!("Workspace {:?} is {}: its contents were not read", state.name, state.status))
        .why(format!(
            "A workspace answers only while it is available{reason}. The state of its contents is kept."
        ))
        .fix("Wake it up, or wait until it is available, and run the command again.")
}

/// Keeps the organization of a workspace beside the state, so that a later run can tell a workspace that is gone
/// from one that its key cannot see.
pub(crate) async fn remember(cx: &Cx<Client>, client: &Client, id: WorkspaceId) -> Result<(), Diag> {
    if cx.private(ORGANIZATION).is_some() || !control::check::has_control_plane(client).await {
        return Ok(());
    }
    match control::workspace::find(client, id).await? {
        Some(workspace) => cx.set_private(ORGANIZATION, workspace.organization.id.to_string().into()),
        None => Ok(()),
    }
}

/// Keeps beside the state of an object that came out of a list what [`reach`] keeps of one that is read alone.
pub(crate) async fn complete<T>(cx: &Cx<Client>, item: Seen<T>) -> Result<Seen<T>, Diag> {
    if let Seen::Found(Some(workspace), _) = &item {
        // Boxed because most items have it already, and the future holds the item as well.
        Box::pin(remember(cx, cx.client().await?, *workspace)).await?;
    }
    Ok(item)
}

/// Decides whether a workspace that was not found is gone or hidden.
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
