//! Projects.

use serde::{Deserialize, Serialize};

use crate::workspace::JsonMap;
use crate::workspace::crud::crud;
use crate::workspace::object::{Look, Object};
use crate::workspace::page::{Page, list_query};
use crate::{Endpoint, IdOrName, Patch, ProjectId, Timestamp};

/// Creates a project.
pub const CREATE: Endpoint<(), (), ProjectCreate, Project> =
    Endpoint::post("/projects").aliases(&["/workspaces"]);

/// Projects that the caller can read.
pub const LIST: Endpoint<(), ProjectQuery, (), Page<Project>> =
    Endpoint::get("/projects").aliases(&["/workspaces"]);

/// One project, by id or name.
pub const GET: Endpoint<IdOrName<ProjectId>, Look, (), Project> =
    Endpoint::get("/projects/{project_name_or_id}").aliases(&["/workspaces/{project_name_or_id}"]);

/// Updates a project. Only the id is accepted here, not the name.
pub const UPDATE: Endpoint<ProjectId, (), ProjectUpdate, Project> =
    Endpoint::put("/projects/{project_name_or_id}").aliases(&["/workspaces/{project_name_or_id}"]);

/// Deletes a project **and everything in it**, without a warning.
pub const DELETE: Endpoint<IdOrName<ProjectId>, (), (), ()> =
    Endpoint::delete("/projects/{project_name_or_id}").aliases(&["/workspaces/{project_name_or_id}"]);

/// Number of objects in a project.
pub const STATISTICS: Endpoint<IdOrName<ProjectId>, (), (), Statistics> =
    Endpoint::get("/projects/{project_name_or_id}/statistics")
        .aliases(&["/workspaces/{project_name_or_id}/statistics"]);

/// A project. It has no owner.
pub type Project = Object<ProjectId, ProjectBody, ProjectMetadata, serde_json::Value>;

crud!(Project, ProjectQuery, ProjectCreate, ProjectUpdate, path: IdOrName<ProjectId>);

list_query! {
    /// Query of [`LIST`].
    ProjectQuery {
        /// Id.
        id,
        /// Name.
        name,
        /// Display name.
        display_name,
        /// When it was created.
        created,
        /// When it was last changed.
        updated,
    }
}

/// Fields of a new project.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProjectCreate {
    /// 1 to 50 of `a-z 0-9 _ -`, unique in the workspace. Without it, the server derives one from `display_name`.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub name: Patch<String>,
    /// Display name, at most 255 characters; the server's default is `name`.
    #[serde(
        default,
        skip_serializing_if = "String::is_empty",
        deserialize_with = "crate::lax::empty_for_null"
    )]
    pub display_name: String,
    /// At most 255 characters, never null.
    #[serde(default)]
    pub description: String,
    /// Anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_metadata: Option<JsonMap>,
}

/// An update of a project. The server responds with 500 to a null `name`, `display_name` or `description`: send `""`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProjectUpdate {
    /// New name.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub name: Patch<String>,
    /// New display name.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub display_name: Patch<String>,
    /// New description.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub description: Patch<String>,
    /// Replaces the whole map; null changes nothing, an empty map clears it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_metadata: Option<JsonMap>,
}

/// Fields in lists of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProjectBody {
    /// When it was created.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
    /// Display name.
    #[serde(default)]
    pub display_name: String,
}

/// Additional fields in single reads of a project.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProjectMetadata {
    /// Description, or empty.
    #[serde(default)]
    pub description: String,
    /// Arbitrary data of clients.
    #[serde(default)]
    pub project_metadata: JsonMap,
}

/// Number of objects in a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Statistics {
    /// Pipelines.
    pub pipelines: u64,
    /// Runs of pipelines.
    pub runs: u64,
}
