//! Messages about a kind of object.

use std::fmt;

use printable::A;
use tfkit::{Claim, Diag, Existing, Maybe, Path};
use zenml_api::WorkspaceId;

use crate::id::Id;

/// The words for a kind of object in messages.
#[derive(Clone, Copy, Debug)]
pub struct Noun {
    /// The words, such as `stack component`.
    pub words: &'static str,
    /// The resource type, such as `zenml_stack_component`.
    pub resource: &'static str,
}

impl Noun {
    /// Returns the words for several objects, such as `code repositories`.
    pub fn plural(&self) -> String {
        match self.words.strip_suffix('y') {
            Some(stem) => format!("{stem}ies"),
            None => format!("{}s", self.words),
        }
    }

    /// Returns the error for an object that already exists. `id` is `None` if the caller has no access to it.
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
        let diag = Diag::error(format!("{} {name:?} already exists", capitalized(words)))
            .why(format!("{home} has {} with this name, and names must be unique.", A(words)));
        let diag = match id {
            Some(id) => {
                let prefix = workspace.map(|workspace| format!("{workspace}/")).unwrap_or_default();
                let (id, import) = (id.to_string(), format!("{prefix}{id}"));
                diag.in_the_way(Existing { words, resource, id, import })
            }
            None => diag
                .why(format!("This credential has no access to it: the {words} belongs to another account.")),
        };
        diag.fix("To create another one, choose another name.").at(place)
    }

    /// Returns the claim on the name of an object in its workspace. `more` distinguishes objects with the same name.
    /// `None` while any part is unknown. `workspace` is null on an open-source server.
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

    /// Returns the error for an object that is not found, by id or by name.
    pub fn missing(self, wanted: &str, workspace: Option<WorkspaceId>) -> Diag {
        let words = self.words;
        let place = match workspace {
            Some(workspace) => format!("The workspace {workspace}"),
            None => "The server".to_owned(),
        };
        Diag::error(format!("There is no {words} {wanted:?}"))
            .why(format!("{place} does not have it, or this credential has no access to it."))
            .fix(format!("Correct the id or the name, or set the workspace of the {words}."))
    }

    /// Returns the error for an object that existed a moment ago and is no longer found.
    pub fn vanished(self, name: &str) -> Diag {
        Diag::error(format!("{} {name:?} disappeared", capitalized(self.words)))
            .why("The server no longer finds it. Somebody may have deleted it.")
            .fix("Run the command again to re-create it.")
    }

    /// Returns the error for an update that does not find its object. `before` and `now` are its workspaces in the
    /// state and in the plan.
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

    /// Returns the error for an object that is not in the configured workspace, if the state contains no workspace.
    fn elsewhere(self, name: &str, workspace: WorkspaceId, place: impl Into<Path>) -> Diag {
        let words = self.words;
        Diag::error(format!("{} {name:?} is not in workspace {workspace}", capitalized(words)))
            .why(format!("The state does not record its workspace, and {} cannot move between workspaces.", A(words)))
            .fix("Correct workspace_id, or remove it and configure the server of the object in the provider block.")
            .at(place)
    }

    /// Returns the error for an object of which the server shows only that it exists.
    pub fn unreadable(self, name: &str) -> Diag {
        Diag::error(format!("Cannot read the {} {name:?}: no access", self.words))
            .why("The server shows only its id and its name to this credential.")
            .fix(
                "Use a credential with a role that can read it, such as Workspace Viewer, or ask its owner to \
                 share it.",
            )
    }
}

fn capitalized(words: &str) -> String {
    let mut characters = words.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}
