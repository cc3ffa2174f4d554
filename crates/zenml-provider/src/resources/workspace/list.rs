//! The list resource `zenml_workspace`.

use tfkit::{Cx, Diag, ListResource, Listed, Model, Results};
use zenml_api::OrganizationId;
use zenml_api::control::workspace::WorkspaceStatus;

use super::{Workspace, WorkspaceKey};
use crate::client::Client;
use crate::control;
use crate::control::workspace::Workspaces;
use crate::failure::Needs;
use crate::id::Id;
use crate::in_workspace::lookup;

/// Lists the workspaces of an organization, optionally filtered.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "workspace", kind = list_resource, rule = Rule::AtMostOneOf(&["name", "name_prefix"]))]
#[model(since = "3.1.0", needs = Needs::ORGANIZATION_VIEWER.text(), category = "ZenML Pro")]
pub struct WorkspaceFilters {
    /// ID of the organization that the workspaces belong to. Default: the provider's organization.
    pub organization_id: Option<Id<OrganizationId>>,
    /// List only the workspace with this name.
    pub name: Option<String>,
    /// List only workspaces whose name starts with this prefix.
    pub name_prefix: Option<String>,
    /// List only workspaces with this status, such as `available`.
    #[attr(check = one_of(WorkspaceStatus::WORDS))]
    pub status: Option<String>,
}

impl ListResource for Workspace {
    type Filters = WorkspaceFilters;
    type Resource = Self;

    async fn list(
        cx: &Cx<Client>,
        filters: WorkspaceFilters,
        results: &mut Results<Self>,
    ) -> Result<(), Diag> {
        let client = cx.client().await?;
        let organization = control::organization::of_key(client, filters.organization_id).await?;
        let mut workspaces = Workspaces::of(client, organization)?;
        while let Some(page) = workspaces.next().await? {
            for workspace in page {
                let is_wanted = filters.name.as_ref().is_none_or(|name| workspace.name == *name)
                    && lookup::begins(&workspace.name, filters.name_prefix.as_deref())
                    && filters.status.as_ref().is_none_or(|status| workspace.status.as_str() == status);
                if is_wanted {
                    let organization_id = Some(Id(workspace.organization.id));
                    let key = WorkspaceKey { organization_id, id: Id(workspace.id) };
                    let display_name = workspace.name.clone();
                    results.push(Listed { key, display_name, remote: Some(workspace) }).await;
                }
            }
        }
        Ok(())
    }
}
