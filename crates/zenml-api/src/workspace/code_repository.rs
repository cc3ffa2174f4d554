//! Code repositories: the location of the code of a project's pipelines.

use serde::{Deserialize, Serialize};

use crate::workspace::JsonMap;
use crate::workspace::crud::crud;
use crate::workspace::object::{Look, Object, Owned};
use crate::workspace::page::{Page, list_query};
use crate::{CodeRepositoryId, Endpoint, ProjectId, Sensitive, Timestamp, UserId};

/// Creates a code repository. Neither source nor configuration is checked.
pub const CREATE: Endpoint<(), (), CodeRepositoryCreate, CodeRepository> =
    Endpoint::post("/code_repositories");

/// Code repositories of one project that the caller can read. A server of ZenML Pro rejects a list without a project.
pub const LIST: Endpoint<(), CodeRepositoryQuery, (), Page<CodeRepository>> =
    Endpoint::get("/code_repositories");

/// One code repository, by id only.
pub const GET: Endpoint<CodeRepositoryId, Look, (), CodeRepository> =
    Endpoint::get("/code_repositories/{code_repository_id}");

/// Updates a code repository, as far as possible: see [`CodeRepositoryUpdate`].
pub const UPDATE: Endpoint<CodeRepositoryId, (), CodeRepositoryUpdate, CodeRepository> =
    Endpoint::put("/code_repositories/{code_repository_id}");

/// Deletes a code repository.
pub const DELETE: Endpoint<CodeRepositoryId, (), (), ()> =
    Endpoint::delete("/code_repositories/{code_repository_id}");

/// The kinds of [`Source`].
pub const SOURCE_TYPES: [&str; 7] =
    ["user", "builtin", "internal", "distribution_package", "code_repository", "notebook", "unknown"];

/// A code repository.
pub type CodeRepository = Object<CodeRepositoryId, CodeRepositoryBody, CodeRepositoryMetadata, Owned>;

crud!(CodeRepository, CodeRepositoryQuery, CodeRepositoryCreate, CodeRepositoryUpdate);

list_query! {
    /// Query of [`LIST`].
    CodeRepositoryQuery {
        /// Id or name of the project; not a filter with an operator.
        project,
        /// Id.
        id,
        /// Name, unique in the project.
        name,
        /// Id or name of the owner.
        user,
        /// When it was created.
        created,
        /// When it was last changed.
        updated,
    }
}

/// The Python class that reads a repository.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Source {
    /// Module of the class.
    pub module: String,
    /// Name of the class in its module.
    #[serde(default)]
    pub attribute: Option<String>,
    /// Where the module comes from, one of [`SOURCE_TYPES`].
    #[serde(rename = "type")]
    pub kind: String,
    /// Additional members of the source; the server keeps them.
    #[serde(flatten)]
    pub more: JsonMap,
}

/// Fields of a new code repository.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CodeRepositoryCreate {
    /// At most 255 characters, unique in the project.
    pub name: String,
    /// Its project. An unknown one causes a 500.
    pub project: ProjectId,
    /// Anything that the class supports, including tokens.
    pub config: Sensitive<JsonMap>,
    /// Class that reads it.
    pub source: Source,
    /// Picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_url: Option<String>,
    /// At most 65535 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// An update of a code repository. The server ignores what is null or empty, so nothing can be cleared, and it
/// ignores a new source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CodeRepositoryUpdate {
    /// New name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Replaces the whole configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<Sensitive<JsonMap>>,
    /// New picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_url: Option<String>,
    /// New description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// Fields in lists of a code repository.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CodeRepositoryBody {
    /// When it was created.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
    /// Local id of the owner.
    #[serde(default)]
    pub user_id: Option<UserId>,
    /// Its project.
    pub project_id: ProjectId,
    /// Class that reads it.
    pub source: Source,
    /// Picture.
    #[serde(default)]
    pub logo_url: Option<String>,
}

/// Additional fields in single reads of a code repository.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CodeRepositoryMetadata {
    /// The configuration as it was stored, in plain text.
    pub config: Sensitive<JsonMap>,
    /// Description.
    #[serde(default)]
    pub description: Option<String>,
}
