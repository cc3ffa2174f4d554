//! Enrolled workspaces, and the requests of their servers.

use serde_json::{Value, json};

use crate::support::{Answer, World, text};

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

/// A status report of a server, with the address that it reports.
async fn report(world: &World, server: &Enrolled, url: &str) -> Answer {
    let request = http::Request::patch("/workspace_status")
        .header("authorization", format!("Bearer {}", server.token))
        .header("zenml-server-url", url)
        .header("zenml-server-version", "0.98.0");
    world.request(request.body(axum::body::Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_server_cannot_report_an_address_that_is_not_its_own() {
    let world = World::start().await;
    let (one, other) = (enroll(&world, "one").await, enroll(&world, "other").await);
    report(&world, &one, "https://one.example.com/").await.ok();
    let embedded = text(&world.admin("POST /workspaces", json!({ "name": "here" })).await.ok()["id"]);
    let here = world.settled(&embedded).await.ok();
    let here = text(&here["zenml_service"]["status"]["server_url"]);
    for url in [
        "file:///etc/passwd",
        "javascript:alert(1)",
        "banana",
        "https://",
        "https://user:password@one.example.org",
        "https://ONE.example.com",
        "https://one.example.com/",
        &here,
    ] {
        let refused = report(&world, &other, url).await.refused(403);
        assert!(refused.contains(url.trim_end_matches('/')), "{refused}");
        let found = world.admin(&format!("GET /workspaces/{}", other.id), Value::Null).await.ok();
        assert_eq!((&found["status"], &found["zenml_service"]["status"]), (&json!("pending"), &Value::Null));
    }
    report(&world, &other, "http://10.0.0.7:8080/zenml").await.ok();
    let found = world.admin(&format!("GET /workspaces/{}", other.id), Value::Null).await.ok();
    assert_eq!(found["zenml_service"]["status"]["server_url"], "http://10.0.0.7:8080/zenml");
}

#[tokio::test]
async fn an_id_and_an_enrollment_key_can_be_chosen_and_the_name_can_be_in_the_query() {
    let world = World::start().await;
    let id = "00000000-0000-4000-8000-0000000000aa";
    let key = "an-enrollment-key-of-ours";
    let new = json!({ "name": "far", "id": id, "enrollment_key": key });
    let created = world.admin("POST /workspaces?enroll=true", new).await.ok();
    assert_eq!((text(&created["id"]).as_str(), text(&created["enrollment_key"]).as_str()), (id, key));
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={key}&audience=x");
    world.login(&form).await.ok();
    let again = json!({ "name": "other", "id": id });
    world.admin("POST /workspaces?enroll=true", again).await.refused(409);
    let short = json!({ "name": "other", "enrollment_key": "short" });
    world.admin("POST /workspaces?enroll=true", short).await.status(422);

    let named = world.admin("POST /workspaces?name=nearby&enroll=true", Value::Null).await.ok();
    assert_eq!((&named["name"], &named["is_managed"]), (&json!("nearby"), &json!(false)));
    world.admin("POST /workspaces?enroll=true", Value::Null).await.status(422);
}

#[tokio::test]
async fn nobody_can_use_a_deactivated_workspace_whose_server_still_runs() {
    let world = World::start().await;
    let workspace = enroll(&world, "far").await;
    report(&world, &workspace, "https://far.example.com").await.ok();
    let path = format!("/workspaces/{}", workspace.id);
    let enter = format!("GET /users/authorize_server?server_id={}", workspace.id);
    let person = world.member("ada@example.org", "Organization Admin").await;
    let check = format!("POST /rbac/check_permissions?user_id={}&action=read", person.id);
    let status = async || text(&world.admin(&format!("GET {path}"), Value::Null).await.ok()["status"]);

    let off = json!({ "desired_state": "deactivated" });
    world.admin(&format!("PATCH {path}"), off).await.ok();
    assert_eq!(status().await, "deactivated");
    world.send(Some(&person.token), &enter, Value::Null).await.refused(403);
    world.send(Some(&workspace.token), &check, json!(["stack"])).await.refused(403);
    report(&world, &workspace, "https://far.example.com").await.ok();
    assert_eq!(status().await, "deactivated", "a report does not activate it");

    world.admin(&format!("PATCH {path}"), json!({ "desired_state": "available" })).await.ok();
    assert_eq!(status().await, "available");
    // An account without an e-mail address has its name instead: a server would reject its second login.
    let known = world.send(Some(&world.superuser().await), &enter, Value::Null).await.ok();
    assert_eq!((&known["username"], &known["email"]), (&json!("admin"), &json!("admin")));
    world.send(Some(&workspace.token), &check, json!(["stack"])).await.ok();

    let version = json!({ "zenml_service": { "configuration": { "version": "0.99.0" } } });
    let refused = world.admin(&format!("PATCH {path}"), version).await.refused(400);
    assert!(refused.contains("Change the version of that server instead"), "{refused}");
}

#[tokio::test]
async fn a_kind_that_is_not_known_is_denied_alone_and_a_share_is_that_of_its_person() {
    let world = World::start().await;
    let workspace = enroll(&world, "far").await;
    let person = world.member("ada@example.org", "Organization Admin").await;
    let call = format!("POST /rbac/check_permissions?user_id={}&action=read", person.id);
    let kinds = json!(["stack", "banana", "model", "stack/not-a-uuid"]);
    let answer = world.send(Some(&workspace.token), &call, kinds).await.ok();
    assert_eq!(answer, json!({ "stack": true, "banana": false, "model": false, "stack/not-a-uuid": false }));
    let allowed = format!("GET /rbac/allowed_resource_ids?user_id={}&action=read&resource=banana", person.id);
    let answer = world.send(Some(&workspace.token), &allowed, Value::Null).await.ok();
    assert_eq!(answer, json!({ "full_access": false, "ids": [] }));

    let team = world.team("alpha").await;
    let share = json!({ "user_id": null, "team_id": team, "sharing_user_id": person.id,
        "resource": "stack/00000000-0000-4000-8000-000000000001", "actions": ["read"] });
    world.send(Some(&workspace.token), "POST /rbac/resource_members", share).await.ok();
    let audit = world.platform.audit().await.unwrap();
    let row = audit.iter().rev().find(|row| row.action == "share").unwrap();
    assert_eq!((row.actor_name.as_str(), row.actor_kind.as_str()), ("ada@example.org", "user"));
    let detail = row.detail.as_deref().unwrap();
    assert!(detail.ends_with(&format!("through the workspace server {}", workspace.id)), "{detail}");
}
