//! What all objects of a workspace have in common: how an import names them, and what is said of them.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value as Json;
use tfkit::field::Value;
use tfkit::model::{Model, Token};
use tfkit::{Claim, Cx, Diag, Dyn, Existing, Maybe, OrServer, Path, Plan};
use zenml_api::control::workspace;
use zenml_api::workspace::component::ALL_TYPES;
use zenml_api::workspace::{JsonMap, Object};
use zenml_api::{IdOrName, Identifier, Patch, WorkspaceId};
use zenml_client::Optional as _;

use crate::client::Client;
use crate::failure::{Needs, cannot};
use crate::id::Id;
use crate::in_workspace::scope::{self, Server};

/// An object as an import names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named<I> {
    /// Its workspace, if the import id names one.
    pub workspace: Option<WorkspaceId>,
    /// The object in it.
    pub object: IdOrName<I>,
}

/// Reads an import id of the form `[WORKSPACE/]OBJECT`, where both parts are an id or a name. A workspace that is
/// given by its name is looked up on the control plane.
pub async fn named<I: Identifier>(client: &Client, text: &str) -> Result<Named<I>, Diag> {
    let (workspace, object) = match text.split_once('/') {
        Some((workspace, object)) => (Some(workspace), object),
        None => (None, text),
    };
    if object.trim().is_empty() || workspace.is_some_and(|workspace| workspace.trim().is_empty()) {
        return Err(Diag::error(format!("The import id {text:?} cannot be read"))
            .why("An import id of this type has the form ID, NAME, WORKSPACE/ID or WORKSPACE/NAME.")
            .fix("The workspace may be given by its id or its name."));
    }
    let workspace = match workspace.map(IdOrName::parse) {
        Some(wanted) => Some(workspace_id(client, wanted).await?),
        None => None,
    };
    Ok(Named { workspace, object: IdOrName::parse(object) })
}

/// Reads an import id of the form `[WORKSPACE/]ID` or `[WORKSPACE/]TYPE/NAME`, for objects whose names are unique for
/// their type only. The name that it gives has its type before it.
pub async fn typed<I: Identifier>(client: &Client, text: &str) -> Result<Named<I>, Diag> {
    // A type can stand at the beginning, where otherwise a workspace stands.
    if text.split_once('/').is_some_and(|(first, _)| ALL_TYPES.contains(&first)) {
        return Ok(Named { workspace: None, object: IdOrName::Name(text.to_owned()) });
    }
    named(client, text).await
}

/// The key of what an import names. A name is looked for by `with_name`.
pub async fn located<I: Identifier, B, M, R>(
    cx: &Cx<Client>,
    noun: Noun,
    named: Named<I>,
    with_name: impl AsyncFnOnce(&Server, &str) -> Result<Option<Object<I, B, M, R>>, Diag>,
) -> Result<(Option<Id<WorkspaceId>>, Id<I>), Diag> {
    let id = match named.object {
        IdOrName::Id(id) => id,
        IdOrName::Name(name) => {
            let server = scope::open(cx, named.workspace).await?;
            let found = with_name(&server, &name).await?;
            let missing =
                || noun.missing(&name, server.workspace_id).fix("An import may say it: WORKSPACE/NAME.");
            found.ok_or_else(missing)?.id
        }
    };
    Ok((named.workspace.map(Id), Id(id)))
}

/// The filter for an exact name, which may itself look like a filter with an operator.
pub fn exactly(name: &str) -> Vec<String> {
    vec![format!("equals:{name}")]
}

async fn workspace_id(client: &Client, wanted: IdOrName<WorkspaceId>) -> Result<WorkspaceId, Diag> {
    let name = match wanted {
        IdOrName::Id(id) => return Ok(id),
        IdOrName::Name(name) => name,
    };
    let found = client.control_plane()?.call(&workspace::GET, IdOrName::Name(name.clone())).await.optional();
    let found = found.map_err(|error| {
        cannot(format_args!("find the workspace {name:?}"), Needs::ORGANIZATION_VIEWER, &error)
    })?;
    found.map(|found| found.id).ok_or_else(|| {
        Diag::error(format!("There is no workspace {name:?}"))
            .why("The control plane does not have it, or does not show it to this key.")
            .fix("Correct the first part of the import id: the id or the name of a workspace.")
    })
}

/// Whether a text can be the name of a stack or a component: one line without a tab.
pub fn is_one_line(text: &str) -> bool {
    !text.contains(['\t', '\n'])
}

/// A text that says something; an empty one does not.
pub fn said(text: Option<&String>) -> Option<String> {
    text.filter(|text| !text.is_empty()).cloned()
}

/// Labels as they are sent.
pub fn labels(labels: &BTreeMap<String, String>) -> JsonMap {
    labels.iter().map(|(key, value)| (key.clone(), Json::String(value.clone()))).collect()
}

/// The change of labels. None at all is sent as an empty map: a server would store a null as such.
pub fn labels_change(
    prior: Option<&BTreeMap<String, String>>,
    planned: Option<&BTreeMap<String, String>>,
) -> Patch<JsonMap> {
    let (prior, planned) = (prior.map(labels).unwrap_or_default(), planned.map(labels).unwrap_or_default());
    if prior == planned { Patch::Keep } else { Patch::Set(planned) }
}

/// Labels as an attribute has them: a value of another kind than text, which others may have set, as JSON.
pub fn label_texts(labels: &JsonMap) -> BTreeMap<String, String> {
    let text = |value: &Json| match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    labels.iter().map(|(key, value)| (key.clone(), text(value))).collect()
}

/// Plans an attribute that the configuration leaves out as null, unless the state has it empty, which is the same: states
/// of earlier releases have empty maps where nothing was configured. A plan may only keep them where the host takes the
/// attribute for one that the server can fill.
pub fn left_out<M: Model, T: Value>(plan: &mut Plan<M>, attribute: Token<M, OrServer<T>>) {
    if plan.is_delete() || !plan.config().get(attribute).is_null() {
        return;
    }
    let prior = plan.prior().map(|prior| prior.to_object().attribute(attribute.name()).clone());
    if prior.is_some_and(|prior| prior.as_map().is_some_and(BTreeMap::is_empty)) {
        plan.keep(attribute);
    } else {
        plan.set_null(attribute);
    }
}

/// Completes a state of the Go provider, which does not know all attributes of today. Its releases 1 and 2 wrote the same
/// whether no labels or an empty map of them were configured, and no host lets a plan be null where the configuration has
/// a map. An empty one may stay in both cases: see [`left_out`].
pub fn inherited(mut state: Dyn) -> Dyn {
    let labels = Path::default().attr("labels");
    if state.get(&labels).is_some_and(Dyn::is_null) {
        state.set_at(&labels, Dyn::Map(BTreeMap::new()));
    }
    state
}

/// Plans an attribute that the configuration leaves out as the state has it: it is managed elsewhere, and the Go provider,
/// whose states are taken over, does not know it. A new object has none.
pub fn left_alone<M: Model, T: Value>(plan: &mut Plan<M>, attribute: Token<M, OrServer<T>>) {
    if plan.is_delete() || !plan.config().get(attribute).is_null() {
        return;
    }
    if plan.is_update() {
        plan.keep(attribute);
    } else {
        plan.set_null(attribute);
    }
}

/// A kind of object, for messages.
#[derive(Clone, Copy, Debug)]
pub struct Noun {
    /// In words, such as `stack component`.
    pub words: &'static str,
    /// Its resource type, such as `zenml_stack_component`.
    pub resource: &'static str,
}

impl Noun {
    /// What was to be created is there already. `id` is none where the server only says so and does not show it.
    pub fn exists(
        self,
        name: &str,
        workspace: Option<WorkspaceId>,
        id: Option<impl fmt::Display>,
        place: impl Into<Path>,
    ) -> Diag {
        let Self { words, resource } = self;
        let home = match workspace {
            Some(workspace) => format!("The workspace {workspace}"),
            None => "The server".to_owned(),
        };
        let diag = Diag::error(format!("{} {name:?} exists already", capitalized(words)))
            .why(format!("{home} has a {words} of this name, and a second one cannot have it, too."));
        let diag = match id {
            Some(id) => {
                let prefix = workspace.map(|workspace| format!("{workspace}/")).unwrap_or_default();
                let (id, import) = (id.to_string(), format!("{prefix}{id}"));
                diag.in_the_way(Existing { words, resource, id, import })
            }
            None => diag.why(format!("This credential may not see it, so somebody else owns the {words}.")),
        };
        diag.fix("To make another one, choose another name.").at(place)
    }

    /// What an object of this kind has in its workspace and no other one can have: its name, and what else tells it from
    /// those of the same name. None while that is not known. `workspace` is null on an open-source server.
    pub fn claim(
        self,
        workspace: Maybe<Id<WorkspaceId>>,
        name: Maybe<String>,
        more: &[Maybe<String>],
    ) -> Option<Claim> {
        let (workspace, name) = (workspace.decided()?.map(|id| id.to_string()), name.known()?);
        let more: Vec<String> = more.iter().cloned().map(Maybe::known).collect::<Option<_>>()?;
        let mut parts = vec![workspace.as_deref().unwrap_or_default(), name.as_str()];
        parts.extend(more.iter().map(String::as_str));
        Some(Claim::new(format!("{} {name:?}", self.words), &parts))
    }

    /// What was looked for, by id or by name, is not there.
    pub fn missing(self, wanted: &str, workspace: Option<WorkspaceId>) -> Diag {
        let words = self.words;
        let place = match workspace {
            Some(workspace) => format!("The workspace {workspace}"),
            None => "The server".to_owned(),
        };
        Diag::error(format!("There is no {words} {wanted:?}"))
            .why(format!("{place} does not have it, or does not show it to this credential."))
            .fix(format!("Correct the id or the name, or say in which workspace the {words} is."))
    }

    /// What was there a moment ago is not there any more.
    pub fn vanished(self, name: &str) -> Diag {
        Diag::error(format!("{} {name:?} disappeared", capitalized(self.words)))
            .why("It was there, and then the server did not find it any more. Somebody may have deleted it.")
            .fix("Run the command again to make it anew.")
    }

    /// An update did not find the object. `before` and `now` are its workspaces in the state and in the plan.
    pub fn lost(
        self,
        name: &str,
        before: Option<WorkspaceId>,
        now: Option<WorkspaceId>,
        place: impl Into<Path>,
    ) -> Diag {
        match (before, now) {
            (None, Some(workspace)) => self.elsewhere(name, workspace, place),
            _ => self.vanished(name),
        }
    }

    /// The state does not say where an object is, and the configuration names a workspace that it is not in.
    fn elsewhere(self, name: &str, workspace: WorkspaceId, place: impl Into<Path>) -> Diag {
        let words = self.words;
        Diag::error(format!("{} {name:?} is not in workspace {workspace}", capitalized(words)))
            .why(format!("The state does not say in which workspace it is, and a {words} cannot move to another one."))
            .fix("Correct workspace_id, or leave it out and name the server of the object in the provider block.")
            .at(place)
    }

    /// The server shows that the object exists, and nothing else of it.
    pub fn unreadable(self, name: &str) -> Diag {
        Diag::error(format!("Cannot read the {} {name:?}: not allowed", self.words))
            .why("The server tells its id and its name, and keeps everything else back from this credential.")
            .fix(
                "Use a credential with a role that may read it, such as Workspace Viewer, or ask its owner to share it.",
            )
    }
}

fn capitalized(words: &str) -> String {
    let mut characters = words.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_cleared_by_an_empty_map_and_never_by_a_null() {
        let some: BTreeMap<String, String> = [("a".to_owned(), "1".to_owned())].into();
        let empty = BTreeMap::new();
        let cases = [
            (None, None, Patch::Keep),
            (Some(&empty), None, Patch::Keep),
            (None, Some(&empty), Patch::Keep),
            (Some(&some), Some(&some), Patch::Keep),
            (Some(&some), None, Patch::Set(JsonMap::new())),
            (None, Some(&some), Patch::Set(labels(&some))),
        ];
        for (prior, planned, expected) in cases {
            assert_eq!(labels_change(prior, planned), expected, "{prior:?} to {planned:?}");
        }
    }
}
