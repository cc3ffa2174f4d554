//! How a component is made and changed, and what the server made of it.

use std::collections::BTreeSet;

use serde_json::Value as Json;
use tfkit::{Cx, Diag};
use zenml_api::workspace::component::{Component, ComponentUpdate};
use zenml_api::{ComponentId, Patch, Sensitive};

use super::stored::UNWRITTEN;
use super::typed::means_the_same;
use super::{DROPPED, HeldComponents, StackComponent};
use crate::client::Client;
use crate::in_workspace::scope::Server;
use crate::in_workspace::{InWorkspace as _, names, read, text, write};
use crate::run_environment::{self as run, SecretChange};
use crate::succession::{finish, retired, with_retired};

/// Makes the component. One that has the name already is never taken over, except after a lost answer, when it was not
/// there before.
pub(super) async fn make(
    cx: &Cx<Client>,
    server: &Server,
    plan: &StackComponent,
) -> Result<(Component, Option<ComponentId>), Diag> {
    let found = if names::is_free(cx.client().await?, server, plan, &plan.name).await {
        Vec::new()
    } else {
        let found = read::all::<StackComponent>(&server.api, plan.namesakes(with_retired(&plan.name))).await;
        let mut found = found.map_err(|error| plan.unlisted(&error))?;
        // A filter that a server does not know is ignored by it.
        found.retain(|component| plan.is_in_the_way(component));
        found
    };
    let of_name = |name: &str| found.iter().find(|component| component.name == name);
    let predecessor = of_name(&retired(&plan.name));
    if let Some(existing) = of_name(&plan.name) {
        finish::<HeldComponents, _, _, _>(cx, server, predecessor, existing).await;
        return Err(plan.exists(server, Some(existing)));
    }
    let made = write::make(server, plan).await?;
    Ok((made, predecessor.map(|predecessor| predecessor.id)))
}

/// What is to be sent to lead from the state to the plan; none where both mean the same. Secrets are left to
/// [`update`], which knows those that the component has at that time.
pub(super) fn change(prior: &StackComponent, plan: &StackComponent) -> Option<ComponentUpdate> {
    let as_json = |component: &StackComponent| Json::Object(component.sent().into_iter().collect());
    let settings = as_json(plan);
    let (connector, connector_resource_id) = plan.connector();
    let change = ComponentUpdate {
        name: Patch::between(Some(&prior.name), Some(plan.name.clone())),
        configuration: if means_the_same(&as_json(prior), &settings) {
            Patch::Keep
        } else {
            Patch::Set(Sensitive::new(plan.sent()))
        },
        labels: text::labels_change(prior.labels.as_ref(), plan.labels.as_ref()),
        environment: run::variables_change(prior.environment.as_ref(), plan.environment.as_ref()),
        connector,
        connector_resource_id,
        add_secrets: None,
        remove_secrets: None,
    };
    // The link is sent with every change, because a server drops one that is not named.
    let (connector, connector_resource_id) = plan.connector();
    let nothing = ComponentUpdate { connector, connector_resource_id, ..ComponentUpdate::default() };
    let is_needed =
        change != nothing || plan.connector() != prior.connector() || has_other_secrets(prior, plan);
    is_needed.then_some(change)
}

fn has_other_secrets(prior: &StackComponent, plan: &StackComponent) -> bool {
    run::differ(prior.secrets.as_ref(), plan.secrets.as_ref())
}

/// Carries out a change.
pub(super) async fn update(
    server: &Server,
    prior: &StackComponent,
    plan: &StackComponent,
    mut change: ComponentUpdate,
) -> Result<Component, Diag> {
    let id = prior.id.get()?.0;
    let linked: Vec<_> = prior.secrets.as_ref().into_iter().flatten().map(|id| id.0).collect();
    let SecretChange { add, remove } =
        run::secret_change(&linked, prior.secrets.as_ref(), plan.secrets.as_ref());
    (change.add_secrets, change.remove_secrets) = (add, remove);
    let changed = write::send(server, id, change, plan).await?;
    changed.ok_or_else(|| StackComponent::NOUN.vanished(&plan.name))
}

/// What a component is after it was written. Settings that the server did not keep are named once, and remembered, so
/// that a read can tell them from settings that somebody removed.
pub(super) fn settle(
    cx: &Cx<Client>,
    server: &Server,
    component: &Component,
    plan: &StackComponent,
) -> Result<StackComponent, Diag> {
    let stored = component.metadata.as_ref().map(|metadata| metadata.configuration.expose());
    let kept = |key: &String| stored.is_none_or(|stored| stored.contains_key(key));
    let dropped: BTreeSet<String> = plan.sent().into_keys().filter(|key| !kept(key)).collect();
    let remembered = Json::Array(dropped.iter().cloned().map(Json::String).collect());
    let made = read::observed(server, component, plan)?;
    cx.save(&made);
    if cx.private(UNWRITTEN).is_none() {
        cx.set_private(DROPPED, remembered)?;
    }
    if !dropped.is_empty() {
        let names: Vec<&str> = dropped.iter().map(String::as_str).collect();
        cx.warn(
            Diag::warning(format!("The server ignored settings of {:?}", plan.name))
                .why(format!(
                    "The flavor {:?} does not use: {}. They stay in the state.",
                    plan.flavor,
                    names.join(", ")
                ))
                .fix("Check their spelling, or remove them from the configuration.")
                .at(plan.settings_place()),
        );
    }
    Ok(made)
}
