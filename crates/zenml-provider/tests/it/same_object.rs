//! Two addresses for one object, and existing objects that conflict with new ones.

use serde_json::{Value as Json, json};
use tfkit::engine::ImportBy;
use tfkit::{Diag, Severity};
use tfkit_test::{Action, Harness};

use crate::lost_answer::scene;
use crate::world::{World, types_without, under_each_host};

/// Returns the same type at another address.
fn other(address: &str) -> String {
    format!("{}.other", address.split_once('.').unwrap().0)
}

/// One resource of each type.
pub(crate) async fn one_of_each() -> (World, Vec<(&'static str, Json)>) {
    let (world, rows) = scene().await;
    let mut harness = world.harness().await;
    let config = |address: &str| &rows.iter().find(|row| row.address == address).unwrap().config;
    let role = config("zenml_workspace_role_assignment.x").clone();
    let mut in_project = role.clone();
    in_project["project_id"] = config("zenml_code_repository.x")["project_id"].clone();
    let share = json!({
        "workspace_id": role["workspace_id"], "team_id": role["team_id"], "resource_type": "stack_component",
        "resource_id": config("zenml_stack.x")["components"]["orchestrator"], "actions": ["read"],
    });
    let mut on_stack = role;
    let mut stack = config("zenml_stack.x").clone();
    stack["name"] = json!("held");
    harness.apply("zenml_stack.held", stack).await.unwrap();
    on_stack["stack_id"] =
        json!(harness.state("zenml_stack.held").unwrap().attribute("id").as_str().unwrap());
    on_stack["role"] = json!("read");
    let mut all: Vec<(&'static str, Json)> =
        rows.iter().map(|row| (row.address, row.config.clone())).collect();
    all.push(("zenml_project_role_assignment.x", in_project));
    all.push(("zenml_stack_role_assignment.x", on_stack));
    all.push(("zenml_resource_share.x", share));
    assert_eq!(types_without(all.iter().map(|row| row.0)), Vec::<String>::new());
    (world, all)
}

/// Returns the severities and summaries of a run's diagnostics.
async fn reported(harness: &Harness, run: &[(&str, Json)]) -> Vec<(Severity, String)> {
    let reported: Vec<Diag> = harness.plan_together(run).await.unwrap();
    reported.into_iter().map(|diag| (diag.severity, diag.summary)).collect()
}

/// Returns a configuration with another name, for types with names.
fn renamed(config: &Json) -> Option<Json> {
    config.get("name")?;
    let mut config = config.clone();
    config["name"] = json!("beta");
    Some(config)
}

#[tokio::test]
async fn two_addresses_of_one_object_are_reported_in_the_plan_in_any_order() {
    let (world, rows) = one_of_each().await;
    let mut harness = world.harness().await;
    for (address, config) in &rows {
        let (address, other) = (*address, other(address));
        let (this, that) = ((address, config.clone()), (other.as_str(), config.clone()));
        let both_make = reported(&harness, &[this.clone(), that.clone()]).await;
        assert_eq!(both_make.len(), 1, "{address}: {both_make:?}");
        assert_eq!(both_make[0].0, Severity::Error);
        assert!(both_make[0].1.starts_with("Two resources create the "), "{both_make:?}");

        harness.apply(address, config.clone()).await.unwrap();
        for run in [[this.clone(), that.clone()], [that.clone(), this.clone()]] {
            let reported = reported(&harness, &run).await;
            assert_eq!(reported.len(), 1, "{address}: {reported:?}");
            assert_eq!(reported[0].0, Severity::Error);
            assert!(
                reported[0].1.ends_with("is already in this state under another address"),
                "{reported:?}"
            );
        }
        let gone = (address, Json::Null);
        for run in [[gone.clone(), that.clone()], [that.clone(), gone]] {
            let reported: Vec<_> = reported(&harness, &run).await;
            let about = reported.iter().filter(|(_, summary)| summary.starts_with("This run deletes the "));
            assert_eq!(
                about.map(|(severity, _)| *severity).collect::<Vec<_>>(),
                [Severity::Warning],
                "{reported:?}"
            );
        }
        if let Some(renamed) = renamed(config).filter(|_| address != "zenml_workspace.x") {
            let away = (address, renamed.clone());
            for run in [[away.clone(), that.clone()], [that.clone(), away]] {
                let reported = reported(&harness, &run).await;
                let about = reported.iter().find(|(_, summary)| {
                    summary.starts_with("This run renames the ")
                        || summary.starts_with("This run replaces the ")
                });
                assert_eq!(about.unwrap().0, Severity::Warning, "{address}: {reported:?}");
            }
            // Without a conflict there is no diagnostic.
            assert!(
                reported(&harness, &[this.clone(), (other.as_str(), renamed)]).await.is_empty(),
                "{address}"
            );
        }
        harness.destroy(address).await.unwrap();
    }
    world.stop().await;
}

#[tokio::test]
async fn an_object_that_is_replaced_under_its_own_address_conflicts_with_nothing() {
    let (world, rows) = one_of_each().await;
    let mut harness = world.harness().await;
    let (address, config) = rows.iter().find(|(address, _)| *address == "zenml_stack_component.x").unwrap();
    harness.apply(address, config.clone()).await.unwrap();
    let mut config = config.clone();
    config["flavor"] = json!("local");
    config["configuration"] = json!({});
    assert_eq!(harness.plan(address, config.clone()).await.unwrap().action, Action::Replace);
    assert!(reported(&harness, &[(address, config.clone())]).await.is_empty());
    // Another resource with its name is a conflict.
    let other = other(address);
    let both = reported(&harness, &[(address, config.clone()), (other.as_str(), config)]).await;
    assert_eq!(both[0].0, Severity::Error, "{both:?}");
    world.stop().await;
}

/// The error for each existing object contains an import block that works as it is.
#[tokio::test]
async fn the_import_block_for_an_existing_object_imports_it_for_every_type() {
    let (world, rows) = one_of_each().await;
    let mut harness = world.harness().await;
    let mut count = 0;
    // An assignment or a share that is already granted, and a member, are taken over with a warning instead, and a key
    // with the same name may be the predecessor of a new one.
    let without_import = ["assignment", "share", "_member", "zenml_api_key"];
    let has_import = |address: &str| !without_import.iter().any(|part| address.contains(part));
    for (address, config) in rows.iter().filter(|(address, _)| has_import(address)) {
        let other = other(address);
        harness.apply(address, config.clone()).await.unwrap();
        let failure = harness.apply(&other, config.clone()).await.unwrap_err().to_string();
        let (_, block) = failure.split_once("  import {\n    to = ADDRESS\n    id = \"").expect(&failure);
        let (id, _) = block.split_once("\"\n  }").expect(&failure);
        let type_name = address.split_once('.').unwrap().0;
        assert!(failure.contains(&format!("terraform import {type_name}.NAME {id}\n")), "{failure}");
        assert!(failure.contains("terraform state mv OLD_ADDRESS NEW_ADDRESS"), "{failure}");
        harness.import(&other, ImportBy::Id(id.to_owned())).await.unwrap();
        // Values that cannot be read back are set once more.
        let planned = harness.plan(&other, config.clone()).await.unwrap();
        assert!(matches!(planned.action, Action::NoOp | Action::Update), "{address}: {:?}", planned.action);
        let id = |address: &str| harness.state(address).unwrap().attribute("id").clone();
        assert_eq!(id(&other), id(address), "{address}");
        harness.forget(&other);
        harness.destroy(address).await.unwrap();
        count += 1;
    }
    assert_eq!(count, 12);
    world.stop().await;
}

#[tokio::test]
async fn a_resource_with_a_new_address_is_reported_under_real_hosts() {
    under_each_host(async |world, host| {
        let team = |name: &str| format!("resource \"zenml_team\" \"{name}\" {{\n  name = \"alpha\"\n}}\n");
        host.write("main.tf", &team("a")).unwrap();
        host.apply().await.unwrap();
        // Two addresses for one team.
        host.write("main.tf", &format!("{}{}", team("a"), team("b"))).unwrap();
        let failed = host.plan().await.unwrap_err();
        assert!(
            failed.says("Error: The team \"alpha\" is already in this state under another address"),
            "{failed}"
        );
        // A new address in place of the old one, without a `moved` block.
        host.write("main.tf", &team("b")).unwrap();
        let output = host.run(&["plan", "-no-color"]).await.unwrap();
        assert!(
            output.says("Warning: This run deletes the team \"alpha\" and creates another one"),
            "{output:?}"
        );
        assert!(output.says("moved {"), "{output:?}");
        let moved = format!("{}moved {{\n  from = zenml_team.a\n  to   = zenml_team.b\n}}\n", team("b"));
        host.write("main.tf", &moved).unwrap();
        let output = host.run(&["plan", "-no-color"]).await.unwrap();
        assert!(output.says("has moved to zenml_team.b"), "{output:?}");
        assert!(!output.says("This run"), "{output:?}");
        host.apply().await.unwrap();
        // A replacement by command keeps the address, and so does one of a tainted object.
        for arguments in
            [["plan", "-no-color", "-replace=zenml_team.b"], ["plan", "-no-color", "-refresh=false"]]
        {
            let output = host.run(&arguments).await.unwrap();
            assert!(!output.says("This run") && !output.says("Error"), "{output:?}");
        }
        host.run(&["taint", "zenml_team.b"]).await.unwrap();
        let output = host.run(&["plan", "-no-color"]).await.unwrap();
        assert!(output.says("is tainted, so ") && !output.says("This run"), "{output:?}");
        host.run(&["apply", "-auto-approve", "-no-color"]).await.unwrap();
        // Two new ones at once.
        let two = "resource \"zenml_team\" \"many\" {\n  count = 2\n  name  = \"beta\"\n}\n";
        host.write("main.tf", &format!("{moved}{two}")).unwrap();
        let failed = host.plan().await.unwrap_err();
        assert!(failed.says("Error: Two resources create the team \"beta\""), "{failed}");
        host.write("main.tf", &moved).unwrap();
        host.destroy().await.unwrap();
        world.stop().await;
    })
    .await;
}
