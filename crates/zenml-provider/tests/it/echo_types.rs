//! One row for each type, with marked secrets, for a server that repeats what it received.

use serde_json::{Value as Json, json};

use crate::echo::canary;
use crate::world::{World, stack};

/// A type with two configurations, and a change in place between them.
pub(crate) struct Row {
    pub(crate) address: &'static str,
    pub(crate) made: Json,
    pub(crate) changed: Json,
    /// Whether requests contain a secret besides the credential.
    pub(crate) is_secret: bool,
}

#[expect(clippy::too_many_lines, reason = "it is a table")]
pub(crate) async fn rows(world: &World) -> Vec<Row> {
    let workspace = world.workspace("home").await;
    let team = world.team("holders").await.to_string();
    let project = world.project(workspace, "around").await.to_string();
    let account = world.service_account("robot").await.to_string();
    let server = world.server(workspace).await;
    world.person("bob@example.com").await;
    world.person("eve@example.com").await;
    let member = |email: &str| json!({ "team_id": team, "email": email });
    let (stack, components) = stack(&server).await;
    let component = components["orchestrator"].clone();
    let workspace = workspace.to_string();
    let row = |address, is_secret, made: Json, change: Json| {
        let mut changed = made.clone();
        for (name, value) in change.as_object().unwrap() {
            changed[name] = value.clone();
        }
        Row { address, made, changed, is_secret }
    };
    let inside = |address, is_secret, mut made: Json, change: Json| {
        made["workspace_id"] = workspace.clone().into();
        if made["name"].is_null() {
            made["name"] = "alpha".into();
        }
        row(address, is_secret, made, change)
    };
    let written = |name: &str, version: u64, members: Json| json!({ format!("{name}_wo"): members, format!("{name}_wo_version"): version });
    let with = |mut config: Json, more: Json| {
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        config
    };
    let settings = |place| {
        let ty = json!(["object", { "path": "string", "client_kwargs": ["map", ["list", "string"]] }]);
        json!({ "type": ty, "value": { "path": "s3://b", "client_kwargs": { "deep": [canary(place)] } } })
    };
    let token = |place| json!({ "token": canary(place) });
    let docker = |place| json!({ "username": "ann", "password": canary(place) });
    let connector = json!({ "type": "docker", "auth_method": "password", "verify": false });
    let repository = json!({ "type": "github", "project_id": project });
    let role = json!({ "name": "alpha", "level": "workspace", "permissions": { "stack": ["read"] } });
    vec![
        row("zenml_team.x", false, json!({ "name": "alpha" }), json!({ "description": "d" })),
        row("zenml_workspace.x", false, json!({ "name": "alpha" }), json!({ "description": "d" })),
        row(
            "zenml_api_key.x",
            false,
            json!({ "name": "alpha", "service_account_id": account }),
            json!({ "description": "d" }),
        ),
        row("zenml_role.x", false, role, json!({ "description": "d" })),
        row(
            "zenml_organization_role_assignment.x",
            false,
            json!({ "team_id": team, "role": "viewer" }),
            json!({ "role": "manager" }),
        ),
        row(
            "zenml_resource_share.x",
            false,
            json!({ "workspace_id": workspace, "resource_type": "stack_component", "resource_id": component,
                "team_id": team, "actions": ["read"] }),
            json!({ "actions": ["read", "update"] }),
        ),
        row("zenml_organization_member.x", false, json!({ "email": "a@b.org" }), json!({ "role": "viewer" })),
        row("zenml_team_membership.x", false, member("bob@example.com"), member("eve@example.com")),
        row("zenml_service_account.x", false, json!({ "name": "alpha" }), json!({ "description": "d" })),
        row(
            "zenml_workspace_role_assignment.x",
            false,
            json!({ "workspace_id": workspace, "team_id": team, "role": "viewer" }),
            json!({ "role": "admin" }),
        ),
        row(
            "zenml_project_role_assignment.x",
            false,
            json!({ "workspace_id": workspace, "project_id": project, "team_id": team, "role": "viewer" }),
            json!({ "role": "admin" }),
        ),
        row(
            "zenml_stack_role_assignment.x",
            false,
            json!({ "workspace_id": workspace, "stack_id": stack, "team_id": team, "role": "read" }),
            json!({ "role": "write" }),
        ),
        inside("zenml_project.x", false, json!({}), json!({ "description": "d" })),
        inside("zenml_tag.x", false, json!({ "color": "red" }), json!({ "color": "blue" })),
        inside(
            "zenml_flavor.x",
            false,
            json!({ "type": "alerter", "source": "acme.Flavor" }),
            json!({ "display_name": "Shown" }),
        ),
        inside(
            "zenml_code_repository.x",
            true,
            with(repository.clone(), json!({ "config": token("one") })),
            json!({ "config": token("two") }),
        ),
        inside(
            "zenml_code_repository.w",
            true,
            with(repository, written("config", 1, token("one"))),
            written("config", 2, token("two")),
        ),
        inside("zenml_secret.x", true, json!({ "values": token("one") }), json!({ "values": token("two") })),
        inside(
            "zenml_secret.w",
            true,
            written("values", 1, token("one")),
            written("values", 2, token("two")),
        ),
        inside(
            "zenml_service_connector.x",
            true,
            with(connector.clone(), json!({ "configuration": docker("one") })),
            json!({ "configuration": docker("two") }),
        ),
        inside(
            "zenml_service_connector.w",
            true,
            with(connector, written("configuration", 1, docker("one"))),
            written("configuration", 2, docker("two")),
        ),
        inside(
            "zenml_stack_component.x",
            true,
            json!({ "type": "artifact_store", "flavor": "s3", "configuration": { "path": "s3://b", "secret": canary("one") } }),
            json!({ "configuration": { "path": "s3://b", "secret": canary("two") } }),
        ),
        inside(
            "zenml_stack_component.t",
            true,
            json!({ "type": "artifact_store", "flavor": "s3", "settings": settings("one") }),
            json!({ "settings": settings("two") }),
        ),
        inside("zenml_stack.x", false, json!({ "components": components }), json!({ "description": "d" })),
    ]
}
