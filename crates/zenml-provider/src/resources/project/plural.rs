//! The data source `zenml_projects`.

use std::collections::BTreeMap;

use tfkit::{Computed, Diag, Model, Object, OrServer};
use zenml_api::workspace::project::Project as ApiProject;
use zenml_api::{ProjectId, WorkspaceId};

use super::Project;
use crate::failure::Needs;
use crate::id::Id;
use crate::in_workspace::{InWorkspace as _, Listing, lookup};

/// Lists the projects of a server that the key can read, optionally filtered.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "projects", kind = data_source)]
#[model(since = "3.1.0", needs = Needs::WORKSPACE_VIEWER.text())]
pub struct ProjectsData {
    /// ID of the workspace that contains the projects. Default: the provider's workspace. Null on an open-source
    /// server.
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// Return only projects whose name starts with this prefix.
    pub name_prefix: Option<String>,
    /// The projects, by name.
    pub projects: Computed<BTreeMap<String, ProjectSummary>>,
}

/// A project in a list.
#[derive(Clone, Debug, PartialEq, Object)]
pub struct ProjectSummary {
    /// ID of the project.
    pub id: Computed<Id<ProjectId>>,
    /// Name of the project.
    pub name: Computed<String>,
    /// Display name.
    pub display_name: Computed<String>,
    /// Description of the project.
    pub description: Computed<Option<String>>,
    /// Metadata of the project. Values that are not strings are encoded as JSON.
    pub metadata: Computed<BTreeMap<String, String>>,
    /// When the project was created.
    pub created: Computed<String>,
    /// When the project was last updated.
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
