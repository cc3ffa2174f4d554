//! Workspaces: names, states, and their lifecycle.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use zenml_local::Options;
use zenml_local::faults::{Deployment, Faults};

use crate::support::{World, text, texts};

#[tokio::test]
async fn a_workspace_goes_through_pending_to_available_with_an_address() {
    let world = World::start().await;
    let body = json!({
        "name": "alpha", "organization_id": world.organization(), "description": "d",
        "tags": ["x"], "metadata": { "a": "b" },
    });
    let created = world.admin("POST /workspaces", body).await.ok();
    let id = text(&created["id"]);
    assert_eq!((&created["status"], &created["desired_state"]), (&json!("pending"), &json!("available")));
    assert_eq!((&created["display_name"], &created["is_managed"]), (&json!("alpha"), &json!(true)));
    assert_eq!(created["zenml_service"]["status"], Value::Null);
    let workspace = world.settled(&id).await.ok();
    assert_eq!((&workspace["status"], &workspace["state_reason"]), (&json!("available"), &json!("")));
    let url = format!("{}/w/{id}", world.platform.url());
    assert_eq!(workspace["zenml_service"]["status"]["server_url"], json!(url));
    assert_eq!(workspace["organization"]["id"], json!(world.organization()));
    // No ZenML server stores these.
    assert_eq!((workspace.get("tags"), workspace.get("metadata")), (None, None));
    for list in [
        "GET /workspaces?workspace_name=alpha&member_only=True".to_owned(),
        format!("GET /workspaces?url={url}"),
        format!("GET /tenants?tenant_id={id}"),
        format!("GET /organizations/{}/workspaces?status=available", world.organization()),
    ] {
        assert_eq!(texts(&world.admin(&list, Value::Null).await.ok(), "id"), vec![id.clone()], "{list}");
    }
    assert_eq!(world.admin("GET /workspaces?workspace_name=beta", Value::Null).await.ok(), json!([]));
    for which in ["alpha", id.as_str()] {
        world.admin(&format!("GET /workspaces/{which}"), Value::Null).await.ok();
        world.admin(&format!("GET /tenants/{which}"), Value::Null).await.ok();
    }
}

#[tokio::test]
async fn a_name_is_validated_and_unique_across_all_organizations() {
    let world = World::start().await;
    world.workspace("alpha").await;
    let superuser = world.superuser().await;
    let other = world.send(Some(&superuser), "POST /organizations", json!({ "name": "other" })).await.ok();
    let body = json!({ "name": "alpha", "organization_id": other["id"] });
    let refusal = world.send(Some(&superuser), "POST /workspaces", body).await.refused(409);
    assert!(refusal.contains("unique across all organizations"), "{refusal}");
    for name in ["", "Alpha", "a b", "a_b", &"a".repeat(51)] {
        let body = json!({ "name": name, "organization_id": world.organization() });
        let answer = world.admin("POST /workspaces", body).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.body["detail"][0]["loc"]),
            (422, &json!(["body", "name"])),
            "{name}"
        );
    }
    // Without an organization, the caller's only one is used, and a key of one organization has no access to another.
    let body = json!({ "name": "beta" });
    let workspace = world.admin("POST /workspaces", body.clone()).await.ok();
    assert_eq!(workspace["organization"]["id"], json!(world.organization()));
    assert!(world.send(Some(&superuser), "POST /workspaces", body).await.refused(400).contains("several"));
    let body = json!({ "name": "gamma", "organization_id": other["id"] });
    world.admin("POST /workspaces", body).await.refused(404);
}

#[tokio::test]
async fn changes_apply_in_place_and_the_name_stays() {
    let world = World::start().await;
    let id = world.workspace("alpha").await;
    let call = format!("PATCH /workspaces/{id}");
    let change = json!({ "name": "beta", "display_name": "Alpha!", "description": "d", "logo_url": "https://x/y.png" });
    let workspace = world.admin(&call, change).await.ok();
    assert_eq!((&workspace["name"], &workspace["display_name"]), (&json!("alpha"), &json!("Alpha!")));
    assert_eq!(workspace["status"], "available");
    let workspace = world.admin(&call, json!({ "description": null })).await.ok();
    assert_eq!(
        (&workspace["description"], &workspace["logo_url"]),
        (&Value::Null, &json!("https://x/y.png"))
    );
    assert!(
        world.admin(&call, json!({ "desired_state": "failed" })).await.refused(400).contains("desired_state")
    );
}

#[tokio::test]
async fn a_workspace_is_deactivated_activated_and_deleted_through_pending() {
    let world = World::start().await;
    let id = world.workspace("alpha").await;
    let call = format!("PATCH /workspaces/{id}");
    let info = format!("GET /w/{id}/api/v1/info");
    world.send(None, &info, Value::Null).await.ok();
    let answer = world.admin(&call, json!({ "desired_state": "deactivated" })).await.ok();
    assert_eq!(answer["status"], "pending");
    let workspace = world.settled(&id).await.ok();
    assert_eq!(
        (&workspace["status"], &workspace["zenml_service"]["status"]),
        (&json!("deactivated"), &Value::Null)
    );
    world.send(None, &info, Value::Null).await.refused(503);
    world.admin(&format!("PATCH /workspaces/{id}/deploy"), Value::Null).await.ok();
    assert_eq!(world.settled(&id).await.ok()["status"], "available");
    assert_eq!(world.admin(&format!("DELETE /workspaces/{id}"), Value::Null).await.ok(), Value::Null);
    world.settled(&id).await.refused(404);
    world.send(None, &info, Value::Null).await.refused(404);
    world.workspace("alpha").await;
}

#[tokio::test]
async fn deployments_fail_and_hang_as_the_faults_specify() {
    let deployments = BTreeMap::from([
        ("broken".to_owned(), Deployment::Failed("no capacity".to_owned())),
        ("stuck".to_owned(), Deployment::PendingForever),
        ("slow".to_owned(), Deployment::PendingSeconds(1)),
    ]);
    let faults = Faults { deployments, ..Faults::default() };
    let world = World::with(Options { faults, ..Options::default() }).await;
    let mut ids = BTreeMap::new();
    for name in ["broken", "stuck", "slow"] {
        let body = json!({ "name": name });
        ids.insert(name, text(&world.admin("POST /workspaces", body).await.ok()["id"]));
    }
    let broken = world.settled(&ids["broken"]).await.ok();
    assert_eq!((&broken["status"], &broken["state_reason"]), (&json!("failed"), &json!("no capacity")));
    assert_eq!(world.settled(&ids["slow"]).await.ok()["status"], "available");
    let stuck = world.admin("GET /workspaces/stuck", Value::Null).await.ok();
    assert_eq!(stuck["status"], "pending");
    let change = format!("PATCH /workspaces/{}", ids["stuck"]);
    let refusal = world.admin(&change, json!({ "desired_state": "deactivated" })).await.refused(403);
    assert!(refusal.contains("pending"), "{refusal}");

    // A failed workspace is deployed again on request, and one that hangs can be deleted.
    world.platform.inject(Faults::default());
    let change = format!("PATCH /workspaces/{}", ids["broken"]);
    world.admin(&change, json!({ "desired_state": "available" })).await.ok();
    assert_eq!(world.settled(&ids["broken"]).await.ok()["status"], "available");
    world.admin(&format!("DELETE /workspaces/{}", ids["stuck"]), Value::Null).await.ok();
    world.settled(&ids["stuck"]).await.refused(404);
}

#[tokio::test]
async fn long_lists_are_paged() {
    let world = World::start().await;
    for name in ["a", "b", "c"] {
        world.workspace(name).await;
    }
    let names = async |query: &str| {
        texts(&world.admin(&format!("GET /workspaces?{query}"), Value::Null).await.ok(), "name")
    };
    assert_eq!(names("limit=2").await, ["a", "b"]);
    assert_eq!(names("limit=2&offset=2").await, ["c"]);
    assert_eq!(names("offset=9").await, Vec::<String>::new());
    let answer = world.admin("GET /workspaces?limit=101", Value::Null).await;
    assert_eq!((answer.status.as_u16(), &answer.body["detail"][0]["loc"]), (422, &json!(["query", "limit"])));
}
