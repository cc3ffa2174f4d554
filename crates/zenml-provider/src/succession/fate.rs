//! What follows an object that is deleted: the plan knows it, and notes it for the deletion.
//!
//! A host hands what a plan keeps beside the state to all steps of the change: also to the deletion that a replacement
//! begins with, and the plan of the new object is the last one to be asked.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tfkit::model::{Model, Token};
use tfkit::{Cx, Diag, OrServer, Plan};
use zenml_api::WorkspaceId;

use crate::client::Client;
use crate::id::Id;

/// Name beside the planned state under which it is noted; null where nothing follows.
const SUCCESSOR: &str = "successor";

/// What a plan tells of an object: its name, and where it can take the place of another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Successor {
    name: String,
    /// Its type, if its kind of object has types.
    kind: Option<String>,
    /// Its workspace, as far as the plan knows it.
    workspace: Option<WorkspaceId>,
}

/// What follows an object that is deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// An object with this name that can take its place.
    Replaced(String),
    /// Nothing, or an object that cannot take its place.
    Ends,
}

/// Notes what is planned.
pub(crate) fn foresee<M: Model>(
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
            Some(Successor { name, kind: kind.flatten(), workspace })
        }
    };
    cx.set_private(SUCCESSOR, serde_json::to_value(successor).unwrap_or(Json::Null))
}

/// Forgets what was noted for a deletion, because this is none.
pub(crate) fn settle(cx: &Cx<Client>) {
    cx.remove_private(SUCCESSOR);
}

/// What follows the object that is being deleted.
pub(crate) fn fate(cx: &Cx<Client>, kind: Option<&str>, workspace: Option<WorkspaceId>) -> Fate {
    let noted =
        cx.private(SUCCESSOR).and_then(|noted| serde_json::from_value::<Option<Successor>>(noted).ok());
    let Some(successor) = noted.flatten() else { return Fate::Ends };
    let is_same_place = match (workspace, successor.workspace) {
        (Some(here), Some(there)) => here == there,
        _ => true,
    };
    if successor.kind.as_deref() == kind && is_same_place {
        Fate::Replaced(successor.name)
    } else {
        Fate::Ends
    }
}
