//! Reads one object of a workspace.

use tfkit::{Cx, Diag, Since};
use zenml_api::paging::PageQuery as _;
use zenml_api::workspace::Crud;
use zenml_client::{Api, ApiError, Optional as _};

use super::object::{Found, IdOf, InWorkspace, QueryOf};
use super::scope::{self, Seen, Server};
use crate::client::Client;
use crate::failure::{Needs, cannot};

/// An object that was read, with its additional data.
#[derive(Clone, Debug)]
pub struct Read<T: InWorkspace> {
    pub(crate) object: T::Wire,
    pub(crate) beside: T::Beside,
}

/// Reads an object from its server.
pub(crate) async fn fetch<T: InWorkspace>(
    cx: &Cx<Client>,
    key: &T::Key,
) -> Result<Option<Seen<Read<T>>>, Diag> {
    let id = key.id.0;
    scope::read(cx, key.workspace_id, async |server| match look::<T>(&server.api, id).await? {
        Some(object) => {
            let beside = T::beside(cx, server, &object).await?;
            Ok(Some(Read { object, beside }))
        }
        None => T::not_found(cx, server, id).await.map(|()| None),
    })
    .await
}

/// Returns the object with an id.
pub(crate) async fn look<T: InWorkspace>(api: &Api, id: IdOf<T>) -> Result<Option<T::Wire>, Diag> {
    let found = api.send(&T::Wire::GET, id.into(), T::look(), ()).await.optional();
    found.map_err(|error| unreadable::<T>(id, &error))
}

/// Returns the error for a failed read.
pub(crate) fn unreadable<T: InWorkspace>(id: IdOf<T>, error: &ApiError) -> Diag {
    cannot(format_args!("read {} {id}", T::NOUN.words), Needs::WORKSPACE_VIEWER, error)
}

/// Returns all objects that match a query, with their metadata.
pub(crate) async fn all<T: InWorkspace>(api: &Api, query: QueryOf<T>) -> Result<Vec<T::Wire>, ApiError> {
    api.list_all(&T::Wire::LIST, (), query.with_metadata()).await
}

/// Returns the error for a failed lookup by name.
pub(crate) fn unlisted<T: InWorkspace>(name: &str, error: &ApiError) -> Diag {
    cannot(format_args!("look for {} {name:?}", T::NOUN.words), Needs::WORKSPACE_VIEWER, error)
}

/// Converts the response to a creation or an update into a model.
pub(crate) fn observed<T: InWorkspace>(server: &Server, object: &T::Wire, plan: &T) -> Result<T, Diag> {
    let found = Found { workspace: server.workspace_id, object, beside: &T::Beside::default() };
    T::observe(&found, Since::Answer(plan))
}
