//! The data source `zenml_code_repository`.

use std::collections::BTreeMap;
use std::future::ready;

use tfkit::{Computed, Cx, DataSource, Diag, Model, OrServer, Secret};
use zenml_api::workspace::code_repository::{self as api, CodeRepository};
use zenml_api::{CodeRepositoryId, ProjectId, UserId, WorkspaceId};
use zenml_client::{ApiError, Optional as _};

use super::source::{Origin, Source};
use super::{NOUN, by_name_in, no_project, texts};
use crate::client::Client;
use crate::id::Id;
use crate::in_workspace::lookup::{self, Wanted};
use crate::in_workspace::scope;

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

impl DataSource for CodeRepositoryData {
    type Model = Self;
    type Client = Client;

    async fn read(cx: &Cx<Client>, config: Self) -> Result<Self, Diag> {
        let wanted = Wanted::of(NOUN, config.id.as_ref().map(|id| id.0), config.name.as_ref())?;
        if matches!(wanted, Wanted::Name(_)) && config.project_id.as_ref().is_none() {
            return Err(Diag::error("Attribute \"name\" needs \"project_id\"")
                .why("Names of code repositories are unique in their project only.")
                .fix("Set project_id, or look the repository up by its id.")
                .at(Self::NAME));
        }
        let server = scope::open(cx, config.workspace_id.as_ref().map(|id| id.0)).await?;
        let project = config.project_id.as_ref().map(ToString::to_string);
        let repository: CodeRepository = match wanted {
            Wanted::Id(id, name) => {
                let read = async { server.api.call(&api::GET, id).await.optional() };
                lookup::by_id(NOUN, &server, id, name, read).await?
            }
            Wanted::Name(name) => {
                let project = project.as_deref().unwrap_or_default();
                let listed = server.api.list_all(&api::LIST, (), by_name_in(project, name)).await;
                if let Err(ApiError::NotFound(refused)) = &listed {
                    return Err(no_project(project, refused).at(Self::PROJECT_ID));
                }
                let told = |found: &CodeRepository| format!("the code repository {:?}", found.name);
                let narrow = "Say which one is meant by its id.";
                lookup::by_name(NOUN, &server, name, ready(listed), told, narrow).await?
            }
        };
        let body = repository.body.ok_or_else(|| NOUN.unreadable(&repository.name))?;
        lookup::fits(NOUN, repository.id, "project_id", project.as_deref(), &body.project_id.to_string())?;
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
            description: Computed::known(lookup::filled(metadata.description)),
            logo_url: Computed::known(lookup::filled(body.logo_url)),
            user_id: Computed::known(body.user_id.map(Id)),
            created: Computed::known(body.created.to_string()),
            updated: Computed::known(body.updated.to_string()),
        })
    }
}
