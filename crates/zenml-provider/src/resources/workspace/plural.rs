//! The data source `zenml_workspaces`.

use std::collections::BTreeMap;

use tfkit::{Computed, Cx, DataSource, Diag, Model, Object, OrServer};
use zenml_api::control::workspace::{self as api, WorkspaceStatus};
use zenml_api::{OrganizationId, WorkspaceId};

use super::model;
use crate::client::Client;
use crate::control;
use crate::control::workspace::Workspaces;
use crate::failure::Needs;
use crate::id::Id;
use crate::in_workspace::lookup;

/// Lists the workspaces of an organization that the key can read, optionally filtered.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "workspaces", kind = data_source)]
#[model(since = "3.1.0", needs = Needs::ORGANIZATION_VIEWER.text(), category = "ZenML Pro")]
pub struct WorkspacesData {
    /// ID of the organization that the workspaces belong to. Default: the provider's organization.
    pub organization_id: OrServer<Id<OrganizationId>>,
    /// Return only workspaces whose name starts with this prefix.
    pub name_prefix: Option<String>,
    /// Return only workspaces with this status, such as `available`.
    #[attr(check = one_of(WorkspaceStatus::WORDS))]
    pub status: Option<String>,
    /// The workspaces, by name.
    pub workspaces: Computed<BTreeMap<String, WorkspaceSummary>>,
}

/// A workspace in a list.
#[derive(Clone, Debug, PartialEq, Object)]
pub struct WorkspaceSummary {
    /// ID of the workspace.
    pub id: Computed<Id<WorkspaceId>>,
    /// Name of the workspace.
    pub name: Computed<String>,
    /// Display name.
    pub display_name: Computed<String>,
    /// Description of the workspace.
    pub description: Computed<Option<String>>,
    /// ZenML version that the workspace runs, or the requested version while it does not run.
    pub version: Computed<Option<String>>,
    /// URL of the workspace's server. Null while the workspace does not run.
    pub server_url: Computed<Option<String>>,
    /// Status of the workspace.
    pub status: Computed<String>,
}

impl DataSource for WorkspacesData {
    type Model = Self;
    type Client = Client;

    async fn read(cx: &Cx<Client>, config: Self) -> Result<Self, Diag> {
        let client = cx.client().await?;
        let organization = control::organization::or_default(client, &config.organization_id).await?;
        let is_wanted = |workspace: &api::Workspace| {
            lookup::begins(&workspace.name, config.name_prefix.as_deref())
                && config.status.as_ref().is_none_or(|status| workspace.status.as_str() == status)
        };
        let mut found = BTreeMap::new();
        let mut workspaces = Workspaces::of(client, organization)?;
        while let Some(page) = workspaces.next().await? {
            found.extend(
                page.into_iter()
                    .filter(is_wanted)
                    .map(|workspace| (workspace.name.clone(), summary(workspace))),
            );
        }
        let organization_id = OrServer::known(Id(organization));
        Ok(Self { organization_id, workspaces: Computed::known(found), ..config })
    }
}

fn summary(workspace: api::Workspace) -> WorkspaceSummary {
    let version = model::running_version(&workspace).or_else(|| model::configured_version(&workspace));
    WorkspaceSummary {
        id: Computed::known(Id(workspace.id)),
        name: Computed::known(workspace.name.clone()),
        version: Computed::known(version),
        server_url: Computed::known(workspace.server_url().map(str::to_owned)),
        status: Computed::known(workspace.status.as_str().to_owned()),
        description: Computed::known(workspace.description),
        display_name: Computed::known(workspace.display_name.unwrap_or(workspace.name)),
    }
}
