//! One row for each type.

use serde_json::{Map, Value as Json, json};
use tfkit_test::Harness;
use zenml_api::Endpoint;

use super::{AnyId, id_of};
use crate::world::World;

/// A type of object.
pub(super) struct Type {
    pub(super) address: &'static str,
    /// Arguments of every configuration.
    pub(super) base: Json,
    /// Method and path of its update. Reads use the same path.
    pub(super) update: Endpoint<AnyId, (), Json, Json>,
    /// Fields that an update from outside has to contain although they stay the same.
    pub(super) always: Json,
    pub(super) attributes: Vec<Attribute>,
}

/// An attribute that can be changed in place.
pub(super) struct Attribute {
    pub(super) name: &'static str,
    /// Whether it is required.
    pub(super) is_required: bool,
    pub(super) ours: Json,
    /// The planned value.
    pub(super) next: Json,
    /// The update from outside.
    pub(super) outside: Json,
    /// Where a response contains the value, and the value after that update.
    pub(super) seen: &'static str,
    pub(super) theirs: Json,
}

fn attribute(
    name: &'static str,
    [ours, next]: [Json; 2],
    outside: Json,
    seen: &'static str,
    theirs: impl Into<Json>,
) -> Attribute {
    Attribute { name, is_required: false, ours, next, outside, seen, theirs: theirs.into() }
}

/// A name: required and unique.
fn name(prefix: &str) -> Attribute {
    let [ours, next, theirs] = ["ours", "next", "theirs"].map(|name| format!("{prefix}-{name}"));
    let outside = json!({ "name": theirs });
    Attribute { is_required: true, ..attribute("name", [json!(ours), json!(next)], outside, "/name", theirs) }
}

fn text(name: &'static str, member: &str, seen: &'static str) -> Attribute {
    attribute(name, [json!("ours"), json!("next")], json!({ member: "theirs" }), seen, "theirs")
}

/// A map with one changing key.
fn map(name: &'static str, member: &str, seen: &'static str) -> Attribute {
    let value = |value: &str| json!({ "key": value });
    attribute(name, [value("ours"), value("next")], json!({ member: value("theirs") }), seen, "theirs")
}

/// Types that both servers have.
#[expect(clippy::too_many_lines, reason = "it is a table")]
pub(super) async fn on_a_server(harness: &mut Harness, prefix: &str) -> Vec<Type> {
    let mut components = Map::new();
    for (kind, address) in
        [("orchestrator", "zenml_stack_component.o"), ("artifact_store", "zenml_stack_component.a")]
    {
        let config = json!({ "name": format!("{prefix}-part"), "type": kind, "flavor": "local" });
        harness.apply(address, config).await.unwrap();
        components.insert(kind.to_owned(), id_of(harness, address).into());
    }
    harness.apply("zenml_project.around", json!({ "name": format!("{prefix}-around") })).await.unwrap();
    let project = id_of(harness, "zenml_project.around");
    let labels = || map("labels", "labels", "/metadata/labels/key");
    let environment = || map("environment", "environment", "/metadata/environment/key");
    let path = |value: &str| json!({ "path": format!("s3://{value}") });
    let registry = |user: &str| json!({ "registry": "r.example.com", "username": user, "password": "p" });
    vec![
        Type {
            address: "zenml_project.x",
            base: json!({}),
            update: Endpoint::put("/projects/{id}"),
            always: json!({}),
            attributes: vec![
                name(prefix),
                text("display_name", "display_name", "/body/display_name"),
                text("description", "description", "/metadata/description"),
                map("metadata", "project_metadata", "/metadata/project_metadata/key"),
            ],
        },
        Type {
            address: "zenml_tag.x",
            base: json!({}),
            update: Endpoint::put("/tags/{id}"),
            always: json!({}),
            attributes: vec![
                name(prefix),
                attribute(
                    "color",
                    [json!("red"), json!("blue")],
                    json!({ "color": "lime" }),
                    "/body/color",
                    "lime",
                ),
            ],
        },
        Type {
            address: "zenml_tag.y",
            base: json!({ "color": "red" }),
            update: Endpoint::put("/tags/{id}"),
            always: json!({}),
            attributes: vec![
                name(prefix),
                attribute(
                    "exclusive",
                    [json!(false), json!(false)],
                    json!({ "exclusive": true }),
                    "/body/exclusive",
                    true,
                ),
            ],
        },
        Type {
            address: "zenml_flavor.x",
            base: json!({ "name": format!("{prefix}-flavor"), "type": "alerter" }),
            update: Endpoint::put("/flavors/{id}"),
            always: json!({}),
            attributes: vec![
                Attribute { is_required: true, ..text("source", "source", "/body/source") },
                text("display_name", "display_name", "/body/display_name"),
                text("integration", "integration", "/body/integration"),
                attribute(
                    "config_schema",
                    [json!(r#"{"title":"ours"}"#), json!(r#"{"title":"next"}"#)],
                    json!({ "config_schema": { "title": "theirs" } }),
                    "/metadata/config_schema/title",
                    "theirs",
                ),
                text("connector_type", "connector_type", "/metadata/connector_type"),
                text("docs_url", "docs_url", "/metadata/docs_url"),
                text("logo_url", "logo_url", "/body/logo_url"),
            ],
        },
        Type {
            address: "zenml_code_repository.x",
            base: json!({ "project_id": project, "type": "github" }),
            update: Endpoint::put("/code_repositories/{id}"),
            always: json!({}),
            attributes: vec![
                name(prefix),
                text("description", "description", "/metadata/description"),
                text("logo_url", "logo_url", "/body/logo_url"),
                map("config", "config", "/metadata/config/key"),
            ],
        },
        Type {
            address: "zenml_secret.x",
            base: json!({}),
            update: Endpoint::put("/secrets/{id}"),
            always: json!({}),
            attributes: vec![
                name(prefix),
                Attribute { is_required: true, ..map("values", "values", "/body/values/key") },
            ],
        },
        Type {
            address: "zenml_service_connector.x",
            base: json!({
                "type": "docker", "auth_method": "password", "resource_type": "docker-registry",
                "resource_id": "r.example.com", "verify": false,
            }),
            update: Endpoint::put("/service_connectors/{id}"),
            always: json!({ "resource_types": ["docker-registry"], "resource_id": "r.example.com" }),
            attributes: vec![
                name(prefix),
                text("description", "description", "/body/description"),
                labels(),
                Attribute {
                    is_required: true,
                    ..attribute(
                        "configuration",
                        [registry("ours"), registry("next")],
                        json!({ "configuration": registry("theirs") }),
                        "/metadata/configuration/username",
                        "theirs",
                    )
                },
            ],
        },
        Type {
            address: "zenml_stack_component.x",
            base: json!({ "type": "artifact_store", "flavor": "s3" }),
            update: Endpoint::put("/components/{id}"),
            always: json!({}),
            attributes: vec![
                name(prefix),
                Attribute {
                    is_required: true,
                    ..attribute(
                        "configuration",
                        [path("ours"), path("next")],
                        json!({ "configuration": path("theirs") }),
                        "/metadata/configuration/path",
                        "s3://theirs",
                    )
                },
                labels(),
                environment(),
            ],
        },
        Type {
            address: "zenml_stack.x",
            base: json!({ "components": components }),
            update: Endpoint::put("/stacks/{id}"),
            always: json!({}),
            attributes: vec![
                name(prefix),
                text("description", "description", "/metadata/description"),
                labels(),
                environment(),
            ],
        },
    ]
}

/// Types of the control plane.
pub(super) async fn on_the_control_plane(world: &World) -> Vec<Type> {
    let accounts = format!("/organizations/{}/service_accounts/{{id}}", world.organization());
    let robot = world.service_account("robot").await.to_string();
    let keys = accounts.replace("{id}", &robot) + "/api_keys/{id}";
    vec![
        Type {
            address: "zenml_api_key.x",
            base: json!({ "service_account_id": robot }),
            update: Endpoint::patch(keys.leak()),
            always: json!({}),
            attributes: vec![
                name("k"),
                text("description", "description", "/description"),
                attribute("active", [json!(true), json!(true)], json!({ "active": false }), "/active", false),
            ],
        },
        Type {
            address: "zenml_service_account.x",
            base: json!({ "name": "alpha" }),
            update: Endpoint::patch(accounts.leak()),
            always: json!({}),
            attributes: vec![
                text("display_name", "name", "/name"),
                text("description", "description", "/description"),
                attribute(
                    "active",
                    [json!(true), json!(true)],
                    json!({ "is_active": false }),
                    "/is_active",
                    false,
                ),
            ],
        },
        Type {
            address: "zenml_role.x",
            base: json!({ "level": "workspace" }),
            update: Endpoint::patch("/roles/{id}"),
            always: json!({}),
            attributes: vec![
                name("r"),
                text("description", "description", "/description"),
                Attribute {
                    is_required: true,
                    ..attribute(
                        "permissions",
                        [json!({ "stack": ["read"] }), json!({ "stack": ["update"] })],
                        json!({ "permissions": [{ "resource": "stack", "action": "delete" }] }),
                        "/permissions/0/action",
                        "delete",
                    )
                },
            ],
        },
        Type {
            address: "zenml_team.x",
            base: json!({}),
            update: Endpoint::patch("/teams/{id}"),
            always: json!({}),
            attributes: vec![name("t"), text("description", "description", "/description")],
        },
        Type {
            address: "zenml_workspace.x",
            base: json!({ "name": "alpha" }),
            update: Endpoint::patch("/workspaces/{id}"),
            always: json!({}),
            attributes: vec![
                text("display_name", "display_name", "/display_name"),
                text("description", "description", "/description"),
                text("logo_url", "logo_url", "/logo_url"),
                attribute(
                    "version",
                    [json!("0.98.0"), json!("0.98.1")],
                    json!({ "zenml_service": { "configuration": { "version": "0.97.0" } } }),
                    "/zenml_service/configuration/version",
                    "0.97.0",
                ),
                attribute(
                    "desired_state",
                    [json!("available"), json!("available")],
                    json!({ "desired_state": "deactivated" }),
                    "/desired_state",
                    "deactivated",
                ),
            ],
        },
    ]
}
