//! Teams and their members.

use serde_json::{Value, json};

use crate::support::{World, text, texts};

#[tokio::test]
async fn a_team_is_created_read_updated_and_deleted() {
    let world = World::start().await;
    let body = json!({ "name": "alpha", "description": "d", "organization_id": world.organization() });
    let team = world.admin("POST /teams", body.clone()).await.ok();
    let id = text(&team["id"]);
    assert_eq!(
        (&team["name"], &team["description"], &team["member_count"]),
        (&json!("alpha"), &json!("d"), &json!(0))
    );
    assert!(world.admin("POST /teams", body).await.refused(409).starts_with("EntityExistsError: "));

    let call = format!("PATCH /teams/{id}");
    let team = world.admin(&call, json!({ "name": "beta" })).await.ok();
    assert_eq!((&team["name"], &team["description"]), (&json!("beta"), &json!("d")));
    let team = world.admin(&call, json!({ "description": null })).await.ok();
    assert_eq!((&team["name"], &team["description"]), (&json!("beta"), &Value::Null));

    let list = format!("GET /organizations/{}/teams", world.organization());
    assert_eq!(texts(&world.admin(&list, Value::Null).await.ok(), "name"), ["beta"]);
    assert_eq!(world.admin(&format!("DELETE /teams/{id}"), Value::Null).await.ok(), Value::Null);
    world.admin(&format!("GET /teams/{id}"), Value::Null).await.refused(404);
    world.admin(&format!("DELETE /teams/{id}"), Value::Null).await.refused(404);
}

#[tokio::test]
async fn an_invalid_name_is_a_validation_error_with_its_place() {
    let world = World::start().await;
    for (name, kind) in [(String::new(), "string_too_short"), ("x".repeat(51), "string_too_long")] {
        let body = json!({ "name": name, "organization_id": world.organization() });
        let answer = world.admin("POST /teams", body).await;
        assert_eq!(answer.status.as_u16(), 422);
        let issue = &answer.body["detail"][0];
        assert_eq!((&issue["loc"], &issue["type"]), (&json!(["body", "name"]), &json!(kind)));
    }
    let answer = world.admin("POST /teams", json!({ "name": 5, "organization_id": "x" })).await;
    assert_eq!((answer.status.as_u16(), &answer.body["detail"][0]["loc"][0]), (422, &json!("body")));
}

#[tokio::test]
async fn only_members_of_the_organization_can_join_a_team_and_only_once() {
    let world = World::start().await;
    let (inside, outside) = (
        world.member("in@example.org", "Organization Member").await,
        world.outsider("out@example.org").await,
    );
    let team = world.team("alpha").await;
    let members = format!("/teams/{team}/members");
    let add = |id: &str| format!("POST {members}?user_id={id}");
    let refusal = world.admin(&add(&outside.id), Value::Null).await.refused(403);
    assert!(refusal.contains("does not belong to the organization"), "{refusal}");
    assert_eq!(world.admin(&add(&inside.id), Value::Null).await.ok(), Value::Null);
    assert!(world.admin(&add(&inside.id), Value::Null).await.refused(409).contains("already a member"));
    assert!(world.admin(&format!("POST {members}"), Value::Null).await.refused(400).contains("Exactly one"));

    let listed = world.admin(&format!("GET {members}"), Value::Null).await.ok();
    assert_eq!(texts(&listed, "email"), ["in@example.org"]);
    // A member of a team sees this team only.
    world.team("beta").await;
    let list = format!("GET /organizations/{}/teams", world.organization());
    assert_eq!(texts(&world.send(Some(&inside.token), &list, Value::Null).await.ok(), "name"), ["alpha"]);
    world.send(Some(&inside.token), &format!("GET {members}"), Value::Null).await.ok();
    let rename = format!("PATCH /teams/{team}");
    world.send(Some(&inside.token), &rename, json!({ "name": "mine" })).await.refused(403);

    world.admin(&format!("DELETE {members}?user_id={}", inside.id), Value::Null).await.ok();
    world.admin(&format!("DELETE {members}?user_id={}", inside.id), Value::Null).await.refused(404);
}

#[tokio::test]
async fn deleting_a_team_deletes_its_roles() {
    let world = World::start().await;
    let person = world.member("ada@example.org", "Organization Member").await;
    let (team, workspace) = (world.team("alpha").await, world.workspace("space").await);
    world.admin(&format!("POST /teams/{team}/members?user_id={}", person.id), Value::Null).await.ok();
    let role = world.role("workspace", "Workspace Viewer").await;
    let scope = format!("/roles/{role}/assignments?team_id={team}&workspace_id={workspace}");
    world.admin(&format!("POST {scope}"), Value::Null).await.ok();
    let enter = format!("GET /users/authorize_server?server_id={workspace}");
    world.send(Some(&person.token), &enter, Value::Null).await.ok();
    world.admin(&format!("DELETE /teams/{team}"), Value::Null).await.ok();
    world.send(Some(&person.token), &enter, Value::Null).await.refused(404);
    let left = format!("GET /roles/{role}/assignments?workspace_id={workspace}");
    assert_eq!(world.admin(&left, Value::Null).await.ok(), json!([]));
}
