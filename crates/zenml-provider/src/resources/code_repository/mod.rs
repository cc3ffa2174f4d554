//! `zenml_code_repository`: a repository with the code of a project's pipelines.

mod data;
mod source;

use std::collections::BTreeMap;

use tfkit::check::uuid;
use tfkit::{Computed, Current, Cx, Diag, Maybe, Model, OrServer, Partial, Plan, Secret, Since, Twin};
use zenml_api::workspace::code_repository::{
    self as api, CodeRepositoryCreate, CodeRepositoryQuery, CodeRepositoryUpdate,
};
use zenml_api::workspace::project::{self, ProjectQuery};
use zenml_api::workspace::{Crud as _, JsonMap};
use zenml_api::{CodeRepositoryId, IdOrName, ProjectId, Sensitive, UserId, WorkspaceId};
use zenml_client::{Api, ApiError};

pub use self::data::CodeRepositoryData;
use self::source::Origin;
pub use self::source::Source;
use crate::client::Client;
use crate::failure::{Needs, cannot};
use crate::id::Id;
use crate::in_workspace::scope::{self, Server};
use crate::in_workspace::text::{self, non_empty};
use crate::in_workspace::{
    Filter, Found, InWorkspace, Noun, Objects, Place, change, filter, import, read, write,
};

/// The configuration of the class of a repository.
type Config = Secret<BTreeMap<String, String>>;

/// A repository that holds the code of a project's pipelines, so that runs can record the commit of their code.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "code_repository", key = Place<CodeRepositoryId>, rule = tfkit::check::Rule::ExactlyOneOf(&["type", "source"]))]
#[model(since = "3.1.0", needs = Needs::WORKSPACE_ADMIN.text())]
#[model(import = "PROJECT/NAME")]
pub struct CodeRepository {
    /// ID of the workspace that contains the repository. Default: the provider's workspace. Null on an open-source
    /// server.
    #[attr(key = optional, replace)]
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// ID of the code repository.
    #[attr(key, stable)]
    pub id: Computed<Id<CodeRepositoryId>>,
    /// ID of the project that the repository belongs to. Deleting the project deletes the repository.
    #[attr(replace)]
    pub project_id: Id<ProjectId>,
    /// Name of the code repository, unique in its project.
    #[attr(check = length(1..=255))]
    pub name: String,
    /// Type of the repository. For a repository that another class reads, set `source` instead.
    #[attr(name = "type", check = in_plan(one_of(&source::TYPES)))]
    pub kind: Option<String>,
    /// Python class that reads the repository, for repositories that no `type` describes.
    pub source: Option<Source>,
    /// Configuration of the class, as the complete map: `owner` and `repository` for `github`, `group` and `project`
    /// for `gitlab`, and `host` and `token` for both. The server neither validates nor masks it: everyone who can read
    /// the repository sees a token in it, so refer to a secret with `{{NAME.KEY}}` instead. `{}` removes the
    /// configuration; omit both `config` and `config_wo` to manage it elsewhere.
    #[attr(twin)]
    pub config: Twin<Config>,
    /// Description of the repository.
    #[attr(same = empty_is_null, check = length(..=65535))]
    pub description: Option<String>,
    /// URL of the logo.
    #[attr(same = empty_is_null)]
    pub logo_url: Option<String>,
    /// ID of the user in the workspace who owns the repository. Null if the server owns it.
    #[attr(stable)]
    pub user_id: Computed<Option<Id<UserId>>>,
    /// When the code repository was created.
    #[attr(stable)]
    pub created: Computed<String>,
    /// When the code repository was last updated.
    pub updated: Computed<String>,
}

impl InWorkspace for CodeRepository {
    type Wire = api::CodeRepository;
    type Beside = ();
    const NOUN: Noun = Noun { words: "code repository", resource: "zenml_code_repository" };
    const FILTERS: &'static [Filter<CodeRepositoryQuery, api::CodeRepository>] = &[Filter {
        name: "project_id",
        description: "List only code repositories of the project with this ID. Default: all projects.",
        check: Some(uuid),
        narrow: |query, id| CodeRepositoryQuery { project: vec![id.to_owned()], ..query },
        keeps: |repository, id| {
            let project = repository.body.as_ref().map(|body| body.project_id.to_string());
            filter::is(project.as_deref(), &id.to_lowercase())
        },
    }];

    fn wanted(&self) -> Result<CodeRepositoryCreate, Diag> {
        let source = Origin::stated(self).ok_or_else(|| Diag::bug("A code repository has no source"))?;
        Ok(CodeRepositoryCreate {
            name: self.name.clone(),
            project: self.project_id.0,
            config: self.config.value().map(sent).unwrap_or_default(),
            source: source.sent(),
            logo_url: non_empty(self.logo_url.as_ref()),
            description: non_empty(self.description.as_ref()),
        })
    }

    /// Empty values are not sent, because a server ignores them.
    fn change(prior: &Self, plan: &Self) -> Result<Option<CodeRepositoryUpdate>, Diag> {
        let changed = |prior: &Option<String>, plan: &Option<String>| {
            non_empty(plan.as_ref()).filter(|wanted| Some(wanted) != prior.as_ref())
        };
        Ok(change::any(CodeRepositoryUpdate {
            name: (plan.name != prior.name).then(|| plan.name.clone()),
            config: plan.config.changed(&prior.config).filter(|config| !is_none(config)).map(sent),
            logo_url: changed(&prior.logo_url, &plan.logo_url),
            description: changed(&prior.description, &plan.description),
        }))
    }

    fn observe(found: &Found<'_, Self>, since: Since<'_, Self>) -> Result<Self, Diag> {
        let body = found.body(&found.object.body)?;
        let metadata = found.body(&found.object.metadata)?;
        let origin = Origin::of(&body.source);
        let is_spelled_out = since.model().is_some_and(|known| known.source.is_some());
        let (kind, source) = match origin.word().filter(|_| !is_spelled_out) {
            Some(word) => (Some(word.to_owned()), None),
            None => (None, Some(origin.spelled_out())),
        };
        let stored = || Secret::new(texts(metadata.config.expose()));
        let config = match since {
            // The server has what was just written. A write-only value does not get into the state.
            Since::Answer(plan) => plan.config.clone(),
            Since::State(state) => state.config.refreshed(|_| stored()),
            Since::Import(_) if metadata.config.expose().is_empty() => Twin::default(),
            Since::Import(_) => stored().into(),
        };
        Ok(Self {
            workspace_id: found.workspace_id(),
            id: found.id(),
            project_id: Id(body.project_id),
            name: found.name(),
            kind,
            source,
            config,
            description: non_empty(metadata.description.as_ref()),
            logo_url: non_empty(body.logo_url.as_ref()),
            user_id: Computed::known(body.user_id.map(Id)),
            created: Computed::known(body.created.to_string()),
            updated: Computed::known(body.updated.to_string()),
        })
    }

    /// A server lists code repositories by project, and the key does not contain the project.
    fn is_listed(_: &Cx<Client>) -> bool {
        false
    }

    /// A server lists the code repositories of one project.
    async fn split(server: &Server, query: CodeRepositoryQuery) -> Result<Vec<CodeRepositoryQuery>, Diag> {
        if !query.project.is_empty() {
            return Ok(vec![query]);
        }
        let projects = server.api.list_all(&project::LIST, (), ProjectQuery::default()).await;
        let failed = |error| cannot("list the projects", Needs::WORKSPACE_VIEWER, &error);
        let projects = projects.map_err(failed)?;
        let of = |project: project::Project| CodeRepositoryQuery {
            project: vec![project.id.to_string()],
            ..query.clone()
        };
        Ok(projects.into_iter().map(of).collect())
    }

    fn name_group(&self) -> String {
        format!("code repository of {}", self.project_id)
    }

    fn namesakes(&self, names: Vec<String>) -> CodeRepositoryQuery {
        CodeRepositoryQuery {
            project: vec![self.project_id.to_string()],
            ..api::CodeRepository::named(names)
        }
    }

    fn claims(values: &Partial<Self>) -> Vec<Maybe<String>> {
        vec![values.get(Self::PROJECT_ID).map(|project| project.to_string())]
    }

    fn exists(&self, server: &Server, other: Option<&api::CodeRepository>) -> Diag {
        let id = other.map(|other| other.id);
        Self::NOUN.exists(&self.name, server.workspace_id, id, Self::NAME).why(format!(
            "Names of code repositories must be unique in their project, here the project {}.",
            self.project_id
        ))
    }

    fn unlisted(&self, error: &ApiError) -> Diag {
        match no_project(&self.project_id.to_string(), error) {
            Some(diag) => diag.at(Self::PROJECT_ID),
            None => read::unlisted::<Self>(&self.name, error),
        }
    }

    async fn update(cx: &Cx<Client>, current: Current<Objects<Self>>, plan: Self) -> Result<Self, Diag> {
        let prior = current.model;
        if plan.config.changed(&prior.config).is_some_and(is_none) {
            let server = scope::open(cx, write::home_of(&plan).or(write::home_of(&prior))).await?;
            let stored = read::look::<Self>(&server.api, write::id_of(&prior)?).await?;
            if stored.is_some_and(|stored| has_config(&stored)) {
                return Err(plan.cannot_be_emptied());
            }
        }
        write::update(cx, prior, plan).await
    }

    async fn plan(_: &Cx<Client>, plan: &mut Plan<Self>) -> Result<(), Diag> {
        if plan.is_update()
            && let Some(prior) = plan.prior().cloned()
        {
            replace_what_cannot_be_changed(&prior, plan);
        }
        Ok(())
    }

    async fn import(cx: &Cx<Client>, text: &str) -> Result<Place<CodeRepositoryId>, Diag> {
        import(cx, text).await
    }
}

impl CodeRepository {
    /// Returns the error for a configuration that cannot be emptied. No plan could replace the repository instead,
    /// because the state does not show that the server has a configuration.
    fn cannot_be_emptied(&self) -> Diag {
        let place = if self.config.is_written() { Self::CONFIG_WO.path() } else { Self::CONFIG.path() };
        Diag::error(format!("The configuration of code repository {:?} cannot be emptied", self.name))
            .why(
                "A ZenML server ignores an update that empties the configuration. The server stores one that \
             is not in the state.",
            )
            .fix(
                "Set another configuration, or re-create the repository:\n  terraform apply -replace=ADDRESS",
            )
            .at(place)
    }
}

/// Replaces the repository for changes that a server ignores: of the source, and to empty values.
fn replace_what_cannot_be_changed(prior: &CodeRepository, plan: &mut Plan<CodeRepository>) {
    let planned = Origin::planned(plan);
    if planned.is_none_or(|planned| Some(planned) != Origin::stated(prior)) {
        plan.requires_replace(CodeRepository::TYPE);
        plan.requires_replace(CodeRepository::SOURCE);
    }
    let mut removed = Vec::new();
    if is_set(prior.description.as_ref()) && is_empty(plan.planned().get(CodeRepository::DESCRIPTION)) {
        plan.requires_replace(CodeRepository::DESCRIPTION);
        removed.push("description");
    }
    if is_set(prior.logo_url.as_ref()) && is_empty(plan.planned().get(CodeRepository::LOGO_URL)) {
        plan.requires_replace(CodeRepository::LOGO_URL);
        removed.push("logo_url");
    }
    let is_emptied = |config: Maybe<Config>| config.known().is_some_and(|config| config.expose().is_empty());
    if prior.config.value().is_some_and(|config| !config.expose().is_empty())
        && (is_emptied(plan.planned().get(CodeRepository::CONFIG))
            || is_emptied(plan.config().get(CodeRepository::CONFIG_WO)))
    {
        plan.requires_replace(CodeRepository::CONFIG);
        removed.push("config");
    }
    if !removed.is_empty() {
        plan.warn(
            Diag::warning(format!(
                "Code repository {:?} will be replaced: an attribute cannot be removed in place",
                prior.name
            ))
            .why(format!(
                "A ZenML server ignores an update that empties {}. Existing runs lose their link to the \
                     repository.",
                removed.join(" and ")
            ))
            .fix("To keep the repository, set the attribute to another value instead of removing it."),
        );
    }
}

fn has_config(stored: &api::CodeRepository) -> bool {
    stored.metadata.as_ref().is_some_and(|metadata| !metadata.config.expose().is_empty())
}

fn is_none(config: &Config) -> bool {
    config.expose().is_empty()
}

fn is_set(text: Option<&String>) -> bool {
    text.is_some_and(|text| !text.is_empty())
}

fn is_empty(planned: Maybe<String>) -> bool {
    planned.is_null() || planned.known().is_some_and(|text| text.is_empty())
}

/// Returns a configuration for a request.
fn sent(config: &Config) -> Sensitive<JsonMap> {
    Sensitive::new(text::labels(config.expose()))
}

/// Returns stored values as strings, without null values.
fn texts(stored: &JsonMap) -> BTreeMap<String, String> {
    let mut stored = stored.clone();
    stored.retain(|_, value| !value.is_null());
    text::label_texts(&stored)
}

/// Finds the object of an import id. Two parts are either a workspace and an id, or a project and a name.
async fn import(cx: &Cx<Client>, text: &str) -> Result<Place<CodeRepositoryId>, Diag> {
    let parts: Vec<&str> = text.split('/').collect();
    let (workspace, project, wanted) = match parts.as_slice() {
        [id] => (None, None, *id),
        [workspace, id] if id.parse::<CodeRepositoryId>().is_ok() => (Some(*workspace), None, *id),
        [project, name] => (None, Some(*project), *name),
        [workspace, project, name] => (Some(*workspace), Some(*project), *name),
        _ => return Err(unreadable_import(text)),
    };
    let place = match workspace {
        Some(workspace) => format!("{workspace}/{wanted}"),
        None => wanted.to_owned(),
    };
    let place = import::named(cx.client().await?, &place).await?;
    let id = match (place.object, project) {
        (IdOrName::Id(id), None) => id,
        (_, Some(project)) if !project.is_empty() => {
            let server = scope::open(cx, place.workspace).await?;
            let found = in_project(&server.api, project, wanted).await?;
            found.ok_or_else(|| CodeRepository::NOUN.missing(wanted, server.workspace_id))?.id
        }
        _ => return Err(unreadable_import(text)),
    };
    Ok(Place { workspace_id: place.workspace.map(Id), id: Id(id) })
}

/// Returns the code repository with a name in a project, which is an id or a name.
async fn in_project(api: &Api, project: &str, name: &str) -> Result<Option<api::CodeRepository>, Diag> {
    let query = CodeRepositoryQuery {
        project: vec![project.to_owned()],
        ..api::CodeRepository::named(text::exactly(name))
    };
    let found = read::all::<CodeRepository>(api, query).await.map_err(|error| {
        no_project(project, &error).unwrap_or_else(|| read::unlisted::<CodeRepository>(name, &error))
    })?;
    Ok(found.into_iter().find(|repository| repository.name == name))
}

/// Returns the error if the server does not find the project.
fn no_project(project: &str, error: &ApiError) -> Option<Diag> {
    let ApiError::NotFound(refused) = error else { return None };
    Some(
        Diag::error(format!("There is no project {project:?}"))
            .why("The server does not have it, or this credential has no access to it.")
            .fix("Correct the project of the code repository.")
            .trace(refused.call.to_string()),
    )
}

fn unreadable_import(text: &str) -> Diag {
    Diag::error(format!("Invalid import id {text:?}"))
        .why("Import ids of this type have the format ID, PROJECT/NAME, WORKSPACE/ID or WORKSPACE/PROJECT/NAME.")
        .fix("Workspace and project can be ids or names. A repository name alone is ambiguous: names are \
         unique only within a project.")
}
