//! `zenml_code_repository`: where the code of a project's pipelines is kept.

mod data;
mod source;

use std::collections::BTreeMap;

use tfkit::model::Maybe;
use tfkit::{
    Claim, Computed, Current, Cx, Diag, ImportId, Imported, Model, OrServer, Partial, Plan, Resource, Secret,
    Since, Twin,
};
use zenml_api::workspace::JsonMap;
use zenml_api::workspace::code_repository::{
    self as api, CodeRepositoryCreate, CodeRepositoryQuery, CodeRepositoryUpdate,
};
use zenml_api::{CodeRepositoryId, IdOrName, ProjectId, Sensitive, UserId, WorkspaceId};
use zenml_client::{Api, ApiError, Optional as _, Refused};

pub use self::data::CodeRepositoryData;
use self::source::Origin;
pub use self::source::Source;
use crate::client::Client;
use crate::creation;
use crate::failure::{Needs, cannot};
use crate::id::Id;
use crate::in_workspace::import;
use crate::in_workspace::noun::Noun;
use crate::in_workspace::scope::{self, Seen, Server};
use crate::in_workspace::text::{self, said};

const NOUN: Noun = Noun { words: "code repository", resource: "zenml_code_repository" };

/// What the class of a repository has to know.
type Config = Secret<BTreeMap<String, String>>;

/// A repository with the code of a project's pipelines, so that a run can say which commit it was made of.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "code_repository", rule = tfkit::check::Rule::ExactlyOneOf(&["type", "source"]))]
pub struct CodeRepository {
    /// Workspace that the repository is in. Default: the provider's workspace. Null on an open-source server.
    #[attr(key = optional, replace)]
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// Identifier of the code repository.
    #[attr(key, stable)]
    pub id: Computed<Id<CodeRepositoryId>>,
    /// Project that the repository belongs to. It is deleted with the project.
    #[attr(replace)]
    pub project_id: Id<ProjectId>,
    /// Name of the code repository, unique in its project.
    #[attr(check = length(1..=255))]
    pub name: String,
    /// Kind of the repository: `github` or `gitlab`. A repository that another class reads has `source` instead.
    #[attr(name = "type", check = in_plan(one_of(&source::TYPES)))]
    pub kind: Option<String>,
    /// Python class that reads the repository, where `type` has no word for it.
    pub source: Option<Source>,
    /// What the class has to know, all of it: for `github` `owner` and `repository`, for `gitlab` `group` and `project`, and
    /// for both `host` and `token`. The server does not check it, and shows a token to everyone who may read the
    /// repository: refer to a secret with `{{NAME.KEY}}` instead. `{}` means nothing; leave it and `config_wo` out to
    /// manage the configuration elsewhere.
    #[attr(twin)]
    pub config: Twin<Config>,
    /// What the repository is for.
    #[attr(same = empty_is_null, check = length(..=65535))]
    pub description: Option<String>,
    /// Address of a picture.
    #[attr(same = empty_is_null)]
    pub logo_url: Option<String>,
    /// Owner of the repository, as the workspace knows the account. Null when it belongs to the server.
    #[attr(stable)]
    pub user_id: Computed<Option<Id<UserId>>>,
    /// When the code repository was made.
    #[attr(stable)]
    pub created: Computed<String>,
    /// When the code repository was last changed.
    pub updated: Computed<String>,
}

impl Resource for CodeRepository {
    type Model = Self;
    type Client = Client;
    type Remote = Seen<api::CodeRepository>;

    async fn fetch(
        cx: &Cx<Client>,
        key: &CodeRepositoryKey,
    ) -> Result<Option<Seen<api::CodeRepository>>, Diag> {
        scope::read(cx, key.workspace_id, async |server| look(&server.api, key.id.0).await).await
    }

    fn observe(remote: &Seen<api::CodeRepository>, since: Since<'_, Self>) -> Result<Self, Diag> {
        let Some((workspace, repository)) = remote.found() else { return scope::unseen(&since) };
        let (Some(body), Some(metadata)) = (&repository.body, &repository.metadata) else {
            return Err(NOUN.unreadable(&repository.name));
        };
        let origin = Origin::of(&body.source);
        let is_spelled_out = since.model().is_some_and(|known| known.source.is_some());
        let (kind, source) = match origin.word().filter(|_| !is_spelled_out) {
            Some(word) => (Some(word.to_owned()), None),
            None => (None, Some(origin.spelled_out())),
        };
        let stored = || Secret::new(texts(metadata.config.expose()));
        let config = match since {
            // What was just written is what is there; a written value does not get into the state.
            Since::Answer(plan) => plan.config.clone(),
            Since::State(state) => state.config.refreshed(|_| stored()),
            Since::Import(_) if metadata.config.expose().is_empty() => Twin::default(),
            Since::Import(_) => stored().into(),
        };
        Ok(Self {
            workspace_id: OrServer::from_option(workspace.map(Id)),
            id: Computed::known(Id(repository.id)),
            project_id: Id(body.project_id),
            name: repository.name.clone(),
            kind,
            source,
            config,
            description: said(metadata.description.as_ref()),
            logo_url: said(body.logo_url.as_ref()),
            user_id: Computed::known(body.user_id.map(Id)),
            created: Computed::known(body.created.to_string()),
            updated: Computed::known(body.updated.to_string()),
        })
    }

    async fn create(cx: &Cx<Client>, plan: Self) -> Result<Self, Diag> {
        let server = scope::open(cx, plan.home()).await?;
        let repository = make(&server, &plan).await?;
        cx.save(&Self { id: Computed::known(Id(repository.id)), ..plan.clone() });
        Self::observe(&Seen::on(&server, repository), Since::Answer(&plan))
    }

    async fn update(cx: &Cx<Client>, current: Current<Self>, plan: Self) -> Result<Self, Diag> {
        let prior = current.model;
        let id = prior.id.get()?.0;
        let server = scope::open(cx, plan.home().or(prior.home())).await?;
        if plan.config.changed(&prior.config).is_some_and(|config| config.expose().is_empty())
            && look(&server.api, id).await?.is_some_and(|stored| has_config(&stored))
        {
            return Err(plan.cannot_be_emptied());
        }
        let change = change(&prior, &plan);
        let changed = if change == CodeRepositoryUpdate::default() {
            look(&server.api, id).await?
        } else {
            match server.api.send(&api::UPDATE, id, (), change).await {
                Err(ApiError::Conflict(_)) => {
                    let other = with_name(&server.api, plan.project_id.0, &plan.name).await?;
                    return Err(plan.exists(&server, other.map(|other| other.id)));
                }
                outcome => outcome.optional().map_err(|error| failed("change", &plan.name, &error))?,
            }
        };
        let changed =
            changed.ok_or_else(|| NOUN.lost(&plan.name, prior.home(), plan.home(), Self::WORKSPACE_ID))?;
        Self::observe(&Seen::on(&server, changed), Since::Answer(&plan))
    }

    async fn delete(cx: &Cx<Client>, prior: Self) -> Result<(), Diag> {
        let Some(server) = scope::open_to_delete(cx, prior.home()).await? else { return Ok(()) };
        let gone = server.api.call(&api::DELETE, prior.id.get()?.0).await.optional();
        gone.map(|_| ()).map_err(|error| failed("delete", &prior.name, &error))
    }

    fn claim(values: &Partial<Self>) -> Option<Claim> {
        let project = values.get(Self::PROJECT_ID).known()?;
        let more = [Maybe::Known(project.to_string())];
        NOUN.claim(values.get(Self::WORKSPACE_ID), values.get(Self::NAME), &more)
    }

    async fn plan(cx: &Cx<Client>, plan: &mut Plan<Self>) -> Result<(), Diag> {
        scope::plan_home(cx, plan, Self::WORKSPACE_ID).await?;
        let Some(prior) = plan.prior().cloned() else { return Ok(()) };
        if plan.is_delete() {
            return Ok(());
        }
        if prior.user_id.as_ref().is_some() {
            plan.keep(Self::USER_ID);
        }
        replace_what_cannot_be_changed(&prior, plan);
        let sends = plan.changes(Self::NAME)
            || plan.changes(Self::TYPE)
            || plan.changes(Self::SOURCE)
            || plan.changes(Self::CONFIG)
            || plan.changes(Self::CONFIG_WO_VERSION)
            || plan.changes(Self::DESCRIPTION)
            || plan.changes(Self::LOGO_URL)
            || plan.changes(Self::PROJECT_ID)
            || plan.changes(Self::WORKSPACE_ID);
        if !sends {
            plan.keep(Self::UPDATED);
        }
        Ok(())
    }

    async fn import(cx: &Cx<Client>, id: ImportId<'_, CodeRepositoryKey>) -> Result<Imported<Self>, Diag> {
        let text = match id {
            ImportId::Key(key) => return Ok(Imported::Key(key)),
            ImportId::Text(text) => text,
        };
        let client = cx.client().await?;
        let parts: Vec<&str> = text.split('/').collect();
        // Two parts are a workspace and an id, or else a project and a name.
        let (workspace, project, wanted) = match parts.as_slice() {
            [id] => (None, None, *id),
            [workspace, id] if id.parse::<CodeRepositoryId>().is_ok() => (Some(*workspace), None, *id),
            [project, name] => (None, Some(*project), *name),
            [workspace, project, name] => (Some(*workspace), Some(*project), *name),
            _ => return Err(unreadable_import(text)),
        };
        let place = match workspace {
            Some(workspace) => {
                import::named::<CodeRepositoryId>(client, &format!("{workspace}/{wanted}")).await?
            }
            None => import::named(client, wanted).await?,
        };
        let id = match (place.object, project) {
            (IdOrName::Id(id), None) => id,
            (_, Some(project)) if !project.is_empty() => {
                let server = scope::open(cx, place.workspace).await?;
                let found = in_project(&server.api, project, wanted).await?;
                found.ok_or_else(|| NOUN.missing(wanted, server.workspace_id))?.id
            }
            _ => return Err(unreadable_import(text)),
        };
        Ok(Imported::Key(CodeRepositoryKey { workspace_id: place.workspace.map(Id), id: Id(id) }))
    }
}

impl CodeRepository {
    /// The workspace that the repository says it is in.
    fn home(&self) -> Option<WorkspaceId> {
        self.workspace_id.as_ref().map(|id| id.0)
    }

    /// The state does not tell that the server has a configuration, so that no plan could replace the repository.
    fn cannot_be_emptied(&self) -> Diag {
        let place = if self.config.is_written() { Self::CONFIG_WO.path() } else { Self::CONFIG.path() };
        Diag::error(format!("The configuration of code repository {:?} cannot be emptied", self.name))
            .why("A ZenML server ignores an update that empties it. It has one, which is not in the state.")
            .fix("Give another configuration, or have the repository made anew:\n  terraform apply -replace=ADDRESS")
            .at(place)
    }

    fn exists(&self, server: &Server, id: Option<CodeRepositoryId>) -> Diag {
        NOUN.exists(&self.name, server.workspace_id, id, Self::NAME).why(format!(
            "Names of code repositories are unique in a project; this is the project {}.",
            self.project_id
        ))
    }
}

/// A server ignores a change of the source, and it ignores what is empty: there is no way to take a text away.
fn replace_what_cannot_be_changed(prior: &CodeRepository, plan: &mut Plan<CodeRepository>) {
    let planned = Origin::planned(plan);
    if planned.is_none_or(|planned| Some(planned) != Origin::stated(prior)) {
        plan.requires_replace(CodeRepository::TYPE);
        plan.requires_replace(CodeRepository::SOURCE);
    }
    let mut taken_away = Vec::new();
    if is_set(prior.description.as_ref()) && is_empty(plan.planned().get(CodeRepository::DESCRIPTION)) {
        plan.requires_replace(CodeRepository::DESCRIPTION);
        taken_away.push("description");
    }
    if is_set(prior.logo_url.as_ref()) && is_empty(plan.planned().get(CodeRepository::LOGO_URL)) {
        plan.requires_replace(CodeRepository::LOGO_URL);
        taken_away.push("logo_url");
    }
    let is_emptied = |config: Maybe<Config>| config.known().is_some_and(|config| config.expose().is_empty());
    if prior.config.value().is_some_and(|config| !config.expose().is_empty())
        && (is_emptied(plan.planned().get(CodeRepository::CONFIG))
            || is_emptied(plan.config().get(CodeRepository::CONFIG_WO)))
    {
        plan.requires_replace(CodeRepository::CONFIG);
        taken_away.push("config");
    }
    if !taken_away.is_empty() {
        plan.warn(
            Diag::warning(format!("Code repository {:?} is replaced, because a text cannot be taken away", prior.name))
                .why(format!(
                    "A ZenML server ignores an update that empties {}. Earlier runs lose their link to the repository.",
                    taken_away.join(" and ")
                ))
                .fix("To keep the repository, give the attribute another value instead of leaving it out."),
        );
    }
}

fn has_config(stored: &api::CodeRepository) -> bool {
    stored.metadata.as_ref().is_some_and(|metadata| !metadata.config.expose().is_empty())
}

fn is_set(text: Option<&String>) -> bool {
    text.is_some_and(|text| !text.is_empty())
}

fn is_empty(planned: Maybe<String>) -> bool {
    planned.is_null() || planned.known().is_some_and(|text| text.is_empty())
}

/// A configuration as a request has it.
fn sent(config: &Config) -> Sensitive<JsonMap> {
    Sensitive::new(text::labels(config.expose()))
}

/// Creates the code repository. After a lost answer it is taken over only because it was not there before.
async fn make(server: &Server, plan: &CodeRepository) -> Result<api::CodeRepository, Diag> {
    let exists =
        |existing: Option<&api::CodeRepository>| plan.exists(server, existing.map(|existing| existing.id));
    let look = || with_name(&server.api, plan.project_id.0, &plan.name);
    if let Some(existing) = look().await? {
        return Err(exists(Some(&existing)));
    }
    let source = Origin::stated(plan).ok_or_else(|| Diag::bug("A code repository has no source"))?;
    let request = CodeRepositoryCreate {
        name: plan.name.clone(),
        project: plan.project_id.0,
        config: plan.config.value().map(sent).unwrap_or_default(),
        source: source.sent(),
        logo_url: said(plan.logo_url.as_ref()),
        description: said(plan.description.as_ref()),
    };
    let answer = server.api.send(&api::CREATE, (), (), request).await;
    creation::outcome(answer, look(), exists, |error| failed("create", &plan.name, error)).await
}

/// What an update sends. What is empty is not sent, because it would be ignored.
fn change(prior: &CodeRepository, plan: &CodeRepository) -> CodeRepositoryUpdate {
    let changed = |prior: &Option<String>, plan: &Option<String>| {
        said(plan.as_ref()).filter(|wanted| Some(wanted) != prior.as_ref())
    };
    CodeRepositoryUpdate {
        name: (plan.name != prior.name).then(|| plan.name.clone()),
        config: plan.config.changed(&prior.config).filter(|config| !config.expose().is_empty()).map(sent),
        logo_url: changed(&prior.logo_url, &plan.logo_url),
        description: changed(&prior.description, &plan.description),
    }
}

/// Stored values as texts; what is null has none.
fn texts(stored: &JsonMap) -> BTreeMap<String, String> {
    let mut stored = stored.clone();
    stored.retain(|_, value| !value.is_null());
    text::label_texts(&stored)
}

async fn look(api: &Api, id: CodeRepositoryId) -> Result<Option<api::CodeRepository>, Diag> {
    let found = api.call(&api::GET, id).await.optional();
    found.map_err(|error| cannot(format_args!("read code repository {id}"), Needs::WORKSPACE_VIEWER, &error))
}

/// The code repository of a name in a project that the configuration names by its id.
async fn with_name(api: &Api, project: ProjectId, name: &str) -> Result<Option<api::CodeRepository>, Diag> {
    let found = in_project(api, &project.to_string(), name).await;
    found.map_err(|error| error.at(CodeRepository::PROJECT_ID))
}

/// The code repository of a name in a project, by id or name of the project, with all that is known of it.
async fn in_project(api: &Api, project: &str, name: &str) -> Result<Option<api::CodeRepository>, Diag> {
    match api.list_all(&api::LIST, (), by_name_in(project, name)).await {
        Ok(repositories) => Ok(repositories.into_iter().find(|repository| repository.name == name)),
        Err(ApiError::NotFound(refused)) => Err(no_project(project, &refused)),
        Err(error) => {
            Err(cannot(format_args!("look for code repository {name:?}"), Needs::WORKSPACE_VIEWER, &error))
        }
    }
}

/// The query for a name in a project.
fn by_name_in(project: &str, name: &str) -> CodeRepositoryQuery {
    CodeRepositoryQuery {
        project: vec![project.to_owned()],
        name: text::exactly(name),
        hydrate: Some(true),
        ..CodeRepositoryQuery::default()
    }
}

fn no_project(project: &str, refused: &Refused) -> Diag {
    Diag::error(format!("There is no project {project:?}"))
        .why("The server does not have it, or does not show it to this credential.")
        .fix("Correct the project of the code repository.")
        .trace(refused.call.to_string())
}

fn failed(verb: &str, name: &str, error: &ApiError) -> Diag {
    cannot(format_args!("{verb} code repository {name:?}"), Needs::WORKSPACE_ADMIN, error)
}

fn unreadable_import(text: &str) -> Diag {
    Diag::error(format!("The import id {text:?} cannot be read"))
        .why("An import id of this type has the form ID, PROJECT/NAME, WORKSPACE/ID or WORKSPACE/PROJECT/NAME.")
        .fix("Workspace and project may be given by id or name. A name alone does not tell which project is meant.")
}
