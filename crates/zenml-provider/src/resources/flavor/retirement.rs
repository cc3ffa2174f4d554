//! Retires flavors that are in use: see [`succession`](crate::succession).
//!
//! Components refer to their flavor by its name, and cannot be read without it. So a retired flavor keeps its name
//! and is marked by its display name.

use tfkit::{Cx, Diag};
use zenml_api::workspace::component::{self, ComponentQuery};
use zenml_api::workspace::flavor::{self as api, FlavorUpdate};
use zenml_api::{FlavorId, Patch};
use zenml_client::{Api, ApiError, Optional as _};

use super::Flavor;
use crate::client::Client;
use crate::in_workspace::InWorkspace as _;
use crate::in_workspace::scope::Server;
use crate::in_workspace::text;
use crate::succession;

/// Returns whether a flavor is retired.
pub(super) fn is_retired(flavor: &api::Flavor) -> bool {
    let shown =
        flavor.body.as_ref().filter(|body| body.is_custom).and_then(|body| body.display_name.as_ref());
    shown.is_some_and(|shown| succession::is_retired(shown))
}

/// Retires a flavor whose deletion was rejected because components use it.
pub(super) async fn retire(
    cx: &Cx<Client>,
    api: &Api,
    id: FlavorId,
    prior: &Flavor,
    successor: Option<&str>,
) -> Result<(), Diag> {
    let shown = succession::retired(&prior.name);
    let change = FlavorUpdate { display_name: Patch::Set(shown.clone()), ..FlavorUpdate::default() };
    let renamed = api.send(&api::UPDATE, id, (), change).await.optional();
    renamed.map_err(|error| prior.failed("delete", &error))?;
    if successor == Some(prior.name.as_str()) {
        return Ok(());
    }
    let holders = users(api, &prior.name).await.unwrap_or_default();
    if !holders.is_empty() {
        cx.warn(succession::still_held(Flavor::NOUN, &prior.name, &shown, &holders));
    }
    Ok(())
}

/// Deletes a flavor that a component no longer uses, if it is retired and no other component uses it.
pub(crate) async fn release(cx: &Cx<Client>, server: &Server, flavor: &api::Flavor) {
    if !is_retired(flavor) {
        return;
    }
    match server.api.call(&api::DELETE, flavor.id).await.optional() {
        Ok(_) => {}
        Err(error) if error.is_in_use() => {}
        Err(error) => cx.warn(succession::not_deleted(Flavor::NOUN, &flavor.id, &error)),
    }
}

/// Returns the components with a flavor of this name, except retired ones. A server checks only the name, so
/// components of other types count as well.
async fn users(api: &Api, flavor: &str) -> Result<Vec<String>, ApiError> {
    let query = ComponentQuery { flavor: text::exactly(flavor), ..ComponentQuery::default() };
    let components = api.list_all(&component::LIST, (), query).await?;
    let named = |component: &component::Component| {
        let kind = component.body.as_ref().map_or("component", |body| body.kind.as_str());
        format!("the {kind} {:?} ({})", component.name, component.id)
    };
    let stays = |component: &&component::Component| !succession::is_retired(&component.name);
    Ok(components.iter().filter(stays).map(named).collect())
}
