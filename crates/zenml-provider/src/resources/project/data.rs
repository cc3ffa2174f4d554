//! The data source `zenml_project`.

use std::collections::BTreeMap;

use tfkit::{Computed, Cx, DataSource, Diag, Model, OrServer};
use zenml_api::{IdOrName, ProjectId, WorkspaceId};

use super::{NOUN, look, missing, texts};
use crate::client::Client;
use crate::id::Id;
use crate::scope;

/// An existing project, by id or by name.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "project", kind = data_source, rule = tfkit::check::Rule::ExactlyOneOf(&["id", "name"]))]
pub struct ProjectData {
    /// Workspace that the project is in. Default: the provider's workspace. Null on an open-source server.
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// Identifier of the project.
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
    type Client = Client;

    async fn read(cx: &Cx<Client>, config: Self) -> Result<Self, Diag> {
        let (wanted, place) = match (config.id.as_ref(), config.name.as_ref()) {
            (Some(id), _) => (IdOrName::Id(id.0), Self::ID.path()),
            (None, Some(name)) => (IdOrName::Name(name.clone()), Self::NAME.path()),
            (None, None) => return Err(Diag::bug("A project is looked up without id and name")),
        };
        let server = scope::open(cx, config.workspace_id.as_ref().map(|id| id.0)).await?;
        let found = look(&server.api, wanted.clone()).await?;
        let project = found.ok_or_else(|| missing(&wanted.to_string(), &server).at(place))?;
        let body = project.body.ok_or_else(|| NOUN.unreadable(&project.name))?;
        let metadata = project.metadata.unwrap_or_default();
        Ok(Self {
            workspace_id: OrServer::from_option(server.workspace_id.map(Id)),
            id: OrServer::known(Id(project.id)),
            name: OrServer::known(project.name),
            display_name: Computed::known(body.display_name),
            description: Computed::known(Some(metadata.description).filter(|text| !text.is_empty())),
            metadata: Computed::known(texts(Some(&metadata.project_metadata))),
            created: Computed::known(body.created.to_string()),
            updated: Computed::known(body.updated.to_string()),
        })
    }
}
