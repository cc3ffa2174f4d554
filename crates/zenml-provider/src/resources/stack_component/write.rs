//! Creates and changes components, and checks what the server stored.

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

/// Creates the component. An existing one with the same name is never taken over, except after a lost response, if it
/// did not exist before.
pub(super) async fn create(
    cx: &Cx<Client>,
    server: &Server,
    plan: &StackComponent,
) -> Result<(Component, Option<ComponentId>), Diag> {
    let found = if names::is_free(cx.client().await?, server, plan, &plan.name).await {
        Vec::new()
    } else {
        let found = read::all::<StackComponent>(&server.api, plan.namesakes(with_retired(&plan.name))).await;
        let mut found = found.map_err(|error| plan.unlisted(&error))?;
        // Servers ignore unknown filters.
        found.retain(|component| plan.conflicts_with(component));
        found
    };
    let of_name = |name: &str| found.iter().find(|component| component.name == name);
    let predecessor = of_name(&retired(&plan.name));
    if let Some(existing) = of_name(&plan.name) {
        finish::<HeldComponents, _, _, _>(cx, server, predecessor, existing).await;
        return Err(plan.exists(server, Some(existing)));
    }
    let created = write::create_on(server, plan).await?;
    Ok((created, predecessor.map(|predecessor| predecessor.id)))
}

/// Returns the update from the state to the plan; `None` if both are equivalent. [`update`] adds the secrets, because
/// it knows the current ones.
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
    // The connector is sent with every update, because a server removes one that the request omits.
    let (connector, connector_resource_id) = plan.connector();
    let nothing = ComponentUpdate { connector, connector_resource_id, ..ComponentUpdate::default() };
    let is_needed =
        change != nothing || plan.connector() != prior.connector() || has_other_secrets(prior, plan);
    is_needed.then_some(change)
}

fn has_other_secrets(prior: &StackComponent, plan: &StackComponent) -> bool {
    run::differ(prior.secrets.as_ref(), plan.secrets.as_ref())
}

/// Sends an update.
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

/// Returns the model after a write. A warning names settings that the server ignored. They are remembered, so that a
/// read can distinguish them from settings that were removed outside of Terraform.
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
    let created = read::observed(server, component, plan)?;
    cx.save(&created);
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
    Ok(created)
}
