//! The data source `zenml_code_repository`.

use std::collections::BTreeMap;

use tfkit::{Computed, Cx, DataSource, Diag, Model, OrServer, Secret};
use zenml_api::{CodeRepositoryId, ProjectId, UserId, WorkspaceId};

use super::source::{Origin, Source};
use super::{NOUN, look, said, texts, with_name};
use crate::client::Client;
use crate::id::Id;
use crate::scope;

/// An existing code repository, by id or by project and name.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(
    name = "code_repository",
    kind = data_source,
    rule = tfkit::check::Rule::ExactlyOneOf(&["id", "name"]),
    rule = tfkit::check::Rule::Requires("name", &["project_id"])
)]
pub struct CodeRepositoryData {
    /// Workspace that the repository is in. Default: the provider's workspace. Null on an open-source server.
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// Identifier of the code repository.
    pub id: OrServer<Id<CodeRepositoryId>>,
    /// Project that the repository belongs to.
    pub project_id: OrServer<Id<ProjectId>>,
    /// Name of the code repository. Needs `project_id`.
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

impl DataSource for CodeRepositoryData {
    type Client = Client;

    async fn read(cx: &Cx<Client>, config: Self) -> Result<Self, Diag> {
        let server = scope::open(cx, config.workspace_id.as_ref().map(|id| id.0)).await?;
        let (found, wanted, place) =
            match (config.id.as_ref(), config.project_id.as_ref(), config.name.as_ref()) {
                (Some(id), ..) => (look(&server.api, id.0).await?, id.to_string(), Self::ID.path()),
                (None, Some(project), Some(name)) => {
                    (with_name(&server.api, project.0, name).await?, name.clone(), Self::NAME.path())
                }
                _ => return Err(Diag::bug("A code repository is looked up without id and name")),
            };
        let repository = found.ok_or_else(|| NOUN.missing(&wanted, server.workspace_id).at(place))?;
        let body = repository.body.ok_or_else(|| NOUN.unreadable(&repository.name))?;
        let metadata = repository.metadata.unwrap_or_default();
        let origin = Origin::of(&body.source);
        Ok(Self {
            workspace_id: OrServer::from_option(server.workspace_id.map(Id)),
            id: OrServer::known(Id(repository.id)),
            project_id: OrServer::known(Id(body.project_id)),
            name: OrServer::known(repository.name),
            kind: Computed::known(origin.word().map(str::to_owned)),
            source: Computed::known(origin.spelled_out()),
            config: Computed::known(Secret::new(texts(metadata.config.expose()))),
            description: Computed::known(said(metadata.description.as_ref())),
            logo_url: Computed::known(said(body.logo_url.as_ref())),
            user_id: Computed::known(body.user_id.map(Id)),
            created: Computed::known(body.created.to_string()),
            updated: Computed::known(body.updated.to_string()),
        })
    }
}
