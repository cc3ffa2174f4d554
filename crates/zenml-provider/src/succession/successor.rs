//! The successor of a deleted object: the plan knows it, and notes it for the deletion.
//!
//! Terraform passes the private state of a plan to all steps of the change, including the deletion that a replacement
//! begins with. The plan of the new object is the last one to run.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tfkit::model::{Model, Token};
use tfkit::{Cx, Diag, OrServer, Plan};
use zenml_api::WorkspaceId;

use crate::client::Client;
use crate::id::Id;

/// Key in the private state of the plan; null if there is no successor.
const SUCCESSOR: &str = "successor";

/// A planned object: its name, and what it can replace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Noted {
    name: String,
    /// Its type, if this kind of object has types.
    kind: Option<String>,
    /// Its workspace, if the plan knows it.
    workspace: Option<WorkspaceId>,
}

/// Notes the planned object.
pub(crate) fn note_successor<M: Model>(
    cx: &Cx<Client>,
    plan: &Plan<M>,
    name: Token<M, String>,
    kind: Option<Token<M, String>>,
    workspace: Token<M, OrServer<Id<WorkspaceId>>>,
) -> Result<(), Diag> {
    let kind = kind.map(|kind| plan.get(kind).known());
    let successor = match (plan.get(name).known(), kind) {
        _ if plan.is_delete() => None,
        (None, _) | (_, Some(None)) => None,
        (Some(name), kind) => {
            let workspace = plan.get(workspace).known().map(|id| id.0);
            Some(Noted { name, kind: kind.flatten(), workspace })
        }
    };
    cx.set_private(SUCCESSOR, serde_json::to_value(successor).unwrap_or(Json::Null))
}

/// Forgets the note of the plan, because this operation is not a deletion.
pub(crate) fn forget_successor(cx: &Cx<Client>) {
    cx.remove_private(SUCCESSOR);
}

/// Returns the name of the object that replaces the deleted one; `None` if there is none, or if it cannot take its
/// place.
pub(crate) fn successor(
    cx: &Cx<Client>,
    kind: Option<&str>,
    workspace: Option<WorkspaceId>,
) -> Option<String> {
    let noted = cx.private(SUCCESSOR).and_then(|noted| serde_json::from_value::<Option<Noted>>(noted).ok());
    let successor = noted.flatten()?;
    let is_same_place = match (workspace, successor.workspace) {
        (Some(here), Some(there)) => here == there,
        _ => true,
    };
    (successor.kind.as_deref() == kind && is_same_place).then_some(successor.name)
}
