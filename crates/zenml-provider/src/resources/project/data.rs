//! The data source `zenml_project`.

use std::collections::BTreeMap;

use tfkit::{Computed, Diag, Model, OrServer};
use zenml_api::{ProjectId, WorkspaceId};

use super::Project;
use crate::failure::Needs;
use crate::id::Id;
use crate::in_workspace::{Found, Lookup, lookup};

/// Looks up an existing project by ID or name.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "project", kind = data_source, rule = tfkit::check::Rule::AtLeastOneOf(&["id", "name"]))]
#[model(since = "3.1.0", needs = Needs::WORKSPACE_VIEWER.text())]
pub struct ProjectData {
    /// ID of the workspace that contains the project. Default: the provider's workspace. Null on an open-source server.
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// ID of the project. If `name` is also set, both must identify the same project.
    pub id: OrServer<Id<ProjectId>>,
    /// Name of the project.
    pub name: OrServer<String>,
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

impl Lookup for ProjectData {
    type Of = Project;

    fn observe(found: &Found<'_, Project>) -> Result<Self, Diag> {
        let body = found.body(&found.object.body)?;
        let metadata = found.object.metadata.clone().unwrap_or_default();
        Ok(Self {
            workspace_id: found.workspace_id(),
            id: OrServer::known(Id(found.object.id)),
            name: OrServer::known(found.name()),
            display_name: Computed::known(body.display_name.clone()),
            description: Computed::known(lookup::filled(Some(metadata.description))),
            metadata: Computed::known(lookup::texts(Some(&metadata.project_metadata))),
            created: Computed::known(body.created.to_string()),
            updated: Computed::known(body.updated.to_string()),
        })
    }
}
