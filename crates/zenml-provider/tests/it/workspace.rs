use serde_json::json;
use tfkit::engine::ImportBy;
use tfkit_test::Action;
use zenml_api::control::workspace::{self as api, UpdateQuery, WorkspaceUpdate};
use zenml_api::{OrganizationId, Patch, WorkspaceId};

use crate::world::{World, under_each_host};

const A: &str = "zenml_workspace.a";

fn text(state: &tfkit::Dyn, name: &str) -> String {
    state.attribute(name).as_str().unwrap_or_default().to_owned()
}

fn id(harness: &tfkit_test::Harness) -> WorkspaceId {
    text(harness.state(A).unwrap(), "id").parse().unwrap()
}

#[tokio::test]
async fn a_workspace_is_created_changed_in_place_and_deleted() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    let made = harness.apply(A, json!({ "name": "alpha", "description": "first" })).await.unwrap();
    assert_eq!(made.action, Action::Create);
    let state = harness.state(A).unwrap();
    assert_eq!(text(state, "status"), "available");
    assert_eq!(text(state, "display_name"), "alpha");
    assert_eq!(text(state, "url"), text(state, "server_url"));
    assert!(text(state, "server_url").starts_with(world.platform.url()));

    let changed = harness
        .apply(A, json!({ "name": "alpha", "display_name": "Alpha", "description": "" }))
        .await
        .unwrap();
    assert_eq!(changed.action, Action::Update);
    let there = world.look(id(&harness)).await.unwrap();
    assert_eq!((there.display_name.as_deref(), there.description), (Some("Alpha"), None));

    let workspace = id(&harness);
    harness.destroy(A).await.unwrap();
    assert!(world.look(workspace).await.is_none());
    world.stop().await;
}

#[tokio::test]
async fn an_import_yields_the_same_state_and_an_empty_plan() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    harness.apply(A, json!({ "name": "alpha", "description": "first" })).await.unwrap();
    let workspace = id(&harness);
    for text in [workspace.to_string(), format!("{}/{workspace}", world.organization())] {
        harness.import_equals_state(A, ImportBy::Id(text), &[]).await.unwrap();
    }
    harness.forget(A);
    harness.import(A, ImportBy::Id(workspace.to_string())).await.unwrap();
    let planned = harness.plan(A, json!({ "name": "alpha", "description": "first" })).await.unwrap();
    assert_eq!(planned.action, Action::NoOp);
    world.stop().await;
}

#[tokio::test]
async fn changes_from_outside_are_shown_and_repaired() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    let config = json!({ "name": "alpha", "description": "ours" });
    harness.apply(A, config.clone()).await.unwrap();
    let change =
        WorkspaceUpdate { description: Patch::Set("theirs".to_owned()), ..WorkspaceUpdate::default() };
    let workspace = id(&harness);
    world.control().send(&api::UPDATE, workspace, UpdateQuery::default(), change).await.unwrap();
    assert_eq!(harness.plan(A, config.clone()).await.unwrap().action, Action::Update);
    harness.apply(A, config).await.unwrap();
    assert_eq!(world.look(workspace).await.unwrap().description.as_deref(), Some("ours"));
    world.stop().await;
}

#[tokio::test]
async fn a_workspace_that_was_deleted_outside_is_created_again() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    harness.apply(A, json!({ "name": "alpha" })).await.unwrap();
    world.remove_workspace(id(&harness)).await;
    let again = harness.apply(A, json!({ "name": "alpha" })).await.unwrap();
    assert_eq!(again.action, Action::Create);
    world.stop().await;
}

#[tokio::test]
async fn a_workspace_that_the_key_has_no_access_to_is_not_taken_for_deleted() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    // A state from a run with the key of another organization.
    let (workspace, elsewhere) = (WorkspaceId::random(), OrganizationId::random());
    let state = json!({ "id": workspace.to_string(), "organization_id": elsewhere.to_string(), "name": "alpha", "is_managed": true });
    harness.adopt(A, 0, &state).await.unwrap();
    let failure = harness.refresh(A).await.unwrap_err();
    assert_eq!(failure.summaries(), [format!("Cannot tell whether workspace {workspace} still exists")]);
    assert!(harness.state(A).is_some());
    world.stop().await;
}

#[tokio::test]
async fn a_taken_name_is_an_error_with_the_import_command() {
    let world = World::start().await;
    let existing = world.workspace("alpha").await;
    let mut harness = world.harness().await;
    let failure = harness.apply(A, json!({ "name": "alpha" })).await.unwrap_err();
    assert_eq!(failure.summaries(), ["The workspace name \"alpha\" is taken"]);
    assert!(
        failure.to_string().contains(&format!("terraform import zenml_workspace.NAME {existing}")),
        "{failure}"
    );
    assert_eq!(failure.places()[0].to_string(), "name");
    assert!(harness.state(A).is_none());
    world.stop().await;
}

#[tokio::test]
async fn a_malformed_name_is_rejected_before_anything_is_sent() {
    let world = World::start().await;
    let harness = world.harness().await;
    for name in ["Alpha", "alpha_1", "-alpha", "alpha-", "a b", "", &"a".repeat(51)] {
        let failure = harness.plan(A, json!({ "name": name })).await.unwrap_err();
        assert_eq!(failure.places()[0].to_string(), "name", "{name:?}: {failure}");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_workspace_that_fails_is_an_error_and_stays_in_the_state() {
    let world = World::start().await;
    world.inject(json!({ "deployments": { "alpha": { "failed": "no capacity in eu-west-1" } } }));
    let mut harness = world.harness().await;
    let failure = harness.apply(A, json!({ "name": "alpha" })).await.unwrap_err();
    assert_eq!(failure.summaries(), ["Workspace \"alpha\" failed"]);
    assert!(failure.to_string().contains("no capacity in eu-west-1"), "{failure}");
    assert_eq!(text(harness.state(A).unwrap(), "status"), "failed");
    assert!(harness.is_tainted(A));
    world.stop().await;
}

#[tokio::test]
async fn a_timeout_while_it_is_still_pending_is_only_a_warning() {
    let world = World::start().await;
    world.inject(json!({ "deployments": { "alpha": "pending_forever" } }));
    let mut harness = world.harness().await;
    let config = json!({ "name": "alpha", "timeouts": { "create": "200ms" } });
    let made = harness.apply_unsettled(A, config.clone(), config).await.unwrap();
    assert!(made.told().contains(&"Workspace \"alpha\" is pending, not yet available"), "{:?}", made.told());
    assert!(!harness.is_tainted(A));
    world.stop().await;
}

#[tokio::test]
async fn an_interrupted_wait_leaves_the_workspace_in_the_state_untainted() {
    let world = World::start().await;
    world.inject(json!({ "deployments": { "alpha": "pending_forever" } }));
    let mut harness = world.harness().await;
    let engine = harness.engine().clone();
    let config = json!({ "name": "alpha" });
    let interrupt = async {
        while world.find("alpha").await.is_none() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        engine.stop();
    };
    let (made, ()) = tokio::join!(harness.apply_unsettled(A, config.clone(), config), interrupt);
    let told = made.unwrap().warnings;
    assert!(told.iter().any(|diag| diag.to_string().contains("the run was interrupted")), "{told:?}");
    assert_eq!(text(harness.state(A).unwrap(), "status"), "pending");
    assert!(!harness.is_tainted(A));
    world.stop().await;
}

#[tokio::test]
async fn a_control_plane_that_goes_away_during_the_wait_does_not_taint_the_workspace() {
    let world = World::start().await;
    world.inject(json!({
        "deployments": { "alpha": "pending_forever" },
        "rules": [{ "method": "GET", "route": "/workspaces/{workspace_id_or_name}", "nth": 2,
            "effect": { "status": 500, "body": { "detail": ["RuntimeError", "out of order"] } } }],
    }));
    let mut harness = world.harness().await;
    let config = json!({ "name": "alpha" });
    let made = harness.apply_unsettled(A, config.clone(), config).await.unwrap();
    assert!(made.told().contains(&"Workspace \"alpha\" is pending, not yet available"), "{:?}", made.told());
    assert!(!harness.is_tainted(A));
    world.stop().await;
}

#[tokio::test]
async fn a_version_that_does_not_run_stays_as_configured_and_never_taints_the_workspace() {
    let world = World::start().await;
    // The requested version, and whether another one runs then.
    for (version, runs_another) in [("0.98.0", false), ("v0.98", false), ("0.12.0", true), ("1.2.3rc1", true)]
    {
        let mut harness = world.harness().await;
        let config = json!({ "name": "alpha", "version": version });
        let made = harness.apply(A, config.clone()).await.unwrap();
        let warning = format!("Workspace \"alpha\" runs version 0.98.0 instead of {version}");
        let expected: &[&str] = if runs_another { &[&warning] } else { &[] };
        assert_eq!(made.told(), expected, "{version}");
        let state = harness.state(A).unwrap();
        assert_eq!(
            (text(state, "version").as_str(), text(state, "running_version").as_str()),
            (version, "0.98.0")
        );
        assert!(!harness.is_tainted(A), "{version}");
        let before = id(&harness);
        let changed = harness.apply(A, json!({ "name": "alpha", "version": "0.97.1" })).await.unwrap();
        assert_eq!((changed.action, id(&harness)), (Action::Update, before), "{version}");
        // Omitted, it stays.
        let left_out = harness.plan(A, json!({ "name": "alpha" })).await.unwrap();
        assert_eq!(left_out.action, Action::NoOp, "{:?}", left_out.changes());
        harness.destroy(A).await.unwrap();
    }
    world.stop().await;
}

#[tokio::test]
async fn an_upgrade_that_takes_long_is_a_warning() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    let config = |version: &str| json!({ "name": "alpha", "version": version, "timeouts": { "create": "20s", "update": "200ms" } });
    harness.apply(A, config("0.98.0")).await.unwrap();
    world.inject(json!({ "deployments": { "alpha": "pending_forever" } }));
    let changed = harness.apply_unsettled(A, config("0.99.0"), config("0.99.0")).await.unwrap();
    assert_eq!(changed.told(), ["Workspace \"alpha\" is pending, not yet available"]);
    assert_eq!(text(harness.state(A).unwrap(), "version"), "0.99.0");
    assert_eq!(harness.plan(A, config("0.99.0")).await.unwrap().action, Action::NoOp);
    world.stop().await;
}

#[tokio::test]
async fn the_provider_waits_for_a_workspace_that_is_not_found_for_a_moment() {
    let world = World::start().await;
    let missing = json!({ "status": 404, "body": { "detail": ["KeyError", "no such workspace"] } });
    // The first request looks up the name, before the workspace is created.
    let misses: Vec<_> = (2..6)
        .map(|nth| {
            json!({ "method": "GET", "route": "/workspaces/{workspace_id_or_name}", "nth": nth, "effect": missing })
        })
        .collect();
    world.inject(json!({ "rules": misses }));
    let mut harness = world.harness().await;
    let made = harness.apply(A, json!({ "name": "alpha" })).await.unwrap();
    assert!(made.warnings.is_empty(), "{:?}", made.warnings);
    assert_eq!(text(harness.state(A).unwrap(), "status"), "available");
    world.stop().await;
}

#[tokio::test]
async fn a_protected_workspace_is_not_deleted_until_the_state_allows_it() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    harness.apply(A, json!({ "name": "alpha", "deletion_protection": true })).await.unwrap();
    let summary = "Workspace \"alpha\" is protected from deletion";
    assert_eq!(harness.destroy(A).await.unwrap_err().summaries(), [summary]);
    let replaced =
        harness.plan(A, json!({ "name": "beta", "deletion_protection": false })).await.unwrap_err();
    assert_eq!(replaced.summaries(), [summary]);
    let off = harness.apply(A, json!({ "name": "alpha", "deletion_protection": false })).await.unwrap();
    assert_eq!(off.action, Action::Update);
    harness.destroy(A).await.unwrap();
    world.stop().await;
}

#[tokio::test]
async fn a_change_of_attributes_in_the_state_only_sends_nothing() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    harness.apply(A, json!({ "name": "alpha" })).await.unwrap();
    world.inject(json!({ "rules": [{ "method": "PATCH", "effect": { "status": 500 } }] }));
    harness
        .apply(A, json!({ "name": "alpha", "deletion_protection": true, "timeouts": { "delete": "5m" } }))
        .await
        .unwrap();
    world.stop().await;
}

#[tokio::test]
async fn the_plan_warns_once_that_tags_are_not_stored() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    let made = harness
        .apply(A, json!({ "name": "alpha", "tags": ["a"], "metadata": { "team": "a" } }))
        .await
        .unwrap();
    assert_eq!(made.told(), ["Tags and metadata of workspaces are stored only in the Terraform state"]);
    world.stop().await;
}

#[tokio::test]
async fn a_workspace_is_switched_off_and_on_again() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    harness.apply(A, json!({ "name": "alpha", "desired_state": "deactivated" })).await.unwrap();
    assert_eq!(text(harness.state(A).unwrap(), "status"), "deactivated");
    assert!(harness.state(A).unwrap().attribute("server_url").is_null());
    harness.apply(A, json!({ "name": "alpha", "desired_state": "available" })).await.unwrap();
    assert_eq!(text(harness.state(A).unwrap(), "status"), "available");
    world.stop().await;
}

#[tokio::test]
async fn the_enrollment_key_of_an_unmanaged_workspace_is_kept() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    harness.apply(A, json!({ "name": "alpha", "is_managed": false })).await.unwrap();
    let key = text(harness.state(A).unwrap(), "enrollment_key");
    assert!(!key.is_empty());
    harness.refresh(A).await.unwrap();
    assert_eq!(text(harness.state(A).unwrap(), "enrollment_key"), key);
    world.stop().await;
}

#[tokio::test]
async fn after_a_lost_response_the_new_workspace_is_taken_over() {
    let world = World::start().await;
    world.inject(json!({ "rules": [
        { "method": "POST", "route": "/workspaces", "nth": 1, "phase": "after_commit", "effect": "drop" },
    ] }));
    let mut harness = world.harness().await;
    harness.apply(A, json!({ "name": "alpha" })).await.unwrap();
    assert_eq!(text(harness.state(A).unwrap(), "status"), "available");
    world.stop().await;
}

#[tokio::test]
async fn a_data_source_finds_a_workspace_by_id_and_by_name() {
    let world = World::start().await;
    let workspace = world.workspace("alpha").await.to_string();
    let harness = world.harness().await;
    for config in [json!({ "id": workspace }), json!({ "name": "alpha" })] {
        let found = harness.read_data_source("zenml_workspace", config).await.unwrap();
        assert_eq!((text(&found, "id"), text(&found, "name")), (workspace.clone(), "alpha".to_owned()));
        assert_eq!(text(&found, "organization_id"), world.organization().to_string());
    }
    let failure = harness.read_data_source("zenml_workspace", json!({ "name": "beta" })).await.unwrap_err();
    assert_eq!(failure.summaries(), ["There is no workspace \"beta\""]);
    assert!(harness.read_data_source("zenml_workspace", json!({})).await.is_err());
    world.stop().await;
}

#[tokio::test]
async fn a_workspace_passes_its_life_cycle_under_real_hosts() {
    under_each_host(async |world, host| {
        let before = world.platform.census().await.unwrap();
        let main = |description: &str| {
            format!(
                "resource \"zenml_workspace\" \"a\" {{\n  name = \"alpha\"\n  description = \"{description}\"\n}}\n"
            )
        };
        host.write("main.tf", &main("first")).unwrap();
        host.apply().await.unwrap();
        let workspace = host.attributes(A).await.unwrap()["id"].as_str().unwrap().to_owned();
        host.import_equals_state(A, &workspace, &[]).await.unwrap();
        host.write("main.tf", &main("second")).unwrap();
        assert_eq!(host.apply().await.unwrap().action(A), Some(Action::Update));
        let outside = WorkspaceUpdate { description: Patch::Clear, ..WorkspaceUpdate::default() };
        let there: WorkspaceId = workspace.parse().unwrap();
        world.control().send(&api::UPDATE, there, UpdateQuery::default(), outside).await.unwrap();
        assert_eq!(host.apply().await.unwrap().action(A), Some(Action::Update));
        world.remove_workspace(there).await;
        assert_eq!(host.apply().await.unwrap().action(A), Some(Action::Create));
        host.destroy().await.unwrap();
        assert_eq!(world.platform.census().await.unwrap(), before);
        world.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_refused_attribute_of_a_workspace_is_named_by_the_error() {
    let class = |class: &str, message: &str| json!({ "detail": [class, message] });
    let located = |member: &str| json!({ "detail": [{ "loc": ["body", member], "msg": "No.", "type": "value_error" }] });
    let version = "Workspace 'alpha' runs version 0.98.0 and cannot be downgraded to 0.97.0.";
    let rows = [
        // The only attribute that changes.
        (json!({ "version": "0.97.0" }), 400, class("ValueError", "No."), Some("version")),
        (json!({ "logo_url": "x" }), 422, class("ValueError", "No."), Some("logo_url")),
        (json!({ "desired_state": "deactivated" }), 400, class("ValueError", "No."), Some("desired_state")),
        // The one that the response locates.
        (json!({ "description": "x", "logo_url": "y" }), 422, located("logo_url"), Some("logo_url")),
        (json!({ "description": "x", "version": "0.97.0" }), 422, located("version"), Some("version")),
        // The one whose value or name is in the message.
        (
            json!({ "description": "version", "version": "0.97.0" }),
            400,
            class("ValueError", version),
            Some("version"),
        ),
        (
            json!({ "display_name": "X", "desired_state": "deactivated" }),
            403,
            class("IllegalOperationError", "This desired_state is not possible."),
            Some("desired_state"),
        ),
        // It is not certain.
        (json!({ "description": "x", "logo_url": "y" }), 400, class("ValueError", "No."), None),
        (
            json!({ "version": "0.97.0" }),
            403,
            class("IllegalOperationError", "Another change is in progress."),
            None,
        ),
        (json!({ "version": "0.97.0" }), 500, class("RuntimeError", "The version is wrong."), None),
    ];
    for (change, status, body, place) in rows {
        let world = World::start().await;
        let mut harness = world.harness().await;
        let mut config = json!({ "name": "alpha" });
        harness.apply(A, config.clone()).await.unwrap();
        world.inject(json!({ "rules": [{ "method": "PATCH", "route": "/workspaces/{workspace_id}",
            "effect": { "status": status, "body": body } }] }));
        for (name, value) in change.as_object().unwrap() {
            config[name] = value.clone();
        }
        let failure = harness.apply(A, config.clone()).await.unwrap_err();
        let places: Vec<String> = failure.places().iter().map(ToString::to_string).collect();
        let expected: Vec<String> = place.into_iter().map(str::to_owned).collect();
        assert_eq!(places, expected, "{config} {failure}");
        world.stop().await;
    }
}

#[tokio::test]
async fn a_malformed_version_is_an_error_of_the_plan_at_the_version() {
    let world = World::start().await;
    let harness = world.harness().await;
    for version in ["99.banana", "latest", "0", "0.", ".98", "0.98 0", "../0.98.0", ""] {
        let failure = harness.plan(A, json!({ "name": "alpha", "version": version })).await.unwrap_err();
        assert_eq!(failure.places()[0].to_string(), "version", "{version:?}: {failure}");
    }
    for version in ["0.98.0", "v0.98", "0.98.0rc1", "0.98.0.dev20261130", "0.98.0-rc1", "1.0+local_1"] {
        harness.plan(A, json!({ "name": "alpha", "version": version })).await.unwrap();
    }
    world.stop().await;
}

#[tokio::test]
async fn a_workspace_that_failed_is_tried_again_by_the_next_apply() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    let config = json!({ "name": "alpha" });
    harness.apply(A, config.clone()).await.unwrap();
    let before = id(&harness);
    // A change that fails, and then fails again although nothing else is to be changed.
    world.inject(json!({ "deployments": { "alpha": { "failed": "no capacity in eu-west-1" } } }));
    let failure =
        harness.apply(A, json!({ "name": "alpha", "desired_state": "deactivated" })).await.unwrap_err();
    assert!(failure.to_string().contains("no capacity in eu-west-1"), "{failure}");
    assert_eq!(text(harness.state(A).unwrap(), "status"), "failed");
    let still = harness.apply(A, config.clone()).await.unwrap_err();
    assert!(still.to_string().contains("no capacity in eu-west-1"), "{still}");
    world.inject(json!({}));
    let healed = harness.apply(A, config.clone()).await.unwrap();
    assert_eq!((healed.action, id(&harness)), (Action::Update, before));
    assert_eq!(text(harness.state(A).unwrap(), "status"), "deactivated");
    assert_eq!(harness.plan(A, config).await.unwrap().action, Action::NoOp);
    world.stop().await;
}
