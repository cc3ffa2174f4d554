//! `zenml_project`: what pipelines, runs and models of one purpose belong to.

mod data;
mod plural;

use std::collections::{BTreeMap, BTreeSet};

use tfkit::{
    Claim, Computed, Current, Cx, Diag, IfSet, ImportId, Imported, Model, OrServer, Page, Partial, Plan,
    Resource, Since,
};
use zenml_api::workspace::project::{self as api, ProjectCreate, ProjectQuery, ProjectUpdate};
use zenml_api::{IdOrName, Patch, ProjectId, WorkspaceId};
use zenml_client::{Api, ApiError, Optional as _};

pub use self::data::ProjectData;
pub use self::plural::ProjectsData;
use crate::client::Client;
use crate::failure::{Needs, cannot};
use crate::id::Id;
use crate::in_workspace::batch;
use crate::in_workspace::creation;
use crate::in_workspace::lookup;
use crate::in_workspace::object::{self, Noun};
use crate::in_workspace::scope::{self, Seen, Server};

const NOUN: Noun = Noun { words: "project", resource: "zenml_project" };

/// A project inside a workspace. Pipelines, their runs, models and code repositories belong to one.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "project")]
pub struct Project {
    /// Workspace that the project is in. Default: the provider's workspace. Null on an open-source server.
    #[attr(key = optional, replace)]
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// Identifier of the project.
    #[attr(key, stable)]
    pub id: Computed<Id<ProjectId>>,
    /// Handle of the project, unique in its workspace: lower-case letters, digits, hyphens and underscores, at most 50.
    #[attr(check = length(1..=50), check = pattern(NAME_RULE, is_name))]
    pub name: String,
    /// Name to show. Default: the `name` at the time when the project was made.
    #[attr(check = length(1..=255))]
    pub display_name: OrServer<String>,
    /// What the project is for. Leaving it out is the same as an empty text.
    // The server may fill it as far as the host knows, because only then may a plan keep an empty text, which the Go
    // provider stored, where nothing is configured.
    #[attr(check = length(..=255), same = empty_is_null)]
    pub description: OrServer<String>,
    /// Metadata of the project. `{}` means none; leave it out to manage them elsewhere. Values that are no texts are
    /// shown as JSON.
    pub metadata: IfSet<BTreeMap<String, String>>,
    /// Tags. ZenML does not store tags of projects yet: they live in the Terraform state only.
    pub tags: Option<BTreeSet<String>>,
    /// Whether the provider refuses to delete the project. Deleting a project deletes everything in it. Default: `false`.
    /// What counts is the value in the state: turn it off in one apply, delete in the next.
    pub deletion_protection: Option<bool>,
    /// When the project was made.
    #[attr(stable)]
    pub created: Computed<String>,
    /// When the project was last changed.
    pub updated: Computed<String>,
}

/// Projects on one page of a list: less than 1 KiB each.
const LONGEST_PAGE: u64 = 400;

const NAME_RULE: &str = "consist of lower-case letters, digits, hyphens and underscores";

fn is_name(name: &str) -> bool {
    name.chars().all(|character| {
        character.is_ascii_lowercase() || character.is_ascii_digit() || matches!(character, '-' | '_')
    })
}

impl Resource for Project {
    type Model = Self;
    type Client = Client;
    type Remote = Seen<api::Project>;

    async fn fetch(cx: &Cx<Client>, key: &ProjectKey) -> Result<Option<Seen<api::Project>>, Diag> {
        scope::read(cx, key.workspace_id, async |server| look(&server.api, key.id.0.into()).await).await
    }

    fn scope(_: &Cx<Client>, key: &ProjectKey) -> Option<String> {
        Some(batch::scope_of(key.workspace_id))
    }

    async fn page(
        cx: &Cx<Client>,
        scope: &str,
        from: Option<u64>,
    ) -> Result<Page<ProjectKey, Seen<api::Project>>, Diag> {
        let query = ProjectQuery { hydrate: Some(true), ..ProjectQuery::default() };
        batch::page(cx, scope, from, LONGEST_PAGE, (&api::LIST, query), |workspace_id, project| {
            (ProjectKey { workspace_id, id: Id(project.id) }, project)
        })
        .await
    }

    async fn complete(cx: &Cx<Client>, item: Seen<api::Project>) -> Result<Seen<api::Project>, Diag> {
        scope::complete(cx, item).await
    }

    fn observe(remote: &Seen<api::Project>, since: Since<'_, Self>) -> Result<Self, Diag> {
        let Some((workspace, project)) = remote.found() else { return scope::unseen(&since) };
        let known = since.model();
        let body = project.body.as_ref().ok_or_else(|| NOUN.unreadable(&project.name))?;
        let metadata = project.metadata.as_ref();
        let stored = lookup::texts(metadata.map(|metadata| &metadata.project_metadata));
        Ok(Self {
            workspace_id: OrServer::from_option(workspace.map(Id)),
            id: Computed::known(Id(project.id)),
            name: project.name.clone(),
            display_name: OrServer::known(body.display_name.clone()),
            description: OrServer::from_option(
                metadata
                    .map(|metadata| metadata.description.clone())
                    .filter(|description| !description.is_empty()),
            ),
            metadata: match known {
                // Metadata that are managed elsewhere are not looked at.
                Some(known) if known.metadata.as_ref().is_none() => IfSet(None),
                Some(_) => IfSet(Some(stored)),
                None => IfSet(Some(stored).filter(|stored| !stored.is_empty())),
            },
            tags: known.and_then(|known| known.tags.clone()),
            deletion_protection: known.and_then(|known| known.deletion_protection),
            created: Computed::known(body.created.to_string()),
            updated: Computed::known(body.updated.to_string()),
        })
    }

    async fn create(cx: &Cx<Client>, plan: Self) -> Result<Self, Diag> {
        let server = scope::open(cx, plan.home()).await?;
        let project = make(&server, &plan).await?;
        cx.save(&Self { id: Computed::known(Id(project.id)), ..plan.clone() });
        Self::observe(&Seen::on(&server, project), Since::Answer(&plan))
    }

    async fn update(cx: &Cx<Client>, current: Current<Self>, plan: Self) -> Result<Self, Diag> {
        let prior = current.model;
        let id = prior.id.get()?.0;
        let change = change(&prior, &plan);
        let moves_in = prior.home().is_none() && plan.home().is_some();
        if change == ProjectUpdate::default() && !moves_in {
            // Only what the server does not know has changed: there is nothing to send.
            return Ok(Self {
                workspace_id: plan.workspace_id.or_prior(prior.workspace_id),
                display_name: plan.display_name.or_prior(prior.display_name),
                description: plan.description.or_prior(prior.description),
                updated: plan.updated.or_prior(prior.updated),
                ..plan
            });
        }
        let server = scope::open(cx, plan.home().or(prior.home())).await?;
        let changed = if change == ProjectUpdate::default() {
            look(&server.api, id.into()).await?
        } else {
            match server.api.send(&api::UPDATE, id, (), change).await {
                Err(ApiError::Conflict(_)) => {
                    let other = with_name(&server.api, &plan.name).await?;
                    let other = other.map(|other| other.id);
                    return Err(NOUN.exists(&plan.name, server.workspace_id, other, Self::NAME));
                }
                outcome => outcome.optional().map_err(|error| failed("change", &plan.name, &error))?,
            }
        };
        let changed =
            changed.ok_or_else(|| NOUN.lost(&plan.name, prior.home(), plan.home(), Self::WORKSPACE_ID))?;
        Self::observe(&Seen::on(&server, changed), Since::Answer(&plan))
    }

    async fn delete(cx: &Cx<Client>, prior: Self) -> Result<(), Diag> {
        if prior.deletion_protection == Some(true) {
            return Err(protected(&prior.name));
        }
        let Some(server) = scope::open_to_delete(cx, prior.home()).await? else { return Ok(()) };
        let gone = server.api.call(&api::DELETE, prior.id.get()?.0.into()).await.optional();
        gone.map(|_| ()).map_err(|error| failed("delete", &prior.name, &error))
    }

    fn claim(values: &Partial<Self>) -> Option<Claim> {
        NOUN.claim(values.get(Self::WORKSPACE_ID), values.get(Self::NAME), &[])
    }

    async fn plan(cx: &Cx<Client>, plan: &mut Plan<Self>) -> Result<(), Diag> {
        if let Some(prior) = plan.prior().cloned() {
            let replaced = prior.home().is_some() && plan.changes(Self::WORKSPACE_ID);
            if prior.deletion_protection == Some(true) && (plan.is_delete() || replaced) {
                plan.error(protected(&prior.name));
            }
            // The server gives a name to show once, and it does not follow the handle.
            if prior.display_name.as_ref().is_some() && plan.config().get(Self::DISPLAY_NAME).is_null() {
                plan.keep(Self::DISPLAY_NAME);
            }
        }
        if plan.is_delete() {
            return Ok(());
        }
        scope::plan_home(cx, plan, Self::WORKSPACE_ID).await?;
        if plan.config().get(Self::DESCRIPTION).is_null() {
            let is_set = |prior: &Self| prior.description.as_ref().is_some_and(|text| !text.is_empty());
            if plan.prior().is_none_or(is_set) {
                plan.set_null(Self::DESCRIPTION);
            } else {
                plan.keep(Self::DESCRIPTION);
            }
        }
        let sends = plan.changes(Self::NAME)
            || plan.changes(Self::DISPLAY_NAME)
            || plan.changes(Self::DESCRIPTION)
            || plan.changes(Self::WORKSPACE_ID)
            || !plan.config().get(Self::METADATA).is_null() && plan.changes(Self::METADATA);
        if !sends {
            plan.keep(Self::UPDATED);
        }
        let writes_tags = plan.is_create() || plan.changes(Self::TAGS);
        let is_news = || cx.client_if_known().is_none_or(|client| client.is_news("project tags"));
        if writes_tags && !plan.config().get(Self::TAGS).is_null() && is_news() {
            plan.warn(
                Diag::warning("Tags of projects live in the Terraform state only")
                    .why("No ZenML server stores them yet, so they are not sent. Nobody else sees them.")
                    .at(Self::TAGS),
            );
        }
        Ok(())
    }

    async fn import(cx: &Cx<Client>, id: ImportId<'_, ProjectKey>) -> Result<Imported<Self>, Diag> {
        let text = match id {
            ImportId::Key(key) => return Ok(Imported::Key(key)),
            ImportId::Text(text) => text,
        };
        let wanted = object::named(cx.client().await?, text).await?;
        let with_name =
            async |server: &Server, name: &str| look(&server.api, IdOrName::Name(name.to_owned())).await;
        let (workspace_id, id) = object::located(cx, NOUN, wanted, with_name).await?;
        Ok(Imported::Key(ProjectKey { workspace_id, id }))
    }
}

impl Project {
    /// The workspace that the project says it is in.
    fn home(&self) -> Option<WorkspaceId> {
        self.workspace_id.as_ref().map(|id| id.0)
    }
}

/// Creates the project. After a lost answer it is taken over only because it was not there before.
async fn make(server: &Server, plan: &Project) -> Result<api::Project, Diag> {
    let exists = |existing: Option<&api::Project>| {
        NOUN.exists(&plan.name, server.workspace_id, existing.map(|existing| existing.id), Project::NAME)
    };
    let look = || with_name(&server.api, &plan.name);
    if let Some(existing) = look().await? {
        return Err(exists(Some(&existing)));
    }
    let request = ProjectCreate {
        name: Patch::Set(plan.name.clone()),
        display_name: plan.display_name.as_ref().cloned().unwrap_or_default(),
        description: plan.description.as_ref().cloned().unwrap_or_default(),
        project_metadata: plan.metadata.as_ref().map(object::labels),
    };
    let answer = server.api.send(&api::CREATE, (), (), request).await;
    creation::outcome(answer, look(), exists, |error| failed("create", &plan.name, error)).await
}

/// What an update sends.
fn change(prior: &Project, plan: &Project) -> ProjectUpdate {
    let description = |project: &Project| project.description.as_ref().cloned().unwrap_or_default();
    ProjectUpdate {
        name: Patch::between(Some(&prior.name), Some(plan.name.clone())),
        display_name: match plan.display_name.as_ref() {
            Some(wanted) if prior.display_name.as_ref() != Some(wanted) => Patch::Set(wanted.clone()),
            _ => Patch::Keep,
        },
        // The server takes no null here; an empty text clears.
        description: Patch::between(Some(&description(prior)), Some(description(plan))),
        project_metadata: plan
            .metadata
            .as_ref()
            .filter(|wanted| prior.metadata.as_ref() != Some(wanted))
            .map(object::labels),
    }
}

async fn look(api: &Api, wanted: IdOrName<ProjectId>) -> Result<Option<api::Project>, Diag> {
    let name = wanted.to_string();
    let found = api.call(&api::GET, wanted).await.optional();
    found.map_err(|error| cannot(format_args!("read project {name:?}"), Needs::WORKSPACE_VIEWER, &error))
}

/// The project of a name, if there is one that the caller may read.
async fn with_name(api: &Api, name: &str) -> Result<Option<api::Project>, Diag> {
    let query = ProjectQuery { name: vec![name.to_owned()], hydrate: Some(true), ..ProjectQuery::default() };
    let projects = api.list_all(&api::LIST, (), query).await;
    let projects = projects.map_err(|error| {
        cannot(format_args!("look for project {name:?}"), Needs::WORKSPACE_VIEWER, &error)
    })?;
    Ok(projects.into_iter().find(|project| project.name == name))
}

fn failed(verb: &str, name: &str, error: &ApiError) -> Diag {
    cannot(format_args!("{verb} project {name:?}"), Needs::WORKSPACE_ADMIN, error)
}

fn protected(name: &str) -> Diag {
    Diag::error(format!("Project {name:?} is protected from deletion"))
        .why("Deleting a project deletes everything in it, and deletion_protection is true in the state.")
        .fix("To delete it, first apply this, and then delete the project:\n  deletion_protection = false")
        .at(Project::DELETION_PROTECTION)
}
