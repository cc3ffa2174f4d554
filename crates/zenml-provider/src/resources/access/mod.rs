//! The data source `zenml_access`: who can do what.

mod grants;
mod table;

use tfkit::{Computed, Cx, DataSource, Diag, Model, OrServer};
use zenml_api::{ProjectId, StackId, WorkspaceId};

use self::grants::Place;
pub use self::table::AccessRow;
use crate::access::home::{Home as _, organization_of};
use crate::client::Client;
use crate::control;
use crate::failure::Needs;
use crate::id::Id;
use crate::in_workspace::scope;

/// Shows who can do what in a workspace, in one of its projects, or with one of its stacks, and through which role, team or
/// share.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "access", kind = data_source, rule = tfkit::check::Rule::AtMostOneOf(&["project_id", "stack_id"]))]
#[model(since = "3.1.0", needs = Needs::ORGANIZATION_ADMIN.text(), category = "ZenML Pro")]
pub struct AccessData {
    /// ID of the workspace. Default: the provider's workspace.
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// ID of a project of the workspace. With it, the table shows what is possible in the project.
    pub project_id: Option<Id<ProjectId>>,
    /// ID of a stack of the workspace. With it, the table shows what is possible with the stack, its components, their
    /// connectors, and the secrets that they refer to.
    pub stack_id: Option<Id<StackId>>,
    /// A row for each account, object, and reason, sorted by the name of the account.
    pub access: Computed<Vec<AccessRow>>,
}

impl DataSource for AccessData {
    type Model = Self;
    type Client = Client;

    async fn read(cx: &Cx<Client>, config: Self) -> Result<Self, Diag> {
        let client = cx.client().await?;
        let own = match config.workspace_id.as_ref() {
            Some(Id(own)) => Some(*own),
            None => control::workspace::default(client).await?,
        };
        let workspace = own.ok_or_else(unnamed)?;
        let organization = organization_of(client, workspace).await?;
        let place = Place {
            organization,
            workspace,
            project: config.project_id.map(|id| id.0),
            stack: config.stack_id.map(|id| id.0),
        };
        let mut grants = grants::of_roles(client, place).await?;
        let objects = match place.stack {
            Some(stack) => {
                let server = scope::open(cx, workspace.workspace()).await?;
                let (objects, more) = grants::of_stack(client, &server, place, stack).await?;
                grants.extend(more);
                objects
            }
            None => table::objects(workspace, place.project),
        };
        let people = grants::people(client, &grants).await?;
        let access = Computed::known(table::rows(&grants, &people, &objects));
        Ok(Self { workspace_id: OrServer::known(Id(workspace)), access, ..config })
    }
}

fn unnamed() -> Diag {
    Diag::error("No workspace selected")
        .why("Neither the data source nor the provider block sets workspace_id.")
        .fix("Set workspace_id:\n  workspace_id = zenml_workspace.NAME.id")
        .at(AccessData::WORKSPACE_ID)
}
