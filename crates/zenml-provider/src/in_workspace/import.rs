//! Import ids of objects of a workspace.

use printable::A;
use tfkit::{Cx, Diag};
use zenml_api::control::workspace;
use zenml_api::workspace::component::ALL_TYPES;
use zenml_api::workspace::{Crud as _, Named as _};
use zenml_api::{IdOrName, Identifier, WorkspaceId};
use zenml_client::Optional as _;

use super::object::{IdOf, InWorkspace};
use super::place::Place;
use super::{read, scope, text};
use crate::client::Client;
use crate::failure::{Needs, cannot};
use crate::id::Id;

/// The object of an import id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named<I> {
    /// Its workspace, if the import id contains one.
    pub workspace: Option<WorkspaceId>,
    /// The object in the workspace.
    pub object: IdOrName<I>,
}

/// Reads an import id of the form `[WORKSPACE/]OBJECT`, where each part is an id or a name. The name of a workspace
/// is looked up on the control plane.
pub async fn named<I: Identifier>(client: &Client, text: &str) -> Result<Named<I>, Diag> {
    let (workspace, object) = match text.split_once('/') {
        Some((workspace, object)) => (Some(workspace), object),
        None => (None, text),
    };
    if object.trim().is_empty() || workspace.is_some_and(|workspace| workspace.trim().is_empty()) {
        return Err(Diag::error(format!("Invalid import id {text:?}"))
            .why("Import ids of this type have the format ID, NAME, WORKSPACE/ID or WORKSPACE/NAME.")
            .fix("The workspace can be an id or a name."));
    }
    let workspace = match workspace.map(IdOrName::parse) {
        Some(wanted) => Some(workspace_id(client, wanted).await?),
        None => None,
    };
    Ok(Named { workspace, object: IdOrName::parse(object) })
}

/// Finds the object of an import id of the form `[WORKSPACE/]ID` or `[WORKSPACE/]NAME`.
pub(crate) async fn by_name<T: InWorkspace>(cx: &Cx<Client>, text: &str) -> Result<T::Key, Diag> {
    let Named { workspace, object } = named(cx.client().await?, text).await?;
    let id = match object {
        IdOrName::Id(id) => id,
        IdOrName::Name(name) => {
            let server = scope::open(cx, workspace).await?;
            let query = T::query(T::Wire::named(text::exactly(&name)));
            let found = read::all::<T>(&server.api, query).await;
            let mut found = found.map_err(|error| read::unlisted::<T>(&name, &error))?;
            found.retain(|object| object.name() == name);
            only::<T>(&found, &name)?.ok_or_else(|| {
                T::NOUN
                    .missing(&name, server.workspace_id)
                    .fix("To name the workspace, import WORKSPACE/NAME.")
            })?
        }
    };
    Ok(Place { workspace_id: workspace.map(Id), id: Id(id) })
}

/// Finds the object of an import id of the form `[WORKSPACE/]ID` or `[WORKSPACE/]TYPE/NAME`, for objects whose names
/// are unique only within their type.
pub(crate) async fn by_type_and_name<T: InWorkspace>(cx: &Cx<Client>, text: &str) -> Result<T::Key, Diag> {
    // The first part can be a type instead of a workspace.
    let begins_with_type = text.split_once('/').is_some_and(|(first, _)| ALL_TYPES.contains(&first));
    let Named { workspace, object } = if begins_with_type {
        Named { workspace: None, object: IdOrName::Name(text.to_owned()) }
    } else {
        named(cx.client().await?, text).await?
    };
    let id = match object {
        IdOrName::Id(id) => id,
        IdOrName::Name(name) => {
            let (kind, name) = name.split_once('/').ok_or_else(|| type_needed::<T>(text))?;
            let server = scope::open(cx, workspace).await?;
            let query = T::of_kind(T::query(T::Wire::named(text::exactly(name))), kind);
            let found = read::all::<T>(&server.api, query).await;
            let mut found = found.map_err(|error| read::unlisted::<T>(name, &error))?;
            found.retain(|object| object.name() == name && T::kind_of(object) == Some(kind));
            let missing = || {
                let words = T::NOUN.words;
                T::NOUN
                    .missing(name, server.workspace_id)
                    .why(format!("Only {} of the type {kind:?} matches.", A(words)))
                    .fix("To name the workspace, import WORKSPACE/TYPE/NAME.")
            };
            only::<T>(&found, name)?.ok_or_else(missing)?
        }
    };
    Ok(Place { workspace_id: workspace.map(Id), id: Id(id) })
}

fn type_needed<T: InWorkspace>(text: &str) -> Diag {
    let words = T::NOUN.words;
    Diag::error(format!("Invalid import id {text:?}"))
        .why("Import ids of this type have the format ID, TYPE/NAME, WORKSPACE/ID or WORKSPACE/TYPE/NAME.")
        .fix(format!("A name alone is not enough: {} of another type can have the same name.", A(words)))
}

/// Returns the only object of a list of objects with the same name.
fn only<T: InWorkspace>(found: &[T::Wire], name: &str) -> Result<Option<IdOf<T>>, Diag> {
    match found {
        [] => Ok(None),
        [only] => Ok(Some(only.id())),
        several => {
            let ids: Vec<String> = several.iter().map(|object| object.id().to_string()).collect();
            Err(Diag::error(format!("There is more than one {} {name:?}", T::NOUN.words))
                .fix(format!("Import by id. The ids are:\n  {}", ids.join("\n  "))))
        }
    }
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
            .why("It does not exist, or the key has no access to it.")
            .fix("Correct the first part of the import id. It is the id or the name of a workspace.")
    })
}
