//! Limits of a subscription for workspaces and projects; those for members are in `invitation.rs`.

use serde_json::{Value, json};
use zenml_local::{Limits, Options};

use crate::enrollment::enroll;
use crate::support::{World, text};

fn is_an_upgrade(refusal: &str, words: &str) {
    let start = "SubscriptionUpgradeRequiredError: The subscription of this organization allows ";
    assert_eq!(refusal, format!("{start}{words}."));
}

#[tokio::test]
async fn a_subscription_limits_the_number_of_workspaces() {
    let limits = Limits { workspaces: Some(2), ..Limits::default() };
    let world = World::with(Options { limits, ..Options::default() }).await;
    let create = async |name: &str| world.admin("POST /workspaces", json!({ "name": name })).await;
    let first = text(&create("one").await.ok()["id"]);
    create("two").await.ok();
    is_an_upgrade(&create("three").await.refused(402), "2 workspaces, and it has 2");
    world.admin(&format!("DELETE /workspaces/{first}"), Value::Null).await.ok();
    world.settled(&first).await.refused(404);
    create("three").await.ok();
}

/// Projects of embedded workspaces, and those that enrolled servers have reported, count together.
#[tokio::test]
async fn a_subscription_limits_the_number_of_projects_in_all_workspaces() {
    let limits = Limits { projects: Some(2), ..Limits::default() };
    let world = World::with(Options { limits, ..Options::default() }).await;
    let projects = format!("POST /w/{}/api/v1/projects", world.workspace("here").await);
    let create = async |name: &str| world.admin(&projects, json!({ "name": name })).await;
    let enrolled = enroll(&world, "far").await;
    let organization = world.organization();
    let call = format!("GET /organizations/{organization}/entitlement/project");
    let check = async || world.send(Some(&enrolled.token), &call, Value::Null).await;
    let report = async |total: i32| {
        let event = json!({ "organization_id": organization, "feature": "project", "total": total,
            "metadata": { "workspace_id": enrolled.id, "resource_id": "00000000-0000-4000-8000-000000000001" } });
        world.send(Some(&enrolled.token), "POST /usage-event", event).await.ok();
    };
    create("one").await.ok();
    check().await.ok();
    report(1).await;
    is_an_upgrade(&check().await.refused(402), "2 projects, and it has 2");
    is_an_upgrade(&create("two").await.refused(402), "2 projects, and it has 2");
    // Other features have no limit, and a deleted project makes room.
    let pipeline = format!("GET /organizations/{organization}/entitlement/pipeline");
    world.send(Some(&enrolled.token), &pipeline, Value::Null).await.ok();
    report(-1).await;
    create("two").await.ok();
}
