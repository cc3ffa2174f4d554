//! Creates, changes and deletes an object of a workspace.

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

/// Returns the name of an object, for messages.
pub(crate) fn name_of<T: InWorkspace>(model: &T) -> String {
    Partial::new(model.to_object()).get(T::NAME).known().unwrap_or_default()
}

/// Returns the workspace of a model.
pub(crate) fn home_of<T: InWorkspace>(model: &T) -> Option<WorkspaceId> {
    Partial::new(model.to_object()).get(T::WORKSPACE_ID).known().map(|id| id.0)
}

/// Returns the id of an existing object.
pub(crate) fn id_of<T: InWorkspace>(model: &T) -> Result<IdOf<T>, Diag> {
    T::Key::from_object(&model.to_object()).map(|key| key.id.0).map_err(Misfit::into_diag)
}

/// Returns whether an update adds the workspace of an object to a state that lacks it.
pub(crate) fn moves_in<T: InWorkspace>(prior: &T, plan: &T) -> bool {
    home_of(prior).is_none() && home_of(plan).is_some()
}

/// Saves a created object in the state, before any further step can fail.
pub(crate) fn save_created<T: InWorkspace>(cx: &Cx<Client>, plan: &T, id: IdOf<T>) -> Result<(), Diag> {
    let mut object = plan.to_object();
    object.set_at(&Path::default().attr("id"), id.to_string().into());
    cx.save(&T::from_object(&object).map_err(Misfit::into_diag)?);
    Ok(())
}

/// Creates an object. Its name must be free.
pub(crate) async fn create<T: InWorkspace>(cx: &Cx<Client>, plan: T) -> Result<T, Diag> {
    let server = scope::open(cx, home_of(&plan)).await?;
    require_free_name(cx, &server, &plan).await?;
    let object = create_on(&server, &plan).await?;
    save_created(cx, &plan, object.id())?;
    T::settled(cx, &server, object, &plan).await
}

/// Fails if the name of an object is taken.
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

/// Sends the creation request for an object whose name was free. Only for that reason an object that exists after a
/// lost response is taken for the new one.
pub(crate) async fn create_on<T: InWorkspace>(server: &Server, plan: &T) -> Result<T::Wire, Diag> {
    let answer = server.api.send(&T::Wire::CREATE, (), (), plan.wanted()?).await;
    creation::outcome(
        answer,
        with_name(server, plan),
        |existing| plan.exists(server, existing),
        |error| plan.failed("create", error),
    )
    .await
}

/// Returns the object whose name conflicts with that of another one, if the caller has access to it.
pub(crate) async fn with_name<T: InWorkspace>(server: &Server, plan: &T) -> Result<Option<T::Wire>, Diag> {
    let name = name_of(plan);
    let found = read::all::<T>(&server.api, plan.namesakes(text::exactly(&name))).await;
    let found = found.map_err(|error| plan.unlisted(&error))?;
    // Servers ignore unknown filters, and some ignore case.
    Ok(found.into_iter().find(|object| object.name() == name && plan.conflicts_with(object)))
}

/// Changes an object in place.
pub(crate) async fn update<T: InWorkspace>(cx: &Cx<Client>, prior: T, plan: T) -> Result<T, Diag> {
    succession::forget_successor(cx);
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

/// Sends an update request. Returns `None` if the object is not found.
pub(crate) async fn send<T: InWorkspace>(
    server: &Server,
    id: IdOf<T>,
    change: ChangeOf<T>,
    plan: &T,
) -> Result<Option<T::Wire>, Diag> {
    match server.api.send(&T::Wire::UPDATE, id, Default::default(), change).await {
        Ok(changed) => Ok(Some(changed)),
        // The server finds neither an object that is gone nor an object that the change refers to.
        Err(error @ ApiError::NotFound(_)) => match read::look::<T>(&server.api, id).await? {
            Some(_) => Err(plan.failed("change", &error)),
            None => Ok(None),
        },
        Err(error @ ApiError::Conflict(_)) => match with_name(server, plan).await? {
            Some(other) if other.id() != id => Err(plan.exists(server, Some(&other))),
            _ => Err(plan.failed("change", &error)),
        },
        Err(error) => Err(plan.failed("change", &error)),
    }
}

/// Deletes an object. An object that is already gone is a success.
pub(crate) async fn delete<T: InWorkspace>(cx: &Cx<Client>, prior: T) -> Result<(), Diag> {
    let Some(server) = scope::open_to_delete(cx, home_of(&prior)).await? else { return Ok(()) };
    let gone = server.api.call(&T::Wire::DELETE, id_of(&prior)?.into()).await.optional();
    gone.map(|_| ()).map_err(|error| prior.failed("delete", &error))
}
