//! The server's own description of a connector type, read while planning.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use tfkit::{Cx, Diag, Dyn, Plan};
use zenml_api::WorkspaceId;
use zenml_api::workspace::connector_type::{self, AuthMethodDescription, TypeDescription};
use zenml_client::{Api, Optional as _};

use super::{ServiceConnector as Connector, catalog};
use crate::cache::Cache;
use crate::client::Client;
use crate::in_workspace::scope;

/// Service connector types by server and name; `None` if the server does not know the type.
#[derive(Debug, Default)]
struct Types(Cache<(Option<WorkspaceId>, String), Option<TypeDescription>>);

/// Rejects what the server would reject, and warns of settings that it would ignore. If the server does not know the
/// type or is not available yet, warnings are based on the types of ZenML 0.98.
pub(super) async fn check(cx: &Cx<Client>, plan: &mut Plan<Connector>) {
    let changes = plan.is_create()
        || plan.changes(Connector::TYPE)
        || plan.changes(Connector::AUTH_METHOD)
        || plan.changes(Connector::RESOURCE_TYPE)
        || plan.changes(Connector::EXPIRATION_SECONDS)
        || configures(plan);
    if plan.is_delete() || !changes {
        return;
    }
    match description(cx, plan).await {
        Some(known) => {
            let (problems, dropped) = problems(&known, plan);
            for problem in problems {
                plan.error(problem);
            }
            if let Some(warning) = dropped {
                plan.warn(warning);
            }
        }
        None => {
            for warning in catalog::unfamiliar(plan.config().object()) {
                plan.warn(warning);
            }
        }
    }
}

fn configures(plan: &Plan<Connector>) -> bool {
    plan.is_create()
        || plan.changes(Connector::CONFIGURATION)
        || plan.changes(Connector::CONFIGURATION_WO_VERSION)
}

async fn description(cx: &Cx<Client>, plan: &Plan<Connector>) -> Option<TypeDescription> {
    let kind = plan.get(Connector::TYPE).known()?;
    let config = plan.config().get(Connector::WORKSPACE_ID);
    if config.is_unknown() {
        return None;
    }
    let own = config.known().or_else(|| plan.get(Connector::WORKSPACE_ID).known()).map(|id| id.0);
    let client = cx.client().await.ok()?;
    // An error here does not fail the plan: the apply encounters and reports it.
    let (workspace, server) = server(client, own).await?;
    let read = async { server.call(&connector_type::GET, kind.clone()).await.optional() };
    let known = client.memory::<Types>().0.get(&(workspace, kind.clone()), read).await.ok()?;
    (*known).clone()
}

async fn server(client: &Client, own: Option<WorkspaceId>) -> Option<(Option<WorkspaceId>, Api)> {
    match scope::workspace_of(client, own).await.ok()? {
        Some(id) => Some((Some(id), client.api().workspace(id).await.ok()?)),
        None => Some((None, client.api().server().ok()?.clone())),
    }
}

/// Returns the errors for what the server would reject, and the warning for what it would ignore.
fn problems(known: &TypeDescription, plan: &Plan<Connector>) -> (Vec<Diag>, Option<Diag>) {
    let kind = &known.connector_type;
    let mut problems = Vec::new();
    let name = plan.config().get(Connector::AUTH_METHOD).known();
    let method =
        name.as_ref().and_then(|name| known.auth_methods.iter().find(|method| method.auth_method == *name));
    if let (Some(name), None) = (&name, method) {
        let names = known.auth_methods.iter().map(|method| method.auth_method.as_str());
        let what =
            format!("The server does not know the authentication method {name:?} of the type {kind:?}");
        problems.push(unknown(what, names).at(Connector::AUTH_METHOD));
    }
    if let Some(name) = plan.config().get(Connector::RESOURCE_TYPE).known() {
        problems.extend(
            resource_problem(known, &name, method).map(|problem| problem.at(Connector::RESOURCE_TYPE)),
        );
    }
    let mut dropped = None;
    if let Some(method) = method {
        problems.extend(expiration_problem(method, plan));
        if configures(plan) {
            let (missing, warning) = configuration_problems(method, plan);
            problems.extend(missing);
            dropped = warning;
        }
    }
    (problems, dropped)
}

fn resource_problem(
    known: &TypeDescription,
    name: &str,
    method: Option<&AuthMethodDescription>,
) -> Option<Diag> {
    let kind = &known.connector_type;
    let Some(resource) = known.resource_types.iter().find(|resource| resource.resource_type == name) else {
        let names = known.resource_types.iter().map(|resource| resource.resource_type.as_str());
        return Some(unknown(
            format!("The server does not know the resource type {name:?} of the type {kind:?}"),
            names,
        ));
    };
    let method = method.map(|method| &method.auth_method)?;
    let reached = resource.auth_methods.is_empty() || resource.auth_methods.contains(method);
    let what = format!("The authentication method {method:?} does not support the resource type {name:?}");
    (!reached).then(|| unknown(what, resource.auth_methods.iter().map(String::as_str)))
}

fn expiration_problem(method: &AuthMethodDescription, plan: &Plan<Connector>) -> Option<Diag> {
    let seconds = plan.config().get(Connector::EXPIRATION_SECONDS).known()?;
    let AuthMethodDescription { auth_method, .. } = method;
    let (least, most) = (method.min_expiration_seconds, method.max_expiration_seconds);
    let why = if least.is_none() && most.is_none() && method.default_expiration_seconds.is_none() {
        format!("The authentication method {auth_method:?} does not create temporary credentials.")
    } else if least.is_some_and(|least| seconds < least) || most.is_some_and(|most| most < seconds) {
        let at_least = least.map(|least| format!("at least {least}"));
        let at_most = most.map(|most| format!("at most {most}"));
        let limits: Vec<String> = at_least.into_iter().chain(at_most).collect();
        format!("With the authentication method {auth_method:?} it must be {}.", limits.join(" and "))
    } else {
        return None;
    };
    let diag =
        Diag::error(format!("The server does not create credentials that are valid for {seconds} seconds"));
    Some(diag.why(why).fix("Change the number, or remove it.").at(Connector::EXPIRATION_SECONDS))
}

/// Returns errors for missing settings, and one warning for all settings that the server would ignore.
fn configuration_problems(
    method: &AuthMethodDescription,
    plan: &Plan<Connector>,
) -> (Vec<Diag>, Option<Diag>) {
    let written = !plan.config().get(Connector::CONFIGURATION_WO).is_null();
    let (place, value) = if written {
        (Connector::CONFIGURATION_WO.path(), plan.config().dyn_of(Connector::CONFIGURATION_WO))
    } else {
        (Connector::CONFIGURATION.path(), plan.config().dyn_of(Connector::CONFIGURATION))
    };
    let nothing = BTreeMap::new();
    let members = match value {
        Dyn::Map(members) => members,
        // A configuration that is managed elsewhere already exists.
        Dyn::Null if plan.is_create() => &nothing,
        _ => return (Vec::new(), None),
    };
    let method_name = &method.auth_method;
    let is_set = |name: &str| members.get(name).is_some_and(|value| !value.is_null());
    let required = method.config_schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str);
    let missing = required.filter(|name| !is_set(name)).map(|name| {
        Diag::error(format!("The configuration lacks {name:?}"))
            .why(format!("The authentication method {method_name:?} requires it."))
            .fix("Add it to the configuration.")
            .at(place.clone())
    });
    let properties = method.config_schema["properties"].as_object();
    let open = method.config_schema["additionalProperties"] == true;
    let is_dropped = |name: &&String| {
        is_set(name) && !open && properties.is_some_and(|properties| !properties.contains_key(*name))
    };
    let dropped: Vec<String> = members.keys().filter(is_dropped).map(|name| format!("{name:?}")).collect();
    let missing = missing.collect();
    if dropped.is_empty() {
        return (missing, None);
    }
    let names: Vec<&str> = properties.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    let warning = Diag::warning(format!(
        "The server will ignore settings in the configuration: {}",
        dropped.join(", ")
    ))
    .why(format!(
        "The authentication method {method_name:?} does not use them. It uses: {}.",
        names.join(", ")
    ))
    .fix("Check the spelling, or remove them.")
    .at(place);
    (missing, Some(warning))
}

fn unknown<'a>(what: String, known: impl Iterator<Item = &'a str>) -> Diag {
    let known: Vec<&str> = known.collect();
    Diag::error(what).why(format!("It knows: {}.", known.join(", "))).fix("Check the spelling.")
}
