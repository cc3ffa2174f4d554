//! Workspaces on the control plane, and the default workspace of the provider block.

use tfkit::Diag;
use tokio::sync::OnceCell;
use zenml_api::control::workspace::{self as api, Workspace, WorkspaceQuery, WorkspaceStatus};
use zenml_api::{IdOrName, OrganizationId, WorkspaceId};
use zenml_client::{Optional as _, Pages};

use crate::cache::Cache;
use crate::client::Client;
use crate::failure::{Needs, cannot};
use crate::source::Given;

/// Workspaces that were read.
#[derive(Debug, Default)]
struct Known {
    default: OnceCell<WorkspaceId>,
    all: Cache<WorkspaceId, Option<Workspace>>,
}

/// Returns a workspace; `None` if it is not found.
pub async fn find(client: &Client, id: WorkspaceId) -> Result<Option<Workspace>, Diag> {
    let control_plane = client.control_plane()?;
    let read = async { control_plane.call(&api::GET, IdOrName::Id(id)).await.optional() };
    let found = client.memory::<Known>().all.get(&id, read).await;
    found
        .map(|found| (*found).clone())
        .map_err(|error| cannot(format_args!("read the workspace {id}"), Needs::ORGANIZATION_VIEWER, &error))
}

/// The workspaces of an organization that the key has access to, page by page.
#[derive(Debug)]
pub struct Workspaces<'a>(Pages<'a, (), WorkspaceQuery, Workspace>);

impl<'a> Workspaces<'a> {
    /// Begins the list. Nothing is read yet.
    pub fn of(client: &'a Client, organization: OrganizationId) -> Result<Self, Diag> {
        let query = WorkspaceQuery { organization_id: Some(organization), ..WorkspaceQuery::default() };
        Ok(Self(Pages::new(client.control_plane()?, &api::LIST, (), query)))
    }

    /// Continues the list at a [position](Self::position).
    #[must_use]
    pub fn from(self, position: u64) -> Self {
        Self(self.0.from(position))
    }

    /// Returns where the next page starts; `None` at the end.
    pub fn position(&self) -> Option<u64> {
        self.0.position()
    }

    /// Reads the next page, without deleted workspaces; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<Workspace>>, Diag> {
        let page = self.0.next().await;
        let page = page.map_err(|error| cannot("list the workspaces", Needs::ORGANIZATION_VIEWER, &error))?;
        Ok(page.map(|mut page| {
            page.retain(|workspace| workspace.status != WorkspaceStatus::Deleted);
            page
        }))
    }
}

/// Forgets a workspace that has changed.
pub fn forget(client: &Client, id: WorkspaceId) {
    client.memory::<Known>().all.forget(&id);
    client.api().forget_workspace(id);
}

/// Returns the default workspace of the provider block, if it is set.
pub async fn default(client: &Client) -> Result<Option<WorkspaceId>, Diag> {
    let Some(Given { value: wanted, source }) = client.workspace() else { return Ok(None) };
    let name = match wanted {
        IdOrName::Id(id) => return Ok(Some(*id)),
        IdOrName::Name(name) => name,
    };
    let find = async || {
        let wanted = IdOrName::Name(name.clone());
        let found = client.control_plane()?.call(&api::GET, wanted).await.optional();
        let found = found.map_err(|error| client.at_control_plane("find the default workspace", &error))?;
        found.map(|found| found.id).ok_or_else(|| {
            let diag = Diag::error(format!("There is no workspace {name:?}"))
                .why(format!(
                    "{} names it, but the control plane does not find it with this key.",
                    source.capitalized()
                ))
                .fix(format!("Correct {source}, or use a key with access to the workspace."));
            source.mark(diag)
        })
    };
    client.memory::<Known>().default.get_or_try_init(find).await.copied().map(Some)
}
