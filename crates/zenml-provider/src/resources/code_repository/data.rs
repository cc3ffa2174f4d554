//! The data source `zenml_code_repository`.

use std::collections::BTreeMap;

use tfkit::{Computed, Diag, Model, OrServer, Partial, Secret};
use zenml_api::workspace::code_repository::{self as api, CodeRepositoryQuery};
use zenml_api::{CodeRepositoryId, ProjectId, UserId, WorkspaceId};
use zenml_client::ApiError;

use super::source::{Origin, Source};
use super::{CodeRepository, no_project, texts};
use crate::failure::Needs;
use crate::id::Id;
use crate::in_workspace::{Found, InWorkspace as _, Lookup, lookup};

/// Looks up an existing code repository by ID, or by project and name.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(
    name = "code_repository",
    kind = data_source,
    rule = tfkit::check::Rule::AtLeastOneOf(&["id", "name"])
)]
#[model(since = "3.1.0", needs = Needs::WORKSPACE_VIEWER.text())]
pub struct CodeRepositoryData {
    /// ID of the workspace that contains the repository. Default: the provider's workspace. Null on an open-source
    /// server.
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// ID of the code repository. If `name` or `project_id` is also set, all must identify the same repository.
    pub id: OrServer<Id<CodeRepositoryId>>,
    /// ID of the project that the repository belongs to.
    pub project_id: OrServer<Id<ProjectId>>,
    /// Name of the code repository. Requires `project_id`, unless `id` is set.
    pub name: OrServer<String>,
    /// Type of the repository: `github` or `gitlab`. Null if another class reads it.
    #[attr(name = "type")]
    pub kind: Computed<Option<String>>,
    /// Python class that reads the repository.
    pub source: Computed<Source>,
    /// Configuration of the class. Values that are not strings are encoded as JSON.
    pub config: Computed<Secret<BTreeMap<String, String>>>,
    /// Description of the repository.
    pub description: Computed<Option<String>>,
    /// URL of the logo.
    pub logo_url: Computed<Option<String>>,
    /// ID of the user in the workspace who owns the repository. Null if the server owns it.
    pub user_id: Computed<Option<Id<UserId>>>,
    /// When the code repository was created.
    pub created: Computed<String>,
    /// When the code repository was last updated.
    pub updated: Computed<String>,
}

impl Lookup for CodeRepositoryData {
    type Of = CodeRepository;

    fn observe(found: &Found<'_, CodeRepository>) -> Result<Self, Diag> {
        let body = found.body(&found.object.body)?;
        let metadata = found.object.metadata.clone().unwrap_or_default();
        let origin = Origin::of(&body.source);
        Ok(Self {
            workspace_id: found.workspace_id(),
            id: OrServer::known(Id(found.object.id)),
            project_id: OrServer::known(Id(body.project_id)),
            name: OrServer::known(found.name()),
            kind: Computed::known(origin.word().map(str::to_owned)),
            source: Computed::known(origin.spelled_out()),
            config: Computed::known(Secret::new(texts(metadata.config.expose()))),
            description: Computed::known(lookup::filled(metadata.description)),
            logo_url: Computed::known(lookup::filled(body.logo_url.clone())),
            user_id: Computed::known(body.user_id.map(Id)),
            created: Computed::known(body.created.to_string()),
            updated: Computed::known(body.updated.to_string()),
        })
    }

    fn requires(config: &Partial<Self>) -> Result<(), Diag> {
        if project(config).is_some() {
            return Ok(());
        }
        Err(Diag::error("Attribute \"name\" requires \"project_id\"")
            .why("Names of code repositories are unique only within their project.")
            .fix("Set project_id, or use the id of the repository.")
            .at(Self::NAME))
    }

    fn narrow(config: &Partial<Self>, query: CodeRepositoryQuery) -> CodeRepositoryQuery {
        CodeRepositoryQuery { project: project(config).into_iter().collect(), ..query }
    }

    fn fits(config: &Partial<Self>, found: &api::CodeRepository) -> Result<(), Diag> {
        let Some(body) = &found.body else { return Ok(()) };
        let (wanted, stored) = (project(config), body.project_id.to_string());
        lookup::fits(CodeRepository::NOUN, found.id, "project_id", wanted.as_deref(), &stored)
    }

    fn unlisted(config: &Partial<Self>, error: &ApiError) -> Option<Diag> {
        no_project(&project(config).unwrap_or_default(), error).map(|diag| diag.at(Self::PROJECT_ID))
    }
}

fn project(config: &Partial<CodeRepositoryData>) -> Option<String> {
    config.get(CodeRepositoryData::PROJECT_ID).known().map(|project| project.to_string())
}
