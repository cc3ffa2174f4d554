//! `zenml_project`: a group of pipelines, runs and models.

mod data;
mod plural;

use std::collections::{BTreeMap, BTreeSet};

use tfkit::{Computed, Cx, Diag, IfSet, Model, OrServer, Plan, Since};
use zenml_api::workspace::project::{self as api, ProjectCreate, ProjectUpdate};
use zenml_api::{Patch, ProjectId, WorkspaceId};

pub use self::data::ProjectData;
pub use self::plural::ProjectsData;
use crate::client::Client;
use crate::failure::Needs;
use crate::id::Id;
use crate::in_workspace::{Found, InWorkspace, Noun, Place, change, lookup, text, write};
use crate::warning::warn_once;

/// A project in a workspace. Pipelines, runs, models and code repositories belong to a project.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "project", key = Place<ProjectId>)]
#[model(since = "2.0.6", needs = Needs::WORKSPACE_ADMIN.text())]
#[model(import = "NAME")]
pub struct Project {
    /// ID of the workspace that contains the project. Default: the provider's workspace. Null on an open-source server.
    #[attr(key = optional, replace)]
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// ID of the project.
    #[attr(key, stable)]
    pub id: Computed<Id<ProjectId>>,
    /// Name of the project, unique in its workspace.
    #[attr(check = length(1..=50), check = pattern(NAME_RULE, is_name))]
    pub name: String,
    /// Display name. Default: the `name` that the project is created with.
    #[attr(stable, check = length(1..=255))]
    pub display_name: OrServer<String>,
    /// Description of the project. An empty string is the same as no description.
    // Computed, because only then can a plan keep an empty string, which the Go provider stored if nothing was
    // configured.
    #[attr(check = length(..=255), same = empty_is_null)]
    pub description: OrServer<String>,
    /// Metadata of the project, as the complete map. `{}` removes all metadata; omit the argument to manage it
    /// elsewhere. Values that are not strings are encoded as JSON.
    pub metadata: IfSet<BTreeMap<String, String>>,
    /// Tags of the project. ZenML does not store project tags yet: they exist only in the Terraform state.
    #[attr(local)]
    pub tags: Option<BTreeSet<String>>,
    /// Whether the provider refuses to delete the project. Deleting a project deletes everything in it. Default:
    /// `false`. The value in the state decides: set it to `false` in one apply, and delete the project in the next.
    #[attr(local)]
    pub deletion_protection: Option<bool>,
    /// When the project was created.
    #[attr(stable)]
    pub created: Computed<String>,
    /// When the project was last updated.
    pub updated: Computed<String>,
}

const NAME_RULE: &str = "consist of lowercase letters, digits, hyphens and underscores";

fn is_name(name: &str) -> bool {
    name.chars().all(|character| {
        character.is_ascii_lowercase() || character.is_ascii_digit() || matches!(character, '-' | '_')
    })
}

impl InWorkspace for Project {
    type Wire = api::Project;
    type Beside = ();
    const NOUN: Noun = Noun { words: "project", resource: "zenml_project" };

    fn wanted(&self) -> Result<ProjectCreate, Diag> {
        Ok(ProjectCreate {
            name: Patch::Set(self.name.clone()),
            display_name: self.display_name.as_ref().cloned().unwrap_or_default(),
            description: self.description.as_ref().cloned().unwrap_or_default(),
            project_metadata: self.metadata.as_ref().map(text::labels),
        })
    }

    fn change(prior: &Self, plan: &Self) -> Result<Option<ProjectUpdate>, Diag> {
        let description = |project: &Self| project.description.as_ref().cloned().unwrap_or_default();
        let metadata = plan.metadata.as_ref().filter(|wanted| prior.metadata.as_ref() != Some(wanted));
        Ok(change::any(ProjectUpdate {
            name: Patch::between(Some(&prior.name), Some(plan.name.clone())),
            display_name: change::chosen(&prior.display_name, &plan.display_name),
            // The server does not accept null here; an empty string clears the description.
            description: Patch::between(Some(&description(prior)), Some(description(plan))),
            project_metadata: metadata.map(text::labels),
        }))
    }

    fn observe(found: &Found<'_, Self>, since: Since<'_, Self>) -> Result<Self, Diag> {
        let known = since.model();
        let body = found.body(&found.object.body)?;
        let metadata = found.object.metadata.as_ref();
        let stored = lookup::texts(metadata.map(|metadata| &metadata.project_metadata));
        let description = metadata.map(|metadata| metadata.description.clone());
        Ok(Self {
            workspace_id: found.workspace_id(),
            id: found.id(),
            name: found.name(),
            display_name: OrServer::known(body.display_name.clone()),
            description: OrServer::from_option(lookup::filled(description)),
            metadata: match known {
                // Metadata that is managed elsewhere is not compared.
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

    async fn delete(cx: &Cx<Client>, prior: Self) -> Result<(), Diag> {
        if prior.deletion_protection == Some(true) {
            return Err(protected(&prior.name));
        }
        write::delete(cx, prior).await
    }

    async fn plan(cx: &Cx<Client>, plan: &mut Plan<Self>) -> Result<(), Diag> {
        let protects = |prior: &Self| prior.deletion_protection == Some(true);
        if let Some(prior) = plan.prior().filter(|prior| protects(prior))
            && (plan.is_delete() || prior.workspace_id.as_ref().is_some() && plan.changes(Self::WORKSPACE_ID))
        {
            plan.error(protected(&prior.name.clone()));
        }
        if plan.is_delete() {
            return Ok(());
        }
        if plan.config().get(Self::DESCRIPTION).is_null() {
            let is_set = |prior: &Self| prior.description.as_ref().is_some_and(|text| !text.is_empty());
            if plan.prior().is_none_or(is_set) {
                plan.set_null(Self::DESCRIPTION);
            } else {
                plan.keep(Self::DESCRIPTION);
            }
        }
        let writes_tags = plan.is_create() || plan.changes(Self::TAGS);
        if writes_tags && !plan.config().get(Self::TAGS).is_null() {
            warn_once(cx, "project tags", || {
                Diag::warning("Tags of projects are stored only in the Terraform state")
                    .why("ZenML servers do not store them yet, so the provider does not send them.")
                    .at(Self::TAGS)
            });
        }
        Ok(())
    }
}

fn protected(name: &str) -> Diag {
    Diag::error(format!("Project {name:?} is protected from deletion"))
        .why("Deleting a project deletes everything in it, and deletion_protection is true in the state.")
        .fix("To delete the project, first apply:\n  deletion_protection = false")
        .at(Project::DELETION_PROTECTION)
}
