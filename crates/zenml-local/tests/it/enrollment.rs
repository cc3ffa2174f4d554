//! Enrolled workspaces, and the requests of their servers.

use serde_json::{Value, json};

use crate::support::{World, text};

pub(crate) struct Enrolled {
    pub(crate) id: String,
    pub(crate) token: String,
}

pub(crate) async fn enroll(world: &World, name: &str) -> Enrolled {
    let created = world.admin("POST /workspaces?enroll=true", json!({ "name": name })).await.ok();
    let id = text(&created["id"]);
    assert_eq!((&created["is_managed"], &created["status"]), (&json!(false), &json!("pending")));
    let key = text(&created["enrollment_key"]);
    let again = world.admin(&format!("GET /workspaces/{id}"), Value::Null).await.ok();
    assert_eq!(again["enrollment_key"], Value::Null);
    let form = |secret: &str| {
        format!("grant_type=client_credentials&client_id={id}&client_secret={secret}&audience=x")
    };
    world.login(&form("wrong")).await.refused(401);
    let token = text(&world.login(&form(&key)).await.ok()["access_token"]);
    Enrolled { id, token }
}

#[tokio::test]
async fn a_status_report_of_its_server_makes_a_workspace_available() {
    let world = World::start().await;
    let workspace = enroll(&world, "far").await;
    world.send(Some(&workspace.token), "PATCH /workspace_status", Value::Null).await.ok();
    let answer = world.admin(&format!("GET /workspaces/{}", workspace.id), Value::Null).await.ok();
    assert_eq!(answer["status"], "available");
    // Servers cannot use routes for users, and deletion ends their tokens.
    world.send(Some(&workspace.token), "GET /users/me", Value::Null).await.refused(401);
    world.admin(&format!("DELETE /workspaces/{}", workspace.id), Value::Null).await.ok();
    world.settled(&workspace.id).await.refused(404);
    world.send(Some(&workspace.token), "PATCH /workspace_status", Value::Null).await.refused(401);
}

#[tokio::test]
async fn a_workspace_server_can_check_permissions_only_for_its_own_workspace() {
    let world = World::start().await;
    let (one, two) = (enroll(&world, "one").await, enroll(&world, "two").await);
    let person = world.member("ada@example.org", "Organization Member").await;
    let viewer = world.role("workspace", "Workspace Viewer").await;
    let grant = format!("POST /roles/{viewer}/assignments?user_id={}&workspace_id={}", person.id, one.id);
    world.admin(&grant, Value::Null).await.ok();

    let stack = "stack/00000000-0000-4000-8000-000000000001";
    for (server, action, allowed) in [(&one, "read", true), (&one, "update", false), (&two, "read", false)] {
        let call = format!("POST /rbac/check_permissions?user_id={}&action={action}", person.id);
        let answer = world.send(Some(&server.token), &call, json!([stack, "secret"])).await.ok();
        assert_eq!(answer, json!({ stack: allowed, "secret": allowed }), "{action}");
        let call =
            format!("GET /rbac/allowed_resource_ids?user_id={}&action={action}&resource=stack", person.id);
        let answer = world.send(Some(&server.token), &call, Value::Null).await.ok();
        assert_eq!(answer, json!({ "full_access": allowed, "ids": [] }), "{action}");
    }
    let call = format!("POST /rbac/check_permissions?user_id={}&action=fly", person.id);
    world.send(Some(&one.token), &call, json!(["stack"])).await.refused(400);
    world.admin(&call.replace("fly", "read"), json!(["stack"])).await.refused(403);
}

#[tokio::test]
async fn a_share_gives_access_and_can_be_replaced_removed_and_forgotten() {
    let world = World::start().await;
    let workspace = enroll(&world, "far").await;
    world.send(Some(&workspace.token), "PATCH /workspace_status", Value::Null).await.ok();
    let person = world.member("ada@example.org", "Organization Member").await;
    let (team, outsider) = (world.team("alpha").await, world.outsider("out@example.org").await);
    world.admin(&format!("POST /teams/{team}/members?user_id={}", person.id), Value::Null).await.ok();
    let id = "00000000-0000-4000-8000-000000000001";
    let share = |team: Value, user: Value, actions: Value| json!({ "user_id": user, "team_id": team, "sharing_user_id": null, "resource": format!("stack/{id}"), "actions": actions });
    let send =
        async |body: Value| world.send(Some(&workspace.token), "POST /rbac/resource_members", body).await;
    let enter = format!("GET /users/authorize_server?server_id={}", workspace.id);
    let allowed = format!("GET /rbac/allowed_resource_ids?user_id={}&action=read&resource=stack", person.id);
    let ids = async || world.send(Some(&workspace.token), &allowed, Value::Null).await.ok()["ids"].clone();
    let members = format!("GET /rbac/resource_members?resource={}%40workspace%3Astack%2F{id}", workspace.id);

    world.send(Some(&person.token), &enter, Value::Null).await.refused(404);
    send(share(json!(team), Value::Null, json!(["read", "update"]))).await.ok();
    assert_eq!(ids().await, json!([id]));
    assert_eq!(
        world.send(Some(&person.token), &enter, Value::Null).await.ok()["username"],
        "ada@example.org"
    );
    let listed = world.admin(&members, Value::Null).await.ok();
    assert_eq!(
        (&listed[0]["team"]["name"], &listed[0]["allowed_actions"]),
        (&json!("alpha"), &json!(["read", "update"]))
    );

    send(share(json!(team), Value::Null, json!(["read"]))).await.ok();
    assert_eq!(world.admin(&members, Value::Null).await.ok()[0]["allowed_actions"], json!(["read"]));
    send(share(json!(team), Value::Null, json!([]))).await.ok();
    assert_eq!(world.admin(&members, Value::Null).await.ok(), json!([]));
    world.send(Some(&person.token), &enter, Value::Null).await.refused(404);

    send(share(Value::Null, json!(person.id), json!(["read"]))).await.ok();
    let forget = format!("DELETE /rbac/resources?resources=stack%2F{id}");
    world.send(Some(&workspace.token), &forget, Value::Null).await.ok();
    assert_eq!(ids().await, json!([]));

    // Errors are 403: a workspace server passes only this status on to its caller.
    for body in [
        share(Value::Null, Value::Null, json!(["read"])),
        share(json!(team), json!(person.id), json!(["read"])),
        share(Value::Null, json!(outsider.id), json!(["read"])),
        share(json!(id), Value::Null, json!(["read"])),
    ] {
        send(body).await.refused(403);
    }
    for wrong in [format!("stack/{id}"), format!("{}@workspace:stack", workspace.id), "nonsense".to_owned()] {
        let call =
            format!("GET /rbac/resource_members?resource={}", wrong.replace('/', "%2F").replace('@', "%40"));
        world.admin(&call, Value::Null).await.refused(400);
    }
}

#[tokio::test]
async fn usage_is_counted_once_and_without_an_option_there_is_no_limit() {
    let world = World::start().await;
    let workspace = enroll(&world, "far").await;
    let organization = world.organization();
    let check = format!("GET /organizations/{organization}/entitlement/project");
    world.send(Some(&workspace.token), &check, Value::Null).await.ok();
    let id = "00000000-0000-4000-8000-000000000001";
    let event = json!({ "organization_id": organization, "feature": "project", "total": 1,
        "metadata": { "workspace_id": workspace.id, "resource_id": id } });
    for _ in 0..2 {
        world.send(Some(&workspace.token), "POST /usage-event", event.clone()).await.ok();
    }
    let elsewhere = format!("GET /organizations/{id}/entitlement/project");
    world.send(Some(&workspace.token), &elsewhere, Value::Null).await.refused(403);
}
