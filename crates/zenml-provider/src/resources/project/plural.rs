//! The data source `zenml_projects`.

use std::collections::BTreeMap;

use tfkit::{Computed, Diag, Model, Object, OrServer};
use zenml_api::workspace::project::Project as ApiProject;
use zenml_api::{ProjectId, WorkspaceId};

use super::Project;
use crate::id::Id;
use crate::in_workspace::{InWorkspace as _, Listing, lookup};

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

impl Listing for ProjectsData {
    type Of = Project;
    type Summary = ProjectSummary;

    fn summary(project: ApiProject) -> Result<ProjectSummary, Diag> {
        let (Some(body), Some(metadata)) = (project.body, project.metadata) else {
            return Err(Project::NOUN.unreadable(&project.name));
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

    fn with(
        self,
        workspace_id: OrServer<Id<WorkspaceId>>,
        projects: BTreeMap<String, ProjectSummary>,
    ) -> Self {
        Self { workspace_id, projects: Computed::known(projects), ..self }
    }
}
