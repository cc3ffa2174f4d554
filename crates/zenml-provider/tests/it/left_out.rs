//! Attributes that are removed or set later: the plan changes them and nothing else.

use serde_json::{Map, Value as Json, json};
use tfkit::Kind;
use tfkit::engine::ImportBy;
use tfkit::schema::Who;
use tfkit_test::{Action, Harness};

use crate::server::{TYPES, in_process_on_each_server};
use crate::world::{World, stack, types_without};

/// Attributes that change with every update.
const FOLLOWS: [&str; 1] = ["updated"];

/// Attributes of a workspace that change during an update.
const RUNS: [&str; 5] = ["running_version", "server_url", "status", "url", "version"];

/// Attributes that only work together.
const TOGETHER: [(&str, &str); 2] =
    [("connector_id", "connector_resource_id"), ("configuration", "resource_id")];

fn without(config: &Json, name: &str) -> Json {
    let mut config = config.as_object().unwrap().clone();
    config.remove(name);
    for (_, dependent) in TOGETHER.iter().filter(|(first, _)| *first == name) {
        config.remove(*dependent);
    }
    Json::Object(config)
}

/// Returns the optional attributes of a configuration, according to the schema.
fn optional(harness: &Harness, type_name: &str, config: &Json) -> Vec<String> {
    let schema = harness.engine().schema(Kind::Resource, type_name).unwrap();
    let is_optional = |name: &&String| {
        schema
            .attributes
            .iter()
            .any(|attribute| attribute.name == name.as_str() && attribute.who.is_optional())
    };
    config.as_object().unwrap().keys().filter(is_optional).cloned().collect()
}

/// Creates an object, and plans to remove each of its attributes, or to set each of the missing ones. One of `needed`
/// must be set. The object matches `config` at the end.
async fn only_what_changes(harness: &mut Harness, address: &str, config: &Json, needed: &[&str]) -> usize {
    let (type_name, _) = address.split_once('.').unwrap();
    let names = optional(harness, type_name, config);
    let mut minimal = config.as_object().unwrap().clone();
    minimal.retain(|name, _| !names.contains(name) || needed.contains(&name.as_str()));
    let minimal = Json::Object(minimal);
    let mut count = 0;

    harness.apply(address, minimal.clone()).await.unwrap();
    imported_without_a_change(harness, address, &minimal).await;
    for name in names.iter().filter(|name| !needed.contains(&name.as_str())) {
        let mut more: Map<String, Json> = minimal.as_object().unwrap().clone();
        more.insert(name.clone(), config[name].clone());
        for (first, dependent) in TOGETHER {
            if name == dependent && config.get(first).is_some() {
                more.insert(first.to_owned(), config[first].clone());
            }
        }
        count += check(harness, address, name, Json::Object(more)).await;
    }
    harness.apply(address, config.clone()).await.unwrap();
    for name in &names {
        if is_unmanaged(harness, type_name, name) {
            imported_without_a_change(harness, address, &without(config, name)).await;
        }
    }
    harness.apply(address, config.clone()).await.unwrap();
    for name in names.iter().filter(|name| !needed.contains(&name.as_str())) {
        count += check(harness, address, name, without(config, name)).await;
    }
    count
}

/// Returns whether null means that an attribute is not managed.
fn is_unmanaged(harness: &Harness, type_name: &str, name: &str) -> bool {
    let schema = harness.engine().schema(Kind::Resource, type_name).unwrap();
    let who =
        schema.attributes.iter().find(|attribute| attribute.name == name).map(|attribute| &attribute.who);
    who == Some(&Who::IfSetOrImported(None))
}

/// Imports an object. No plan shows an attribute that the configuration does not set: neither after the import, nor after
/// an apply that changes something else.
async fn imported_without_a_change(harness: &mut Harness, address: &str, config: &Json) {
    let identity = harness.identity(address).unwrap().clone();
    harness.forget(address);
    harness.import(address, ImportBy::Identity(identity)).await.unwrap();
    for when in ["after the import", "after an apply", "after another apply"] {
        let planned = harness.plan(address, config.clone()).await.unwrap();
        let unset = planned.changes().into_iter().filter(|changed| config.get(*changed).is_none());
        let unset: Vec<&str> = unset.filter(|changed| !FOLLOWS.contains(changed)).collect();
        assert!(unset.is_empty(), "{address}: {when}, a plan shows {unset:?}\n{config}");
        let mut other = config.clone();
        if let Some(text) = other.get("description").or(other.get("name")).and_then(Json::as_str) {
            let changed = format!("{text}2");
            let name = if other.get("description").is_some() { "description" } else { "name" };
            other[name] = changed.into();
            if harness.plan(address, other.clone()).await.unwrap().action == Action::Replace {
                break;
            }
            harness.apply(address, other).await.unwrap();
        }
    }
    harness.apply(address, config.clone()).await.unwrap();
}

async fn check(harness: &Harness, address: &str, name: &str, config: Json) -> usize {
    let planned =
        harness.plan(address, config).await.unwrap_or_else(|failure| panic!("{address} {name}: {failure}"));
    if planned.action == Action::Replace {
        return 0;
    }
    let is_with = |changed: &&str| {
        TOGETHER.iter().any(|pair| [pair.0, pair.1].contains(&name) && [pair.0, pair.1].contains(changed))
    };
    let mut beside = planned.changes();
    beside.retain(|changed| *changed != name && !FOLLOWS.contains(changed) && !is_with(changed));
    if address.starts_with("zenml_workspace.") {
        beside.retain(|changed| !RUNS.contains(changed));
    }
    if address.starts_with("zenml_stack_role_assignment.") {
        // Another extent of a role, or another component, can mean other grants.
        beside.retain(|changed| *changed != "grants");
    }
    assert!(beside.is_empty(), "{address}: a change of {name} also shows {beside:?}");
    1
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_shows_only_the_attribute_that_is_removed_or_set_later_on_each_server() {
    in_process_on_each_server(async |server, harness| {
        let name = |what: &str| server.name(what);
        let id = |harness: &Harness, address: &str| {
            harness.state(address).unwrap().attribute("id").as_str().unwrap().to_owned()
        };
        let project = json!({
            "name": name("p"), "display_name": "P", "description": "d", "metadata": { "a": "1" }, "tags": ["t"],
            "deletion_protection": false,
        });
        let mut count = only_what_changes(harness, "zenml_project.it", &project, &[]).await;
        let project = id(harness, "zenml_project.it");
        let tag = json!({ "name": name("t"), "color": "teal", "exclusive": true });
        count += only_what_changes(harness, "zenml_tag.it", &tag, &[]).await;
        let flavor = json!({
            "name": name("f"), "type": "artifact_store", "source": "a.B", "config_schema": "{\"type\":\"object\"}",
            "display_name": "F", "integration": "acme", "connector_type": "aws",
            "connector_resource_type": "s3-bucket", "connector_resource_id_attr": "path",
            "logo_url": "https://example.com/l", "docs_url": "https://example.com/d",
            "sdk_docs_url": "https://example.com/s",
        });
        count += only_what_changes(harness, "zenml_flavor.it", &flavor, &[]).await;
        let repository = json!({
            "project_id": project, "name": name("r"), "type": "github", "config": { "owner": "o" },
            "description": "d", "logo_url": "https://example.com/l",
        });
        count += only_what_changes(harness, "zenml_code_repository.it", &repository, &["type"]).await;
        let secret = json!({ "name": name("s"), "private": true, "values": { "k": "v" } });
        count += only_what_changes(harness, "zenml_secret.it", &secret, &["values"]).await;
        let secret = id(harness, "zenml_secret.it");
        let connector = json!({
            "name": name("c"), "type": "docker", "auth_method": "password", "resource_type": "docker-registry",
            "resource_id": "registry.example.com", "description": "d", "labels": { "a": "b" }, "verify": false,
            "configuration": { "registry": "registry.example.com", "username": "u", "password": "p" },
            "expires_at": "2040-01-31T12:00:00Z", "expires_skew_tolerance": 5,
            "timeouts": { "create": "1m" },
        });
        count += only_what_changes(harness, "zenml_service_connector.it", &connector, &["configuration", "verify"])
            .await;
        let connector = id(harness, "zenml_service_connector.it");
        let component = json!({
            "name": name("m"), "type": "container_registry", "flavor": "default",
            "configuration": { "uri": "registry.example.com" }, "connector_id": connector,
            "connector_resource_id": "registry.example.com", "labels": { "a": "b" }, "environment": { "A": "b" },
            "secrets": [secret],
        });
        count += only_what_changes(harness, "zenml_stack_component.it", &component, &["configuration"]).await;
        let orchestrator = json!({
            "name": name("o"), "type": "orchestrator", "flavor": "local_docker", "labels": { "a": "b" },
            "configuration": { "run_args": "{}" },
        });
        count += only_what_changes(harness, "zenml_stack_component.o", &orchestrator, &[]).await;
        harness
            .apply("zenml_stack_component.a", json!({ "name": name("a"), "type": "artifact_store", "flavor": "local" }))
            .await
            .unwrap();
        let stack = json!({
            "name": name("k"), "description": "d", "labels": { "a": "b" }, "environment": { "A": "b" },
            "secrets": [secret],
            "components": {
                "orchestrator": id(harness, "zenml_stack_component.o"),
                "artifact_store": id(harness, "zenml_stack_component.a"),
            },
        });
        count += only_what_changes(harness, "zenml_stack.it", &stack, &["components"]).await;
        assert!(count > 70, "{count}");
        let pro = types_without(harness.addresses());
        assert!(pro.iter().all(|name| !TYPES.contains(&name.as_str())), "{pro:?}");
        for address in [
            "zenml_stack.it", "zenml_stack_component.a", "zenml_stack_component.o", "zenml_stack_component.it",
            "zenml_service_connector.it", "zenml_secret.it", "zenml_code_repository.it", "zenml_flavor.it",
            "zenml_tag.it", "zenml_project.it",
        ] {
            harness.destroy(address).await.unwrap();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_shows_only_the_attribute_that_is_removed_or_set_later_on_the_control_plane() {
    let world = World::start().await;
    world.person("ann@example.com").await;
    let home = world.workspace("home").await;
    let project = world.project(home, "around").await.to_string();
    let (stack, components) = stack(&world.server(home).await).await;
    let (home, holders) = (home.to_string(), world.team("holders").await.to_string());
    let organization = world.organization().to_string();
    let mut block = world.block();
    block["workspace_id"] = home.clone().into();
    let mut harness = world.harness_with(block).await;
    let team = json!({ "organization_id": organization, "name": "t", "description": "d", "members": ["ann@example.com"], "invite_unknown": false,
        "invite_role": "Organization Viewer" });
    let mut count = only_what_changes(&mut harness, "zenml_team.it", &team, &[]).await;
    let workspace = json!({ "organization_id": organization, "name": "w", "display_name": "W", "description": "d", "logo_url": "https://example.com",
        "deletion_protection": false, "tags": ["t"], "metadata": { "a": "b" }, "timeouts": { "create": "10m" } });
    count += only_what_changes(&mut harness, "zenml_workspace.it", &workspace, &[]).await;
    let role = json!({ "organization_id": organization, "name": "r", "description": "d", "level": "workspace", "permissions": {} });
    count += only_what_changes(&mut harness, "zenml_role.it", &role, &[]).await;
    let member =
        json!({ "organization_id": organization, "email": "ann@example.com", "role": "Organization Viewer" });
    count += only_what_changes(&mut harness, "zenml_organization_member.it", &member, &["email"]).await;
    let account = json!({ "organization_id": organization, "name": "a", "display_name": "A", "description": "d", "active": false });
    count += only_what_changes(&mut harness, "zenml_service_account.it", &account, &[]).await;
    let robot = world.service_account("robot").await.to_string();
    let key = json!({ "organization_id": organization, "service_account_id": robot, "name": "k", "description": "d", "active": false,
        "expires_in": "720h", "retain": "24h", "renew_before": "168h" });
    // A change of its `keepers` is meant to change the key.
    count += only_what_changes(&mut harness, "zenml_api_key.it", &key, &[]).await;
    // Of principals and of the two names of a role, one is needed.
    let one = ["email", "role", "team_id"];
    let in_organization = json!({ "organization_id": organization, "team_id": holders, "role": "viewer" });
    count += only_what_changes(&mut harness, "zenml_organization_role_assignment.it", &in_organization, &one)
        .await;
    let in_workspace = json!({ "workspace_id": home, "email": "ann@example.com", "role": "viewer" });
    count += only_what_changes(&mut harness, "zenml_workspace_role_assignment.it", &in_workspace, &one).await;
    let in_project =
        json!({ "workspace_id": home, "project_id": project, "team_id": holders, "role": "Project Viewer" });
    count += only_what_changes(&mut harness, "zenml_project_role_assignment.it", &in_project, &one).await;
    let on_stack = json!({ "workspace_id": home, "stack_id": stack, "team_id": holders, "role": "read",
        "include_components": false, "component_ids": components.values().collect::<Vec<_>>() });
    count += only_what_changes(&mut harness, "zenml_stack_role_assignment.it", &on_stack, &one).await;
    let share = json!({ "workspace_id": home, "resource_type": "stack_component", "email": "ann@example.com",
        "resource_id": components["orchestrator"], "actions": ["read"] });
    count += only_what_changes(&mut harness, "zenml_resource_share.it", &share, &one).await;
    let place = json!({ "organization_id": organization, "team_id": holders, "email": "ann@example.com" });
    count += only_what_changes(&mut harness, "zenml_team_membership.it", &place, &one).await;
    assert!(count > 40, "{count}");
    assert_eq!(types_without(harness.addresses()), TYPES, "a type is missing");
    world.stop().await;
}
