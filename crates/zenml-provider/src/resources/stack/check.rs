//! Checks the components of a stack before anything is sent.

use std::collections::BTreeMap;

use tfkit::{Diag, Dyn, Partial, Path};
use zenml_api::workspace::component::{self, ALL_TYPES, REPEATABLE_TYPES};
use zenml_client::{ApiError, Optional as _};

use super::Stack;
use super::slots::{self, Place};
use crate::failure::{Needs, cannot};
use crate::in_workspace::scope::Server;
use crate::resources::stack_component::kind;

/// Types that every stack requires.
const MANDATORY: [&str; 2] = ["orchestrator", "artifact_store"];

/// Returns the contradictions within a configuration.
pub(super) fn configuration(config: &Partial<Stack>) -> Vec<Diag> {
    let (ones, lists) = (config.dyn_of(Stack::COMPONENTS), config.dyn_of(Stack::COMPONENT_LISTS));
    match (ones.is_null(), lists.is_null()) {
        (false, false) => vec![
            Diag::error("The components of the stack are specified twice")
                .why("components and component_lists are two forms of the same argument.")
                .fix("Remove one of them. Only component_lists can hold several components of one type.")
                .at(Stack::COMPONENT_LISTS),
        ],
        (true, true) => Vec::new(),
        (false, true) => unfamiliar(ones, &Stack::COMPONENTS.path()),
        (true, false) => {
            let mut found = unfamiliar(lists, &Stack::COMPONENT_LISTS.path());
            found.extend(too_many(lists));
            found
        }
    }
}

/// Returns errors about the components of a configuration. Only the plan checks them: with mocks, types are
/// generated, and several components can have the same id.
pub(super) fn contents(config: &Partial<Stack>) -> Vec<Diag> {
    let (ones, lists) = (config.dyn_of(Stack::COMPONENTS), config.dyn_of(Stack::COMPONENT_LISTS));
    if ones.is_null() && lists.is_null() {
        return vec![
            Diag::error("The stack has no components")
                .why("A stack must have an orchestrator and an artifact store.")
                .fix(
                    "Set them:\n  components = {\n    orchestrator   = zenml_stack_component.NAME.id\n    \
                     artifact_store = zenml_stack_component.NAME.id\n  }",
                )
                .at(Stack::COMPONENTS),
        ];
    }
    let mut found =
        missing(ones, &Stack::COMPONENTS.path(), |kind| format!("{kind} = zenml_stack_component.NAME.id"));
    let one_of_list = |kind: &str| format!("{kind} = [zenml_stack_component.NAME.id]");
    found.extend(missing(lists, &Stack::COMPONENT_LISTS.path(), one_of_list));
    found.extend(twice(config));
    found
}

/// Returns whether there is certainly no component. An unknown value may become one.
fn is_none(value: Option<&Dyn>) -> bool {
    value.is_none_or(|value| value.is_null() || value.as_list().is_some_and(<[Dyn]>::is_empty))
}

fn missing(given: &Dyn, place: &Path, example: impl Fn(&str) -> String) -> Vec<Diag> {
    let Dyn::Map(given) = given else { return Vec::new() };
    let missing = MANDATORY.into_iter().filter(|kind| is_none(given.get(*kind)));
    let diag = |kind| {
        Diag::error(format!("The stack has no {kind}"))
            .why("A stack must have an orchestrator and an artifact store.")
            .fix(format!("Add one:\n  {place} = {{\n    {}\n  }}", example(kind)))
            .at(place.clone())
    };
    missing.map(diag).collect()
}

fn unfamiliar(given: &Dyn, place: &Path) -> Vec<Diag> {
    let kinds = given.as_map().into_iter().flatten().map(|(kind, _)| kind);
    kinds.filter_map(|kind| Some(kind::unfamiliar(kind)?.at(place.clone().key(kind)))).collect()
}

/// Returns errors for types with several components of which a server accepts only one.
fn too_many(lists: &Dyn) -> Vec<Diag> {
    let single =
        |kind: &&String| ALL_TYPES.contains(&kind.as_str()) && !REPEATABLE_TYPES.contains(&kind.as_str());
    let crowded = lists
        .as_map()
        .into_iter()
        .flatten()
        .filter(|(kind, ids)| single(kind) && ids.as_list().is_some_and(|ids| ids.len() > 1));
    let diag = |(kind, _): (&String, &Dyn)| {
        Diag::error(format!("A stack can have only one {kind}"))
            .why(format!(
                "A stack can have several components of these types only: {}.",
                REPEATABLE_TYPES.join(", ")
            ))
            .fix("Keep one component in the list. Create another stack for another one.")
            .at(Stack::COMPONENT_LISTS.then(kind.as_str()).index(1))
    };
    crowded.map(diag).collect()
}

fn twice(config: &Partial<Stack>) -> Vec<Diag> {
    let mut first = BTreeMap::new();
    let mut found = Vec::new();
    for Place { id, path, .. } in slots::places(config) {
        if let Some(earlier) = first.get(&id) {
            found.push(
                Diag::error(format!("The component {id} is in the stack twice"))
                    .why(format!(
                        "It is also set at {earlier}, and a stack can contain a component only once."
                    ))
                    .fix("Remove one of the two.")
                    .at(path),
            );
        } else {
            first.insert(id, path);
        }
    }
    found
}

/// Returns the attribute that sets the components of a stack.
pub(super) fn components_path(stack: &Stack) -> Path {
    if stack.component_lists.is_some() { Stack::COMPONENT_LISTS.path() } else { Stack::COMPONENTS.path() }
}

/// Returns the attribute that a server's rejection of several components of a type refers to.
pub(super) fn crowded(stack: &Stack, message: &str) -> Option<Path> {
    let lists = stack.component_lists.iter().flatten();
    let mut crowded = lists.filter(|(_, ids)| ids.iter().flatten().count() > 1);
    let named = crowded.find(|(kind, _)| message.contains(&format!("type '{kind}'")));
    named.map(|(kind, _)| Stack::COMPONENT_LISTS.then(kind.as_str()).index(1))
}

/// Returns errors for components that do not exist, and for those of another type. The server would accept the latter
/// and use them as their own type.
pub(super) async fn misplaced(server: &Server, joining: &[Place]) -> Result<Vec<Diag>, Diag> {
    let mut found = Vec::new();
    for Place { kind, id, path } in joining {
        let place = path.clone();
        let component = match server.api.call(&component::GET, *id).await.optional() {
            Ok(Some(component)) => component,
            Ok(None) => {
                found.push(
                    Diag::error(format!("There is no stack component {id}"))
                        .why("The server of the stack does not have it, or this credential has no access to it.")
                        .fix("Correct the id. A stack and its components must be in the same workspace.")
                        .at(place),
                );
                continue;
            }
            // Without permission to read it there is none to use it, which the server reports when the stack is
            // created.
            Err(ApiError::Forbidden(_)) => continue,
            Err(error) => {
                let doing = format_args!("read the stack component {id}");
                return Err(cannot(doing, Needs::WORKSPACE_VIEWER, &error).at(place));
            }
        };
        let Some(real) = component.body.as_ref().map(|body| body.kind.as_str()) else { continue };
        if real != kind {
            found.push(
                Diag::error(format!("The component {:?} is not of the type {kind:?}", component.name))
                    .why(format!("Its type is {real:?}, and a component can be used only for its own type."))
                    .fix(format!("Use it as {real}, or use a component of the type {kind:?} here."))
                    .at(place),
            );
        }
    }
    Ok(found)
}
