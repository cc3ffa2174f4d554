//! How a component is made and changed, and what the server made of it.

use std::collections::BTreeSet;

use serde_json::Value as Json;
use tfkit::{Cx, Diag, Resource as _, Since};
use zenml_api::workspace::component::{
    self as api, Component, ComponentCreate, ComponentQuery, ComponentUpdate,
};
use zenml_api::{ComponentId, Patch, Sensitive};
use zenml_client::ApiError;

use super::stored::UNWRITTEN;
use super::typed::means_the_same;
use super::{DROPPED, HeldComponents, NOUN, Remote, StackComponent};
use crate::client::Client;
use crate::creation;
use crate::failure::{Needs, cannot};
use crate::in_workspace::scope::{Seen, Server};
use crate::in_workspace::text;
use crate::run_environment::{self as run, SecretChange};
use crate::succession::{finish, retired, with_retired};

/// Makes the component. One that has the name already is never taken over, except after a lost answer, when it was not
/// there before.
pub(super) async fn make(
    cx: &Cx<Client>,
    server: &Server,
    plan: &StackComponent,
) -> Result<(Component, Option<ComponentId>), Diag> {
    let exists = |existing: Option<&Component>| {
        let id = existing.map(|existing| existing.id);
        NOUN.exists(&plan.name, server.workspace_id, id, StackComponent::NAME)
    };
    let look = || named(server, &plan.kind, &plan.name);
    let all = ComponentQuery { kind: vec![plan.kind.clone()], ..ComponentQuery::default() };
    let is_free = crate::in_workspace::names::is_free_old(
        cx.client().await?,
        server,
        &plan.kind,
        &plan.name,
        (&api::LIST, all),
    );
    let found = if is_free.await {
        Vec::new()
    } else {
        all_named(server, &plan.kind, &plan.name, with_retired(&plan.name)).await?
    };
    let of_name = |name: &str| found.iter().find(|component| component.name == name);
    let predecessor = of_name(&retired(&plan.name));
    if let Some(existing) = of_name(&plan.name) {
        finish::<HeldComponents, _, _, _>(cx, server, predecessor, existing).await;
        return Err(exists(Some(existing)));
    }
    let (connector, connector_resource_id) = plan.connector();
    let request = ComponentCreate {
        name: plan.name.clone(),
        kind: plan.kind.clone(),
        flavor: plan.flavor.clone(),
        configuration: Sensitive::new(plan.sent()),
        labels: plan.labels.as_ref().map(text::labels),
        environment: plan.environment.as_ref().cloned(),
        secrets: run::sent_secrets(plan.secrets.as_ref()),
        connector,
        connector_resource_id,
    };
    let answer = server.api.send(&api::CREATE, (), (), request).await;
    let made = creation::outcome(answer, look(), exists, |error| plan.failed("create", error)).await?;
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
    match server.api.send(&api::UPDATE, id, (), change).await {
        Ok(component) => Ok(component),
        Err(error @ ApiError::Conflict(_)) => match named(server, &plan.kind, &plan.name).await? {
            Some(other) => {
                Err(NOUN.exists(&plan.name, server.workspace_id, Some(other.id), StackComponent::NAME))
            }
            None => Err(plan.failed("change", &error)),
        },
        Err(error) => Err(plan.failed("change", &error)),
    }
}

/// What a component is after it was written. Settings that the server did not keep are named once, and remembered, so
/// that a read can tell them from settings that somebody removed.
pub(super) fn settle(
    cx: &Cx<Client>,
    server: &Server,
    component: Component,
    plan: &StackComponent,
) -> Result<StackComponent, Diag> {
    let stored = component.metadata.as_ref().map(|metadata| metadata.configuration.expose());
    let kept = |key: &String| stored.is_none_or(|stored| stored.contains_key(key));
    let dropped: BTreeSet<String> = plan.sent().into_keys().filter(|key| !kept(key)).collect();
    let remembered = Json::Array(dropped.iter().cloned().map(Json::String).collect());
    let remote = Remote { component, dropped: Some(dropped.clone()) };
    let made = StackComponent::observe(&Seen::on(server, remote), Since::Answer(plan))?;
    cx.save(&made);
    if cx.private(UNWRITTEN).is_none() {
        cx.set_private(DROPPED, remembered)?;
    }
    if !dropped.is_empty() {
        let names: Vec<&str> = dropped.iter().map(String::as_str).collect();
        cx.warn(
            Diag::warning(format!("The server did not keep all settings of {:?}", plan.name))
                .why(format!(
                    "Without effect for the flavor {:?}: {}. They stay in the state.",
                    plan.flavor,
                    names.join(", ")
                ))
                .fix("Check their spelling, or take them out of the configuration.")
                .at(plan.settings_place()),
        );
    }
    Ok(made)
}

/// The component of a type and a name, with all that is known of it.
pub(super) async fn named(server: &Server, kind: &str, name: &str) -> Result<Option<Component>, Diag> {
    let listed = all_named(server, kind, name, text::exactly(name)).await?;
    Ok(listed.into_iter().find(|component| component.name == name))
}

/// The components of a type that a filter of names lets through.
async fn all_named(
    server: &Server,
    kind: &str,
    name: &str,
    filter: Vec<String>,
) -> Result<Vec<Component>, Diag> {
    let query = ComponentQuery {
        name: filter,
        kind: vec![kind.to_owned()],
        hydrate: Some(true),
        ..ComponentQuery::default()
    };
    let mut listed = server.api.list_all(&api::LIST, (), query).await.map_err(|error| {
        cannot(format_args!("look for the stack component {name:?}"), Needs::WORKSPACE_VIEWER, &error)
    })?;
    // A filter that a server does not know is ignored by it.
    listed.retain(|component| component.body.as_ref().is_some_and(|body| body.kind == kind));
    Ok(listed)
}
