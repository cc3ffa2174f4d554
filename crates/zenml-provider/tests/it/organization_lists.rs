//! Data sources for the people, the teams and the workspaces of an organization.

use serde_json::{Value as Json, json};
use tfkit::Dyn;

use crate::world::World;

const NEW: &str = "new.person@example.com";

fn keys(map: &Dyn) -> Vec<String> {
    map.as_map().unwrap().keys().cloned().collect()
}

fn text(object: &Dyn, name: &str) -> String {
    object.attribute(name).as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn people_are_found_by_address_and_by_account_and_listed_with_invited_ones() {
    let world = World::start().await;
    let ann = world.person("ann@example.com").await;
    world.invite(NEW).await;
    world.invite("late@example.com").await;
    world.platform.expire_invitations().await.unwrap();
    world.invite(NEW).await;
    let harness = world.harness().await;
    let user = async |config: Json| harness.read_data_source("zenml_user", config).await;
    for config in [json!({ "email": "Ann@example.com" }), json!({ "id": ann.id.to_string() })] {
        let found = user(config.clone()).await.unwrap();
        assert_eq!((text(&found, "id"), text(&found, "status")), (ann.id.to_string(), "active".to_owned()));
        assert_eq!(found.attribute("roles"), &Dyn::set([Dyn::string("Organization Member")]));
        if let Some(email) = config["email"].as_str() {
            assert_eq!(text(&found, "email"), email);
        }
    }
    let invited = user(json!({ "email": NEW })).await.unwrap();
    assert_eq!((invited.attribute("id"), text(&invited, "status")), (&Dyn::Null, "invited".to_owned()));
    assert_eq!(text(&user(json!({ "email": "late@example.com" })).await.unwrap(), "status"), "expired");
    let failure = user(json!({ "email": "nobody@example.com" })).await.unwrap_err();
    assert_eq!(failure.summaries(), ["There is no user \"nobody@example.com\" in the organization"]);
    assert_eq!(failure.places()[0].to_string(), "email");

    let users = async |config: Json| {
        let found = harness.read_data_source("zenml_users", config).await.unwrap();
        keys(found.attribute("users"))
    };
    assert_eq!(users(json!({})).await, ["admin", "ann@example.com", NEW]);
    assert_eq!(users(json!({ "status": "invited" })).await, [NEW]);
    assert_eq!(users(json!({ "status": "expired" })).await, ["late@example.com"]);
    assert_eq!(users(json!({ "role": "admin" })).await, ["admin"]);
    assert_eq!(
        users(json!({ "role": "Organization Member", "status": "active" })).await,
        ["ann@example.com"]
    );
    world.stop().await;
}

#[tokio::test]
async fn teams_and_workspaces_are_maps_by_name() {
    let world = World::start().await;
    for name in ["alpha-one", "alpha-two", "beta"] {
        world.team(name).await;
    }
    for name in ["alpha", "beta"] {
        world.workspace(name).await;
    }
    let harness = world.harness().await;
    let found = harness.read_data_source("zenml_teams", json!({ "name_prefix": "alpha-" })).await.unwrap();
    assert_eq!(keys(found.attribute("teams")), ["alpha-one", "alpha-two"]);
    assert_eq!(text(&found, "organization_id"), world.organization().to_string());
    let all = harness.read_data_source("zenml_workspaces", json!({ "status": "available" })).await.unwrap();
    assert_eq!(keys(all.attribute("workspaces")), ["alpha", "beta"]);
    let failed = harness.read_data_source("zenml_workspaces", json!({ "status": "failed" })).await.unwrap();
    assert!(keys(failed.attribute("workspaces")).is_empty());
    let one = harness.read_data_source("zenml_workspaces", json!({ "name_prefix": "b" })).await.unwrap();
    let beta = &one.attribute("workspaces").as_map().unwrap()["beta"];
    assert!(text(beta, "server_url").starts_with("http://"), "{beta:?}");
    let failure = harness.read_data_source("zenml_workspaces", json!({ "status": "x" })).await.unwrap_err();
    assert_eq!(failure.places()[0].to_string(), "status");
    world.stop().await;
}
