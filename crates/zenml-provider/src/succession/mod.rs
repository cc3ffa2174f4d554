//! Replaces objects that are in use.
//!
//! Unless `create_before_destroy` is set, Terraform replaces an object in this order: it deletes the old one, creates
//! the new one, and then changes the objects that use it. But a server does not delete an object that is in use: a
//! component in a stack, a connector of a component, a flavor with components. Therefore:
//!
//! 1. The *deletion* of an object in use renames it to a [retired name](names) and reports success. Nothing is lost,
//!    and its name is free.
//! 2. The *creation* of the successor finds it under that name, [replaces it with the successor](succeed) in all
//!    objects that use it, including those outside this configuration, and deletes it.
//! 3. A stack or a component that stops using a retired object [deletes it](release) if nothing else uses it. This
//!    also removes objects without a successor, and leftovers of interrupted runs.
//!
//! An object that cannot be renamed or must keep its id because others refer to it (a flavor by its name, a linked
//! secret) is *revived* instead of step 2: it becomes its own successor.

mod held;
mod names;
mod successor;
mod waiting;

use std::fmt;

use tfkit::{Cx, Diag};
use zenml_api::Identifier;
use zenml_api::workspace::Object;
use zenml_client::{ApiError, Optional as _};

pub(crate) use self::held::Held;
pub(crate) use self::names::{all_retired, is_retired, retired, with_retired};
pub(crate) use self::successor::{forget_successor, note_successor, successor};
use self::waiting::Waiting;
use crate::client::Client;
use crate::in_workspace::noun::Noun;
use crate::in_workspace::scope::Server;

/// Key in the private state for a predecessor that is not replaced yet.
const PREDECESSOR: &str = "predecessor";

/// Retires an object whose deletion was rejected because it is in use. Without a successor it stays until nothing
/// uses it, and a warning names its users.
pub(crate) async fn retire<K: Held>(
    cx: &Cx<Client>,
    server: &Server,
    id: K::Id,
    name: &str,
    successor: Option<&str>,
) -> Result<(), ApiError> {
    let name_now = retired(successor.unwrap_or(name));
    match K::rename(server, id, &name_now).await.optional() {
        Err(ApiError::Conflict(_)) => {
            // An earlier run retired another object and did not finish: merge the two.
            if let Some(earlier) = K::namesake(server, id, &name_now).await? {
                K::hand_over(cx, server, earlier, id).await?;
                K::delete(cx, server, earlier).await.optional()?;
            }
            K::rename(server, id, &name_now).await.optional()?;
        }
        other => {
            other?;
        }
    }
    if let Some(client) = cx.client_if_known() {
        client.memory::<Waiting>().note::<K>(server, id, name_now.clone()).await;
    }
    if successor.is_none() {
        // A user that stopped using it meanwhile did not know that it is retired.
        if K::delete(cx, server, id).await.optional().is_ok() {
            return Ok(());
        }
        let holders = K::holders(server, id).await.unwrap_or_default();
        if !holders.is_empty() {
            cx.warn(still_held(K::NOUN, name, &name_now, &holders));
        }
    }
    Ok(())
}

/// Replaces a retired predecessor with a new object, and deletes it. If that fails both stay, and the next apply
/// tries again unless that is pointless. It is not an error, because Terraform would then replace the new object
/// again.
pub(crate) async fn succeed<K: Held>(cx: &Cx<Client>, server: &Server, predecessor: K::Id, successor: K::Id) {
    let taken = take_place::<K>(cx, server, predecessor, successor).await;
    cx.remove_private(PREDECESSOR);
    let Err(error) = taken else { return };
    let is_final = matches!(error, ApiError::Forbidden(_));
    if !is_final && let Err(diag) = cx.set_private(PREDECESSOR, predecessor.to_string().into()) {
        cx.warn(diag);
    }
    cx.warn(place_not_taken(K::NOUN, &predecessor, &error, is_final));
}

async fn take_place<K: Held>(
    cx: &Cx<Client>,
    server: &Server,
    predecessor: K::Id,
    successor: K::Id,
) -> Result<(), ApiError> {
    K::hand_over(cx, server, predecessor, successor).await?;
    K::delete(cx, server, predecessor).await.optional().map(|_| ())
}

/// Returns the predecessor that an object has not replaced yet because of a failure.
pub(crate) fn unfinished<I: Identifier>(cx: &Cx<Client>) -> Option<I> {
    cx.private(PREDECESSOR)?.as_str()?.parse().ok()
}

/// Deletes retired objects that a user has stopped using. `now` is what it uses instead: if the successor is in it,
/// an earlier run did not finish, and the successor replaces the retired object everywhere. Objects that are still in
/// use stay.
pub(crate) async fn release<K: Held>(
    cx: &Cx<Client>,
    server: &Server,
    let_go: impl IntoIterator<Item = (K::Id, String)>,
    now: &[(K::Id, String)],
) {
    for (id, name) in let_go {
        let successor = now.iter().find(|(_, successor)| retired(successor) == name);
        let done = match successor {
            Some((successor, _)) => take_place::<K>(cx, server, id, *successor).await,
            None => K::delete(cx, server, id).await.optional().map(|_| ()),
        };
        match done {
            Ok(()) => {}
            Err(error) if K::is_held(&error) => {}
            Err(error) => cx.warn(not_deleted(K::NOUN, &id, &error)),
        }
    }
}

/// Finishes the work of an earlier run if a successor and its retired predecessor both exist: Terraform lost the
/// state of the successor.
pub(crate) async fn finish<K: Held, B, M, R>(
    cx: &Cx<Client>,
    server: &Server,
    predecessor: Option<&Object<K::Id, B, M, R>>,
    successor: &Object<K::Id, B, M, R>,
) {
    let predecessor = predecessor.map(|predecessor| (predecessor.id, predecessor.name.clone()));
    release::<K>(cx, server, predecessor, &[(successor.id, successor.name.clone())]).await;
}

/// Deletes the retired objects among those that a user has stopped using, as [`release`] does. The first call of a
/// run asks the server for all retired objects.
pub(crate) async fn release_retired<K: Held>(
    cx: &Cx<Client>,
    server: &Server,
    let_go: &[K::Id],
    now: &[(K::Id, String)],
) {
    let Some(client) = cx.client_if_known().filter(|_| !let_go.is_empty()) else { return };
    let waiting = client.memory::<Waiting>().of::<K>(server).await;
    let retired = |id: &K::Id| Some((*id, waiting.get(&id.to_string())?.clone()));
    release::<K>(cx, server, let_go.iter().filter_map(retired).collect::<Vec<_>>(), now).await;
}

/// Returns the warning for an object without a successor that is still in use.
pub(crate) fn still_held(noun: Noun, name: &str, name_now: &str, holders: &[String]) -> Diag {
    let words = noun.words;
    Diag::warning(format!("The {words} {name:?} is still in use"))
        .why(format!(
            "It is used by:\n  {}\n\nIt was not deleted. It is no longer in the Terraform state, and its name \
             is now {name_now:?}.",
            holders.join("\n  ")
        ))
        .fix(
            "If this run changes or deletes its users, there is nothing to do: it is deleted with the last of \
             them. Otherwise, replace it in its users and delete it, or import it again.",
        )
}

fn place_not_taken(noun: Noun, predecessor: &dyn fmt::Display, error: &ApiError, is_final: bool) -> Diag {
    let words = noun.words;
    let diag = Diag::warning(format!("The old {words} is still in use")).why(format!(
        "Not every user of the old {words} {predecessor} could be changed to the new one: {error}."
    ));
    let diag = if is_final {
        diag.fix(format!(
            "Change its users to the new {words} with a credential that has permission, then delete the old one."
        ))
    } else {
        diag.fix("Run terraform apply again to finish.")
    };
    match error.call() {
        Some(call) => diag.trace(call.to_string()),
        None => diag,
    }
}

/// Returns the warning for a retired object that could not be deleted.
pub(crate) fn not_deleted(noun: Noun, id: &dyn fmt::Display, error: &ApiError) -> Diag {
    let words = noun.words;
    let diag = Diag::warning(format!("The replaced {words} {id} was not deleted"))
        .why(format!("It is no longer in use, but the server did not delete it: {error}."))
        .fix("Delete it in the dashboard or with the ZenML command line.");
    match error.call() {
        Some(call) => diag.trace(call.to_string()),
        None => diag,
    }
}
