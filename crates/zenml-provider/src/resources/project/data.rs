//! The data source `zenml_project`.

use std::collections::BTreeMap;

use tfkit::{Computed, Cx, DataSource, Diag, Model, OrServer};
use zenml_api::workspace::project::{self as api, ProjectQuery};
use zenml_api::{ProjectId, WorkspaceId};
use zenml_client::Optional as _;

use super::NOUN;
use crate::client::Client;
use crate::id::Id;
use crate::in_workspace::lookup::{self, Wanted};
use crate::in_workspace::object;
use crate::in_workspace::scope;

/// An existing project, by id or by name.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "project", kind = data_source, rule = tfkit::check::Rule::AtLeastOneOf(&["id", "name"]))]
pub struct ProjectData {
    /// Workspace that the project is in. Default: the provider's workspace. Null on an open-source server.
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// Identifier of the project. It decides where the name is given too.
    pub id: OrServer<Id<ProjectId>>,
    /// Handle of the project.
    pub name: OrServer<String>,
    /// Name to show.
    pub display_name: Computed<String>,
    /// What the project is for.
    pub description: Computed<Option<String>>,
    /// Metadata of the project. Values that are no texts are shown as JSON.
    pub metadata: Computed<BTreeMap<String, String>>,
    /// When the project was made.
    pub created: Computed<String>,
    /// When the project was last changed.
    pub updated: Computed<String>,
}

impl DataSource for ProjectData {
    type Model = Self;
    type Client = Client;

    async fn read(cx: &Cx<Client>, config: Self) -> Result<Self, Diag> {
        let wanted = Wanted::of(NOUN, config.id.as_ref().map(|id| id.0), config.name.as_ref())?;
        let server = scope::open(cx, config.workspace_id.as_ref().map(|id| id.0)).await?;
        let project: api::Project = match wanted {
            Wanted::Id(id, name) => {
                let read = async { server.api.call(&api::GET, id.into()).await.optional() };
                lookup::by_id(NOUN, &server, id, name, read).await?
            }
            Wanted::Name(name) => {
                let query = ProjectQuery {
                    name: object::exactly(name),
                    hydrate: Some(true),
                    ..ProjectQuery::default()
                };
                let list = server.api.list_all(&api::LIST, (), query);
                let told = |project: &api::Project| format!("the project {:?}", project.name);
                lookup::by_name(NOUN, &server, name, list, told, "Say which one is meant by its id.").await?
            }
        };
        let body = project.body.ok_or_else(|| NOUN.unreadable(&project.name))?;
        let metadata = project.metadata.unwrap_or_default();
        Ok(Self {
            workspace_id: OrServer::from_option(server.workspace_id.map(Id)),
            id: OrServer::known(Id(project.id)),
            name: OrServer::known(project.name),
            display_name: Computed::known(body.display_name),
            description: Computed::known(lookup::filled(Some(metadata.description))),
            metadata: Computed::known(lookup::texts(Some(&metadata.project_metadata))),
            created: Computed::known(body.created.to_string()),
            updated: Computed::known(body.updated.to_string()),
        })
    }
}
