//! The data source `zenml_projects`.

use std::collections::BTreeMap;

use tfkit::{Computed, Cx, DataSource, Diag, Model, Object, OrServer};
use zenml_api::workspace::project::{self as api, Project as ApiProject, ProjectQuery};
use zenml_api::{ProjectId, WorkspaceId};

use super::NOUN;
use crate::client::Client;
use crate::id::Id;
use crate::in_workspace::{lookup, scope};

/// All projects of a server that this credential may read, or those that the filter leaves.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "projects", kind = data_source)]
pub struct ProjectsData {
    /// Workspace that the projects are in. Default: the provider's workspace. Null on an open-source server.
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// Only projects whose handle begins so.
    pub name_prefix: Option<String>,
    /// The projects, by handle.
    pub projects: Computed<BTreeMap<String, ProjectSummary>>,
}

/// A project among others.
#[derive(Clone, Debug, PartialEq, Object)]
pub struct ProjectSummary {
    /// Identifier of the project.
    pub id: Computed<Id<ProjectId>>,
    /// Handle of the project.
    pub name: Computed<String>,
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

impl DataSource for ProjectsData {
    type Model = Self;
    type Client = Client;

    async fn read(cx: &Cx<Client>, config: Self) -> Result<Self, Diag> {
        let server = scope::open(cx, config.workspace_id.as_ref().map(|id| id.0)).await?;
        let prefix = config.name_prefix.as_ref();
        let query =
            ProjectQuery { name: lookup::beginning(prefix), hydrate: Some(true), ..ProjectQuery::default() };
        let listed = server.api.list_all(&api::LIST, (), query).await;
        let listed = listed.map_err(|error| lookup::unlisted(NOUN, &error))?;
        // A server ignores a filter that it does not know.
        let wanted = listed.into_iter().filter(|project| lookup::begins(&project.name, prefix));
        let projects = wanted.map(|project| Ok((project.name.clone(), summary(project)?)));
        Ok(Self {
            workspace_id: OrServer::from_option(server.workspace_id.map(Id)),
            projects: Computed::known(projects.collect::<Result<_, Diag>>()?),
            ..config
        })
    }
}

fn summary(project: ApiProject) -> Result<ProjectSummary, Diag> {
    let (Some(body), Some(metadata)) = (project.body, project.metadata) else {
        return Err(NOUN.unreadable(&project.name));
    };
    Ok(ProjectSummary {
        id: Computed::known(Id(project.id)),
        name: Computed::known(project.name),
        display_name: Computed::known(body.display_name),
        description: Computed::known(lookup::filled(Some(metadata.description))),
        metadata: Computed::known(lookup::texts(Some(&metadata.project_metadata))),
        created: Computed::known(body.created.to_string()),
        updated: Computed::known(body.updated.to_string()),
    })
}
