//! Attributes with a fixed set of values.

use serde_json::{Value as Json, json};
use tfkit_test::{Failure, unknown};

use crate::world::World;

/// An identifier without an object.
const NOTHING: &str = "0f4c3b1e-6a52-4f0e-9d6b-2f1f0d3c7a11";

/// An attribute, its configuration for a value, and a misspelled value with the correct one.
struct Row {
    /// The address of a resource, or the name of a data source.
    of: &'static str,
    place: &'static str,
    config: fn(Json) -> Json,
    misspelled: (&'static str, &'static str),
    /// The value is a key, which has its own place.
    is_key: bool,
}

#[expect(clippy::needless_pass_by_value, reason = "one of the functions of the table")]
fn component(kind: Json) -> Json {
    json!({ "workspace_id": NOTHING, "name": "c", "type": kind, "flavor": "local" })
}

fn rows() -> Vec<Row> {
    let row = |of, place, misspelled, config| Row { of, place, config, misspelled, is_key: false };
    let key = |of, place, misspelled, config| Row { is_key: true, ..row(of, place, misspelled, config) };
    let kind = ("Orchestrators", "orchestrator");
    vec![
        row("zenml_stack_component.x", "type", kind, component),
        row(
            "zenml_stack_component",
            "type",
            kind,
            |kind| json!({ "workspace_id": NOTHING, "name": "c", "type": kind }),
        ),
        row("zenml_stack_components", "type", kind, |kind| json!({ "workspace_id": NOTHING, "type": kind })),
        row(
            "zenml_flavor.x",
            "type",
            kind,
            |kind| json!({ "workspace_id": NOTHING, "name": "f", "type": kind, "source": "acme.Flavor" }),
        ),
        key("zenml_stack.x", "components", kind, |kind| {
            let mut components = json!({ "orchestrator": unknown(), "artifact_store": unknown() });
            components[kind.as_str().unwrap()] = json!(NOTHING);
            json!({ "workspace_id": NOTHING, "name": "s", "components": components })
        }),
        key("zenml_stack.x", "component_lists", kind, |kind| {
            let mut components = json!({ "orchestrator": [unknown()], "artifact_store": [unknown()] });
            components[kind.as_str().unwrap()] = json!([NOTHING]);
            json!({ "workspace_id": NOTHING, "name": "s", "component_lists": components })
        }),
        row(
            "zenml_stack_role_assignment.x",
            "role",
            ("Writes", "write"),
            |role| json!({ "workspace_id": NOTHING, "stack_id": NOTHING, "team_id": NOTHING, "role": role }),
        ),
        row(
            "zenml_stack_role_assignment.x",
            "actions",
            ("Updates", "update"),
            |action| json!({ "workspace_id": NOTHING, "stack_id": NOTHING, "team_id": NOTHING, "actions": ["read", action] }),
        ),
        row(
            "zenml_workspace.x",
            "desired_state",
            ("Available!", "available"),
            |state| json!({ "name": "alpha", "desired_state": state }),
        ),
        row(
            "zenml_tag.x",
            "color",
            ("gray", "grey"),
            |color| json!({ "workspace_id": NOTHING, "name": "t", "color": color }),
        ),
        row(
            "zenml_code_repository.x",
            "type",
            ("GitHubs", "github"),
            |kind| json!({ "workspace_id": NOTHING, "project_id": NOTHING, "name": "r", "type": kind, "config": {} }),
        ),
        row("zenml_resource_share.x", "resource_type", ("Secrets", "secret"), |kind| {
            json!({ "workspace_id": NOTHING, "resource_type": kind, "resource_id": NOTHING, "team_id": NOTHING,
                "actions": ["read"] })
        }),
        row("zenml_resource_share.x", "actions", ("Updates", "update"), |action| {
            json!({ "workspace_id": NOTHING, "resource_type": "secret", "resource_id": NOTHING, "team_id": NOTHING,
                "actions": ["read", action] })
        }),
        row(
            "zenml_role.x",
            "level",
            ("Work Space", "workspace"),
            |level| json!({ "name": "Deployer", "level": level, "permissions": {} }),
        ),
        row("zenml_roles", "level", ("Work Space", "workspace"), |level| json!({ "level": level })),
        row("zenml_permissions", "level", ("Work Space", "workspace"), |level| json!({ "level": level })),
        row(
            "zenml_role",
            "level",
            ("Work Space", "workspace"),
            |level| json!({ "name": "admin", "level": level }),
        ),
    ]
}

#[tokio::test]
async fn an_invalid_value_is_rejected_at_its_attribute_with_a_suggestion() {
    let world = World::start().await;
    let harness = world.harness().await;
    for Row { of, place, config, misspelled, is_key } in rows() {
        let (wrong, meant) = misspelled;
        for value in [wrong, "UPPER", "two words", "with2digits", "trailing ", "semi;colon", "ünïcode", ""]
        {
            let config = config(json!(value));
            let failure: Failure = if of.contains('.') {
                harness.plan(of, config).await.expect_err(value)
            } else {
                harness.read_data_source(of, config).await.expect_err(value)
            };
            let expected = if is_key { format!("{place}[{value:?}]") } else { place.to_owned() };
            let places: Vec<String> = failure.places().iter().map(ToString::to_string).collect();
            assert_eq!(places, [expected], "{of} {value:?}: {failure}");
            let text = failure.to_string();
            assert!(text.contains(meant), "{of} {value:?} does not name the known values: {text}");
            if value == wrong {
                assert!(text.contains(&format!("Did you mean {meant:?}?")), "{of} {value:?}: {text}");
            }
        }
    }
    world.stop().await;
}

#[tokio::test]
async fn a_type_that_becomes_known_at_the_apply_is_rejected_before_anything_is_created() {
    let world = World::start().await;
    let workspace = world.workspace("home").await.to_string();
    let mut harness = world.harness().await;
    let before = world.platform.census().await.unwrap();
    let of = |kind: Json| json!({ "workspace_id": workspace, "name": "c", "type": kind, "flavor": "local" });
    let applied = harness.apply_unsettled("zenml_stack_component.x", of(unknown()), of(json!("UPPER"))).await;
    let failure = applied.unwrap_err();
    assert_eq!(failure.places()[0].to_string(), "type", "{failure}");
    assert_eq!(world.platform.census().await.unwrap(), before);
    world.stop().await;
}
