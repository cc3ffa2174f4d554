//! Creating, changing and deleting an object of a workspace.

use tfkit::field::Misfit;
use tfkit::model::{Key as _, settled};
use tfkit::{Cx, Diag, Partial, Path};
use zenml_api::WorkspaceId;
use zenml_api::workspace::{Crud as _, Named as _};
use zenml_client::{ApiError, Optional as _};

use super::object::{ChangeOf, IdOf, InWorkspace};
use super::scope::{self, Server};
use super::{names, read, text};
use crate::client::Client;
use crate::creation;
use crate::succession;

/// The name of an object, for messages.
pub(crate) fn name_of<T: InWorkspace>(model: &T) -> String {
    Partial::new(model.to_object()).get(T::NAME).known().unwrap_or_default()
}

/// The workspace that an object says it is in.
pub(crate) fn home_of<T: InWorkspace>(model: &T) -> Option<WorkspaceId> {
    Partial::new(model.to_object()).get(T::WORKSPACE_ID).known().map(|id| id.0)
}

/// The id of an object that exists.
pub(crate) fn id_of<T: InWorkspace>(model: &T) -> Result<IdOf<T>, Diag> {
    T::Key::from_object(&model.to_object()).map(|key| key.id.0).map_err(Misfit::into_diag)
}

/// Whether an update writes down in which workspace the object is, which the state does not tell yet.
pub(crate) fn moves_in<T: InWorkspace>(prior: &T, plan: &T) -> bool {
    home_of(prior).is_none() && home_of(plan).is_some()
}

/// Saves that an object exists, before anything is done that can fail.
pub(crate) fn save_created<T: InWorkspace>(cx: &Cx<Client>, plan: &T, id: IdOf<T>) -> Result<(), Diag> {
    let mut object = plan.to_object();
    object.set_at(&Path::default().attr("id"), id.to_string().into());
    cx.save(&T::from_object(&object).map_err(Misfit::into_diag)?);
    Ok(())
}

/// Creates an object whose name is free.
pub(crate) async fn create<T: InWorkspace>(cx: &Cx<Client>, plan: T) -> Result<T, Diag> {
    let server = scope::open(cx, home_of(&plan)).await?;
    require_free_name(cx, &server, &plan).await?;
    let object = make(&server, &plan).await?;
    save_created(cx, &plan, object.id())?;
    T::settled(cx, &server, object, &plan).await
}

/// Makes sure that a name is free.
pub(crate) async fn require_free_name<T: InWorkspace>(
    cx: &Cx<Client>,
    server: &Server,
    plan: &T,
) -> Result<(), Diag> {
    let name = name_of(plan);
    if names::is_free::<T>(cx.client().await?, server, plan, &name).await {
        return Ok(());
    }
    match with_name(server, plan).await? {
        Some(existing) => Err(plan.exists(server, Some(&existing))),
        None => Ok(()),
    }
}

/// Creates the object, whose name was free. After a lost answer it is taken over only because of that.
pub(crate) async fn make<T: InWorkspace>(server: &Server, plan: &T) -> Result<T::Wire, Diag> {
    let answer = server.api.send(&T::Wire::CREATE, (), (), plan.wanted()?).await;
    creation::outcome(
        answer,
        with_name(server, plan),
        |existing| plan.exists(server, existing),
        |error| plan.failed("create", error),
    )
    .await
}

/// The object that has the name of another one and is in its way, if the caller may see it.
pub(crate) async fn with_name<T: InWorkspace>(server: &Server, plan: &T) -> Result<Option<T::Wire>, Diag> {
    let name = name_of(plan);
    let found = read::all::<T>(&server.api, plan.namesakes(text::exactly(&name))).await;
    let found = found.map_err(|error| plan.unlisted(&error))?;
    // A server ignores a filter that it does not know, and some compare without regard to case.
    Ok(found.into_iter().find(|object| object.name() == name && plan.is_in_the_way(object)))
}

/// Changes an object in place.
pub(crate) async fn update<T: InWorkspace>(cx: &Cx<Client>, prior: T, plan: T) -> Result<T, Diag> {
    succession::settle(cx);
    let id = id_of(&prior)?;
    let change = T::change(&prior, &plan)?;
    if change.is_none() && !moves_in(&prior, &plan) {
        return settled(&plan, &prior);
    }
    let server = scope::open(cx, home_of(&plan).or(home_of(&prior))).await?;
    let changed = match change {
        Some(change) => send(&server, id, change, &plan).await?,
        None => read::look::<T>(&server.api, id).await?,
    };
    let (before, now) = (home_of(&prior), home_of(&plan));
    let changed = changed.ok_or_else(|| T::NOUN.lost(&name_of(&plan), before, now, T::WORKSPACE_ID))?;
    T::settled(cx, &server, changed, &plan).await
}

/// Sends a change; `None` where the object is gone.
pub(crate) async fn send<T: InWorkspace>(
    server: &Server,
    id: IdOf<T>,
    change: ChangeOf<T>,
    plan: &T,
) -> Result<Option<T::Wire>, Diag> {
    match server.api.send(&T::Wire::UPDATE, id, Default::default(), change).await.optional() {
        Ok(changed) => Ok(changed),
        Err(error @ ApiError::Conflict(_)) => match with_name(server, plan).await? {
            Some(other) if other.id() != id => Err(plan.exists(server, Some(&other))),
            _ => Err(plan.failed("change", &error)),
        },
        Err(error) => Err(plan.failed("change", &error)),
    }
}

/// Deletes an object; one that is gone is a success.
pub(crate) async fn delete<T: InWorkspace>(cx: &Cx<Client>, prior: T) -> Result<(), Diag> {
    let Some(server) = scope::open_to_delete(cx, home_of(&prior)).await? else { return Ok(()) };
    let gone = server.api.call(&T::Wire::DELETE, id_of(&prior)?.into()).await.optional();
    gone.map(|_| ()).map_err(|error| prior.failed("delete", &error))
}
