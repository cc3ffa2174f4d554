//! Creations, which an embedded workspace rejects.

use serde_json::Value;
use uuid::Uuid;
use zenml_api::workspace::execution::Noun;
use zenml_api::{IdOrName, Identifier as _, ProjectId};

use super::form;
use crate::error::{Error, Result};
use crate::http::Cx;
use crate::rbac::{Create, Kind, Resource, Target};
use crate::workspace::account::{Me, enter};
use crate::workspace::noun::locate;
use crate::workspace::project::Project;

/// Why nothing can be created.
const NO_PIPELINES: &str = "An embedded workspace does not run pipelines, so it has no runs, models or artifacts. \
                            Pipelines run on a workspace of `zenml-local serve --engine zenml`.";

/// 501 with the reason.
pub(super) fn no_pipelines() -> Error {
    Error::not_implemented(NO_PIPELINES)
}

/// Rejects a creation. As on a server, an invalid body comes first and a missing permission next.
pub(super) async fn create<N: Noun>(cx: Cx, (): (), (): (), new: Value) -> Result<Value> {
    form::check(N::NEW, &new)?;
    let me = enter(&cx).await?;
    permitted(&cx, me, N::RESOURCE, &new, || Err(no_pipelines())).await
}

/// Checks the permission to create an object of this resource type in the project of the body, and the project; then
/// returns this answer.
pub(super) async fn permitted<T: serde::Serialize>(
    cx: &Cx,
    me: Me,
    resource: &str,
    new: &Value,
    answer: impl Fn() -> Result<T>,
) -> Result<T> {
    // A step and what else belongs to a run require a permission for the run, which does not exist.
    let (Ok(kind), Some(project)) = (resource.parse::<Kind>(), id(new, "project")) else {
        return answer();
    };
    cx.tx(async |tx| {
        let all = Resource { kind, project: Some(project), id: None };
        tx.allow::<Create, _>(Target::in_workspace(me.place, all)).await?;
        locate::<Project>(tx, me.place, &IdOrName::Id(ProjectId::from_uuid(project))).await?;
        answer()
    })
    .await
}

fn id(new: &Value, member: &str) -> Option<Uuid> {
    Uuid::try_parse(new.get(member)?.as_str()?).ok()
}
