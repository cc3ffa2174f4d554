//! Failures after the request that creates an object: the object is never tainted, and the next apply completes it in
//! place.

use serde_json::{Value as Json, json};
use tfkit_test::{Action, Harness};

use crate::lost_answer::{Row, once, scene};
use crate::many::counted;
use crate::world::{World, engine, types_without};

/// What can happen to any single request.
fn effects() -> [(&'static str, Json); 4] {
    let status =
        |status: u16| json!({ "status": status, "body": { "detail": ["RuntimeError", "out of order"] } });
    [
        ("before", json!({ "status": 404, "body": { "detail": ["KeyError", "there is nothing"] } })),
        ("before", status(500)),
        ("after_commit", status(503)),
        ("after_commit", json!("drop")),
    ]
}

fn id_of(harness: &Harness, address: &str) -> Option<String> {
    harness.state(address).map(|state| state.attribute("id").as_str().unwrap_or_default().to_owned())
}

/// Objects whose creation takes more than one request.
async fn slow_rows(world: &World) -> Vec<(&'static str, Json)> {
    let person = world.person("bob@example.com").await.id.to_string();
    let home = world.find("home").await.unwrap().id.to_string();
    let team = world.team("readers").await.to_string();
    let account = world.service_account("other").await.to_string();
    let stranger = world.stranger("stranger@example.com").await.id.to_string();
    let mut harness = world.harness().await;
    let component =
        |kind: &str| json!({ "workspace_id": home, "name": "part", "type": kind, "flavor": "local" });
    harness.apply("zenml_stack_component.o", component("orchestrator")).await.unwrap();
    harness.apply("zenml_stack_component.a", component("artifact_store")).await.unwrap();
    let components = json!({
        "orchestrator": id_of(&harness, "zenml_stack_component.o"),
        "artifact_store": id_of(&harness, "zenml_stack_component.a"),
    });
    let stack = json!({ "workspace_id": home, "name": "shared", "components": components });
    harness.apply("zenml_stack.s", stack).await.unwrap();
    let stack = id_of(&harness, "zenml_stack.s");
    let role = json!({ "workspace_id": home, "stack_id": stack, "team_id": team, "role": "write" });
    let store = id_of(&harness, "zenml_stack_component.a");
    let share = json!({
        "workspace_id": home, "resource_type": "stack_component", "resource_id": store, "team_id": team,
        "actions": ["read"],
    });
    vec![
        ("zenml_team.y", json!({ "name": "beta", "members": [person] })),
        ("zenml_team.z", json!({ "name": "gamma", "members": [person, "invited@example.com"] })),
        ("zenml_workspace.y", json!({ "name": "beta", "desired_state": "deactivated" })),
        ("zenml_api_key.y", json!({ "name": "beta", "active": false, "service_account_id": account })),
        ("zenml_service_account.y", json!({ "name": "beta", "active": false })),
        ("zenml_organization_member.y", json!({ "user_id": stranger, "role": "viewer" })),
        ("zenml_stack_role_assignment.y", role),
        ("zenml_resource_share.y", share),
    ]
}

#[tokio::test]
async fn a_failure_of_any_single_request_of_a_creation_taints_nothing_and_the_next_apply_converges() {
    let (world, rows) = scene().await;
    let mut all: Vec<(&'static str, Json)> =
        rows.iter().map(|Row { address, config, .. }| (*address, config.clone())).collect();
    all.extend(slow_rows(&world).await);
    assert_eq!(types_without(all.iter().map(|row| row.0)), Vec::<String>::new());
    let mut points = 0;
    for (address, config) in &all {
        let (counting, requests) = counted();
        let mut harness = Harness::start(counting, once(&world)).await.unwrap();
        let unused = requests.seen().len();
        harness.apply_unsettled(address, config.clone(), config.clone()).await.unwrap();
        let needed = requests.seen().len() - unused;
        let with_one = world.platform.census().await.unwrap();
        harness.destroy(address).await.unwrap();
        let before = world.platform.census().await.unwrap();
        for (phase, effect) in effects() {
            for nth in 1..=needed {
                let what = format!("{address}, request {nth}, {phase}: {effect}");
                // An engine caches what it has read.
                let mut harness = world.harness_with(once(&world)).await;
                world.inject(json!({ "rules": [{ "nth": nth, "phase": phase, "effect": effect }] }));
                let applied = harness.apply_unsettled(address, config.clone(), config.clone()).await;
                world.inject(json!({}));
                assert!(!harness.is_tainted(address), "{what}: {applied:?}");
                let made = id_of(&harness, address);
                // The next run is another process.
                harness.restart(engine(), once(&world)).await.unwrap();
                let again = harness.apply(address, config.clone()).await;
                again.unwrap_or_else(|error| panic!("{what}: {error}\nbefore: {applied:?}"));
                assert_eq!(world.platform.census().await.unwrap(), with_one, "{what}");
                assert!(made.is_none() || made == id_of(&harness, address), "{what}: it was replaced");
                harness.destroy(address).await.unwrap();
                assert_eq!(world.platform.census().await.unwrap(), before, "{what}");
                points += 1;
            }
        }
    }
    assert!(points > 200, "{points} fault points");
    world.stop().await;
}

/// A creation in which all requests of some kind fail, after the one that created the object.
struct Broken {
    address: &'static str,
    rules: Json,
    /// The warnings, and the changes of the next plan.
    message: &'static str,
    repaired: &'static str,
}

#[tokio::test]
async fn an_incomplete_creation_is_a_warning_and_is_completed_in_place() {
    let (world, rows) = scene().await;
    let slow = slow_rows(&world).await;
    let out_of_order = json!({ "status": 500, "body": { "detail": ["RuntimeError", "out of order"] } });
    let rule =
        |method: &str, route: &str| json!({ "method": method, "route": route, "effect": out_of_order });
    let share = "/w/*/users/resource_membership";
    let shares: Vec<Json> = (2..20)
        .map(|nth| json!({ "method": "POST", "route": share, "nth": nth, "effect": out_of_order }))
        .collect();
    let table = [
        Broken {
            address: "zenml_team.y",
            rules: json!([rule("POST", "/teams/{team_id}/members"), rule("DELETE", "/teams/{team_id}")]),
            message: "Cannot add a member to team \"beta\": the control plane failed",
            repaired: "members",
        },
        Broken {
            address: "zenml_workspace.y",
            rules: json!([rule("PATCH", "/workspaces/{workspace_id}")]),
            message: "Cannot change workspace \"beta\": the control plane failed",
            repaired: "desired_state",
        },
        Broken {
            address: "zenml_api_key.y",
            rules: json!([rule(
                "PATCH",
                "/organizations/{organization_id}/service_accounts/{service_account_id_or_name}/api_keys/{api_key_id}"
            )]),
            message: "Cannot change API key \"beta\": the control plane failed",
            repaired: "active",
        },
        Broken {
            address: "zenml_service_account.y",
            rules: json!([rule(
                "PATCH",
                "/organizations/{organization_id}/service_accounts/{service_account_id_or_name}"
            )]),
            message: "Cannot change service account \"beta\": the control plane failed",
            repaired: "active",
        },
        Broken {
            address: "zenml_stack_role_assignment.y",
            rules: json!(shares),
            message: "the workspace failed",
            repaired: "grants",
        },
        Broken {
            address: "zenml_flavor.x",
            rules: json!([rule("PUT", "/w/*/flavors/{flavor_id}")]),
            message: "Cannot name flavor \"alpha\": the workspace failed",
            repaired: "display_name",
        },
    ];
    // One request creates each of the others, or a failed one leaves nothing to complete.
    let complete_at_once = [
        "code_repository",
        "organization_member",
        "organization_role_assignment",
        "project",
        "project_role_assignment",
        "resource_share",
        "role",
        "secret",
        "service_connector",
        "stack",
        "stack_component",
        "tag",
        "team_membership",
        "workspace_role_assignment",
    ];
    let complete_at_once = complete_at_once.map(|noun| format!("zenml_{noun}"));
    assert_eq!(types_without(table.iter().map(|broken| broken.address)), complete_at_once);
    let fast = rows.iter().map(|row| (row.address, row.config.clone()));
    let configs: std::collections::BTreeMap<&str, Json> = fast.chain(slow).collect();
    for Broken { address, rules, message, repaired } in table {
        let config = &configs[address];
        let mut harness = world.harness_with(once(&world)).await;
        world.inject(json!({ "rules": rules }));
        let made = harness.apply_unsettled(address, config.clone(), config.clone()).await.unwrap();
        world.inject(json!({}));
        assert!(made.told().iter().any(|summary| summary.contains(message)), "{address}: {:?}", made.told());
        let shown = made.warnings.iter().map(ToString::to_string).collect::<String>();
        assert!(shown.contains("Apply again"), "{address}: {shown}");
        assert!(!harness.is_tainted(address), "{address}");
        let id = id_of(&harness, address);
        let planned = harness.plan(address, config.clone()).await.unwrap();
        assert_eq!(planned.action, Action::Update, "{address}");
        assert!(planned.changes().contains(&repaired), "{address}: {:?}", planned.changes());
        harness.apply(address, config.clone()).await.unwrap();
        assert_eq!(id_of(&harness, address), id, "{address}");
        harness.destroy(address).await.unwrap();
    }
    world.stop().await;
}

#[tokio::test]
async fn an_object_that_its_creator_may_not_read_is_in_the_state() {
    let (world, rows) = scene().await;
    let id = "5f0e4e9a-7c1d-4a55-9d0c-0d6a1b5d8f10";
    let hidden =
        json!({ "id": id, "name": "alpha", "permission_denied": true, "body": null, "metadata": null });
    let inside = rows.iter().filter(|row| row.route.starts_with("/w/"));
    for row in inside.clone() {
        world.inject(json!({ "rules": [
            { "method": "POST", "route": row.route, "phase": "after_commit", "effect": { "status": 200, "body": hidden } },
        ] }));
        let mut harness = world.harness().await;
        let made =
            harness.apply_unsettled(row.address, row.config.clone(), row.config.clone()).await.unwrap();
        assert!(made.told()[0].contains("no access"), "{}: {:?}", row.address, made.told());
        assert_eq!(id_of(&harness, row.address).as_deref(), Some(id), "{}", row.address);
        assert!(!harness.is_tainted(row.address), "{}", row.address);
    }
    assert_eq!(inside.count(), 8);
    world.stop().await;
}

#[tokio::test]
async fn an_object_that_was_created_elsewhere_since_the_plan_is_not_taken_over() {
    let (world, rows) = scene().await;
    for row in &rows {
        let (address, config) = (row.address, &row.config);
        let (mut ours, mut theirs) = (world.harness().await, world.harness().await);
        let planned = ours.plan(address, config.clone()).await.unwrap();
        theirs.apply(address, config.clone()).await.unwrap();
        let census = world.platform.census().await.unwrap();
        let applied = ours.apply_planned(address, planned, config.clone(), &[]).await;
        // A granted role is granted and a member is a member, no matter by whom.
        let already = [("role_assignment", "was already granted"), ("_member", "is already")];
        if let Some((_, expected)) = already.iter().find(|(part, _)| address.contains(part)) {
            assert!(applied.unwrap().told()[0].contains(expected), "{address}");
        } else if address == "zenml_api_key.x" {
            // It may be the predecessor of the new key, so the two share the account for a while.
            let applied = applied.unwrap();
            assert!(applied.told()[0].contains("The new API key is named"), "{:?}", applied.told());
            assert_ne!(id_of(&ours, address), id_of(&theirs, address));
            ours.destroy(address).await.unwrap();
        } else {
            let failure = applied.unwrap_err().to_string();
            assert!(
                failure.contains("already exists") || failure.contains("is taken"),
                "{address}: {failure}"
            );
            assert!(ours.state(address).is_none(), "{address}");
        }
        assert_eq!(world.platform.census().await.unwrap(), census, "{address}");
        theirs.destroy(address).await.unwrap();
    }
    world.stop().await;
}
