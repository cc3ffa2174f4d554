//! The data source `zenml_code_repository`.

use std::collections::BTreeMap;

use tfkit::{Computed, Diag, Model, OrServer, Partial, Secret};
use zenml_api::workspace::code_repository::{self as api, CodeRepositoryQuery};
use zenml_api::{CodeRepositoryId, ProjectId, UserId, WorkspaceId};
use zenml_client::ApiError;

use super::source::{Origin, Source};
use super::{CodeRepository, no_project, texts};
use crate::id::Id;
use crate::in_workspace::{Found, InWorkspace as _, Lookup, lookup};

/// An existing code repository, by id or by project and name.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(
    name = "code_repository",
    kind = data_source,
    rule = tfkit::check::Rule::AtLeastOneOf(&["id", "name"])
)]
pub struct CodeRepositoryData {
    /// Workspace that the repository is in. Default: the provider's workspace. Null on an open-source server.
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// Identifier of the code repository. It decides where the name is given too.
    pub id: OrServer<Id<CodeRepositoryId>>,
    /// Project that the repository belongs to.
    pub project_id: OrServer<Id<ProjectId>>,
    /// Name of the code repository. Without `id` it needs `project_id`.
    pub name: OrServer<String>,
    /// Kind of the repository, `github` or `gitlab`. Null for one that another class reads.
    #[attr(name = "type")]
    pub kind: Computed<Option<String>>,
    /// Python class that reads the repository.
    pub source: Computed<Source>,
    /// What the class has to know. Values that are no texts are shown as JSON.
    pub config: Computed<Secret<BTreeMap<String, String>>>,
    /// What the repository is for.
    pub description: Computed<Option<String>>,
    /// Address of a picture.
    pub logo_url: Computed<Option<String>>,
    /// Owner of the repository, as the workspace knows the account. Null when it belongs to the server.
    pub user_id: Computed<Option<Id<UserId>>>,
    /// When the code repository was made.
    pub created: Computed<String>,
    /// When the code repository was last changed.
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
        Err(Diag::error("Attribute \"name\" needs \"project_id\"")
            .why("Names of code repositories are unique in their project only.")
            .fix("Set project_id, or look the repository up by its id.")
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
