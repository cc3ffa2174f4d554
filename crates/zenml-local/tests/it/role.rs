//! Custom roles: their life, their effect, and who may create and grant them.

use serde_json::{Value, json};

use crate::support::{Answer, Person, World, text, texts};

/// The JSON of permissions, from words like `stack:read`.
fn permissions(words: &[&str]) -> Value {
    let pairs = words.iter().map(|word| word.split_once(':').unwrap());
    pairs.map(|(resource, action)| json!({ "resource": resource, "action": action })).collect()
}

fn words(role: &Value) -> Vec<String> {
    let all = role["permissions"].as_array().unwrap().iter();
    all.map(|pair| format!("{}:{}", text(&pair["resource"]), text(&pair["action"]))).collect()
}

impl World {
    async fn create_role(&self, bearer: &str, level: &str, name: &str, of: &[&str]) -> Answer {
        let body = json!({
            "organization_id": self.organization(), "name": name, "level": level, "permissions": permissions(of),
        });
        self.send(Some(bearer), "POST /roles", body).await
    }

    async fn custom(&self, level: &str, name: &str, of: &[&str]) -> String {
        text(&self.create_role(&self.key(), level, name, of).await.ok()["id"])
    }

    async fn grant(&self, role: &str, person: &Person, scope: &str) {
        let call = format!("POST /roles/{role}/assignments?user_id={}{scope}", person.id);
        self.admin(&call, Value::Null).await.ok();
    }
}

#[tokio::test]
async fn a_custom_role_is_created_changed_and_deleted() {
    let world = World::start().await;
    let role =
        world.create_role(&world.key(), "workspace", "Deployer", &["stack:read", "secret:read"]).await.ok();
    assert_eq!((&role["system_managed"], &role["type"]), (&json!(false), &json!("normal")));
    assert_eq!(words(&role), ["stack:read", "secret:read"]);
    let one = format!("/roles/{}", text(&role["id"]));
    assert_eq!(world.admin(&format!("GET {one}"), Value::Null).await.ok(), role);

    let change = json!({ "name": "Model Deployer", "description": "d", "permissions": permissions(&["stack:update"]) });
    let changed = world.admin(&format!("PATCH {one}"), change).await.ok();
    assert_eq!(words(&changed), ["stack:update"]);
    assert_eq!((&changed["name"], &changed["description"]), (&json!("Model Deployer"), &json!("d")));
    let kept = world.admin(&format!("PATCH {one}"), json!({ "description": null })).await.ok();
    assert_eq!((words(&kept), &kept["description"]), (words(&changed), &Value::Null));

    let list = format!("GET /organizations/{}/roles?system_managed=false", world.organization());
    assert_eq!(world.admin(&list, Value::Null).await.ok(), json!([kept]));
    world.admin(&format!("DELETE {one}"), Value::Null).await.ok();
    world.admin(&format!("DELETE {one}"), Value::Null).await.refused(404);
    assert_eq!(world.admin(&list, Value::Null).await.ok(), json!([]));

    let trail = world.platform.audit().await.unwrap();
    let rows: Vec<_> = trail.iter().filter(|row| row.kind == "role").collect();
    let lines: Vec<_> = rows
        .iter()
        .map(|row| format!("{} {} {}", row.status, row.action, row.detail.as_deref().unwrap_or("-")))
        .collect();
    assert_eq!(
        lines,
        [
            "200 create allows stack:read secret:read",
            "200 update added stack:update, removed stack:read secret:read",
            "200 update -",
            "200 delete -",
        ]
    );
}

#[tokio::test]
async fn names_are_unique_at_their_level_and_predefined_roles_stay_as_they_are() {
    let world = World::start().await;
    let id = world.custom("workspace", "Deployer", &[]).await;
    world.create_role(&world.key(), "workspace", "Deployer", &[]).await.refused(409);
    let viewer = world.create_role(&world.key(), "workspace", "Workspace Viewer", &[]).await.refused(409);
    assert!(viewer.contains("already exists at this level"), "{viewer}");
    world.custom("project", "Deployer", &[]).await;
    world.admin(&format!("PATCH /roles/{id}"), json!({ "name": "Stack Admin" })).await.refused(409);
    let predefined = world.role("workspace", "Stack Admin").await;
    let call = format!("PATCH /roles/{predefined}");
    let refusal = world.admin(&call, json!({ "permissions": [] })).await.refused(403);
    assert_eq!(refusal, "IllegalOperationError: Role 'Stack Admin' is predefined and cannot be changed.");
    let refusal = world.admin(&format!("DELETE /roles/{predefined}"), Value::Null).await.refused(403);
    assert_eq!(refusal, "IllegalOperationError: Role 'Stack Admin' is predefined and cannot be deleted.");
}

#[tokio::test]
async fn a_permission_that_a_role_cannot_have_is_refused_with_the_nearest_one() {
    let world = World::start().await;
    for (level, word, place, message) in [
        ("workspace", "stak:read", "resource", "Unknown resource type. Did you mean 'stack'?"),
        (
            "project",
            "boat:read",
            "resource",
            "Unknown resource type. GET /permissions?level=project lists all of them",
        ),
        (
            "workspace",
            "team:read",
            "resource",
            "Roles with the level workspace cannot allow anything on team",
        ),
        ("project", "stack:read", "resource", "Roles with the level project cannot allow anything on stack"),
        (
            "organization",
            "account:read",
            "resource",
            "Roles with the level organization cannot allow anything on account",
        ),
        (
            "workspace",
            "stack:raed",
            "action",
            "Unknown action on stack. Did you mean 'read'? Must be one of create, read, update, delete, share",
        ),
        (
            "workspace",
            "workspace:enter",
            "action",
            "Unknown action on workspace. Must be one of read, update, delete, share",
        ),
    ] {
        let answer = world
            .create_role(&world.key(), level, "x", &["tag:read", word][usize::from(level == "project")..])
            .await;
        assert_eq!(answer.status.as_u16(), 422, "{word}: {}", answer.body);
        let issue = &answer.body["detail"][0];
        assert_eq!((&issue["msg"], &issue["loc"][3]), (&json!(message), &json!(place)), "{word}");
    }
    let unknown = world.create_role(&world.key(), "planet", "x", &[]).await;
    assert_eq!(unknown.body["detail"][0]["msg"], "Must be one of organization, workspace, project");
    let long = world.create_role(&world.key(), "workspace", &"x".repeat(51), &[]).await;
    assert_eq!(long.body["detail"][0]["loc"], json!(["body", "name"]));
    // A change is checked for the level of its role.
    let id = world.custom("workspace", "x", &[]).await;
    let change = json!({ "permissions": permissions(&["organization:delete"]) });
    assert_eq!(world.admin(&format!("PATCH /roles/{id}"), change).await.status.as_u16(), 422);
}

#[tokio::test]
async fn the_list_of_permissions_has_what_roles_can_contain() {
    let world = World::start().await;
    let list = async |query: &str| world.admin(&format!("GET /permissions{query}"), Value::Null).await.ok();
    let all = list("").await;
    assert_eq!(all, list("?level=organization").await);
    for level in ["organization", "workspace", "project"] {
        let permissions = list(&format!("?level={level}")).await;
        let body = json!({
            "organization_id": world.organization(), "name": "all", "level": level, "permissions": permissions,
        });
        let role = world.admin("POST /roles", body).await.ok();
        assert_eq!(role["permissions"], permissions, "{level}");
    }
    let answer = world.admin("GET /permissions?level=planet", Value::Null).await;
    assert_eq!(answer.status.as_u16(), 422);
}

#[tokio::test]
async fn a_role_that_somebody_has_is_not_deleted() {
    let world = World::start().await;
    let workspace = world.workspace("space").await;
    let person = world.member("ada@example.org", "Organization Member").await;
    let (id, team) = (world.custom("workspace", "Deployer", &[]).await, world.team("alpha").await);
    let scope = format!("&workspace_id={workspace}");
    world.grant(&id, &person, &scope).await;
    world.admin(&format!("POST /roles/{id}/assignments?team_id={team}{scope}"), Value::Null).await.ok();
    let delete = format!("DELETE /roles/{id}");
    let refusal = world.admin(&delete, Value::Null).await.refused(409);
    assert_eq!(
        refusal,
        "IllegalOperationError: Role 'Deployer' is still assigned (2 times) and cannot be deleted. Revoke it first."
    );
    let holders = world.admin(&format!("GET /roles/{id}/assignments"), Value::Null).await.ok();
    assert_eq!((holders.as_array().unwrap().len(), &holders[0]["role"]["name"]), (2, &json!("Deployer")));
    world.admin(&format!("DELETE /teams/{team}"), Value::Null).await.ok();
    let revoke = format!("DELETE /roles/{id}/assignments?user_id={}{scope}", person.id);
    world.admin(&revoke, Value::Null).await.ok();
    world.admin(&delete, Value::Null).await.ok();
}

#[tokio::test]
async fn its_permissions_take_effect_at_once_in_an_embedded_workspace() {
    let world = World::start().await;
    let workspace = world.workspace("space").await;
    let base = format!("/w/{workspace}/api/v1");
    let secret = json!({ "name": "one", "values": { "user": "x" } });
    let secret = text(&world.admin(&format!("POST {base}/secrets"), secret).await.ok()["id"]);
    let person = world.member("ada@example.org", "Organization Member").await;
    let role = world.custom("workspace", "Deployer", &["secret:create"]).await;
    let login = format!("POST {base}/login");
    world.send(Some(&person.token), &login, Value::Null).await.refused(401);
    world.grant(&role, &person, &format!("&workspace_id={workspace}")).await;
    let session = text(&world.send(Some(&person.token), &login, Value::Null).await.ok()["access_token"]);

    let ask = async |call: &str, body: Value| {
        let (method, path) = call.split_once(' ').unwrap();
        world.send(Some(&session), &format!("{method} {base}{path}"), body).await
    };
    let (get, list) = (format!("GET /secrets/{secret}"), "GET /secrets");
    let allow = async |words: &[&str]| {
        let change = json!({ "permissions": permissions(words) });
        world.admin(&format!("PATCH /roles/{role}"), change).await.ok();
    };
    let new = |name: &str| json!({ "name": name, "values": {} });
    ask("POST /secrets", new("own")).await.ok();
    ask(&get, Value::Null).await.refused(403);
    assert_eq!(ask(list, Value::Null).await.ok()["total"], 1);

    allow(&["secret:read"]).await;
    assert_eq!(ask(&get, Value::Null).await.ok()["body"]["values"]["user"], Value::Null);
    assert_eq!(ask(list, Value::Null).await.ok()["total"], 2);
    ask("POST /secrets", new("more")).await.refused(403);
    ask(&format!("PUT /secrets/{secret}"), json!({ "name": "two" })).await.refused(403);

    allow(&["secret:read", "secret:read_secret_value", "secret:update"]).await;
    assert_eq!(ask(&get, Value::Null).await.ok()["body"]["values"]["user"], "x");
    ask(&format!("PUT /secrets/{secret}"), json!({ "name": "two" })).await.ok();
    ask(&format!("DELETE /secrets/{secret}"), Value::Null).await.refused(403);

    allow(&[]).await;
    ask(&get, Value::Null).await.refused(403);
    let list =
        format!("GET /organizations/{}/roles?resource=secret&action=read_secret_value", world.organization());
    let names = texts(&world.admin(&list, Value::Null).await.ok(), "name");
    assert!(
        names.contains(&"Workspace Admin".to_owned()) && !names.contains(&"Deployer".to_owned()),
        "{names:?}"
    );
    allow(&["secret:read_secret_value"]).await;
    assert!(texts(&world.admin(&list, Value::Null).await.ok(), "name").contains(&"Deployer".to_owned()));
}

#[tokio::test]
async fn its_permissions_take_effect_at_once_for_the_server_of_an_enrolled_workspace() {
    let world = World::start().await;
    let enrolled = world.admin("POST /workspaces?enroll=true", json!({ "name": "far" })).await.ok();
    let (workspace, key) = (text(&enrolled["id"]), text(&enrolled["enrollment_key"]));
    let form = format!("grant_type=client_credentials&client_id={workspace}&client_secret={key}");
    let server = text(&world.login(&form).await.ok()["access_token"]);
    let person = world.member("ada@example.org", "Organization Member").await;
    let project = "00000000-0000-4000-8000-000000000001";
    let ask = async |action: &str, resource: &str| {
        let call = format!("POST /rbac/check_permissions?user_id={}&action={action}", person.id);
        let answer = world.send(Some(&server), &call, json!([resource])).await.ok();
        let call = format!(
            "GET /rbac/allowed_resource_ids?user_id={}&action={action}&resource={resource}",
            person.id
        );
        let ids = world.send(Some(&server), &call, Value::Null).await.ok();
        assert_eq!(answer[resource], ids["full_access"], "{action} {resource}");
        answer[resource].as_bool().unwrap()
    };
    let (stacks, pipelines) = ("stack", format!("{project}:pipeline"));
    for (level, scope) in [
        ("organization", String::new()),
        ("workspace", format!("&workspace_id={workspace}")),
        ("project", format!("&workspace_id={workspace}&project_id={project}")),
    ] {
        let has_stacks = level != "project";
        let role = world.custom(level, "Deployer", &["pipeline:read"]).await;
        assert!(!ask("read", &pipelines).await);
        world.grant(&role, &person, &scope).await;
        assert!(ask("read", &pipelines).await && !ask("update", &pipelines).await, "{level}");
        assert!(!ask("read", stacks).await);
        let more = if has_stacks { vec!["stack:read"] } else { vec!["pipeline:update"] };
        let change = json!({ "permissions": permissions(&more) });
        world.admin(&format!("PATCH /roles/{role}"), change).await.ok();
        assert_eq!(ask("read", stacks).await, has_stacks, "{level}");
        assert_eq!(ask("update", &pipelines).await, !has_stacks, "{level}");
        let call = format!("DELETE /roles/{role}/assignments?user_id={}{scope}", person.id);
        world.admin(&call, Value::Null).await.ok();
        assert!(!ask("read", stacks).await && !ask("update", &pipelines).await);
    }
}

#[tokio::test]
async fn nobody_grants_more_than_they_have() {
    let world = World::start().await;
    let workspace = world.workspace("space").await;
    let scope = format!("&workspace_id={workspace}");
    let [clerk, friend] = [
        world.member("clerk@example.org", "Organization Member").await,
        world.member("friend@example.org", "Organization Member").await,
    ];
    let rights =
        ["role:create", "role:read", "role:update", "role:delete", "role_assignment:create", "stack:read"];
    let office = world.custom("organization", "Role Clerk", &rights).await;
    world.grant(&office, &clerk, "").await;

    // What the clerk has can be put into a role, and nothing else.
    let reader = world.create_role(&clerk.token, "workspace", "Reader", &["stack:read"]).await.ok();
    let reader = text(&reader["id"]);
    let refusal = world
        .create_role(&clerk.token, "workspace", "Thief", &["stack:read", "secret:read"])
        .await
        .refused(403);
    assert_eq!(
        refusal,
        "IllegalOperationError: You cannot add these permissions to role 'Thief', because nobody can grant more than \
         they have. You lack these permissions there: read on secret."
    );
    let change = |words: &[&str]| json!({ "permissions": permissions(words) });
    let patch = async |who: &Person, role: &str, words: &[&str]| {
        world.send(Some(&who.token), &format!("PATCH /roles/{role}"), change(words)).await
    };
    patch(&clerk, &reader, &["stack:read", "stack:delete"]).await.refused(403);
    // Not even through the role that the clerk has.
    let more = [rights.as_slice(), &["secret:read_secret_value"]].concat();
    patch(&clerk, &office, &more).await.refused(403);
    // A role that has more keeps it, when the clerk changes something else or takes something away.
    let strong = world.custom("workspace", "Strong", &["secret:read", "secret:delete", "stack:read"]).await;
    patch(&clerk, &strong, &["secret:read", "stack:read"]).await.ok();
    patch(&clerk, &strong, &["secret:read", "secret:delete"]).await.refused(403);
    world.send(Some(&clerk.token), &format!("PATCH /roles/{strong}"), json!({ "name": "Still" })).await.ok();

    // And a role can be granted by those who have everything that it allows.
    let assign = async |role: &str, scope: &str| {
        let call = format!("POST /roles/{role}/assignments?user_id={}{scope}", clerk.id);
        world.send(Some(&clerk.token), &call, Value::Null).await
    };
    assign(&reader, &scope).await.ok();
    assign(&strong, &scope).await.refused(403);
    for (level, name, scope) in [
        ("organization", "Organization Admin", ""),
        ("organization", "Organization Manager", ""),
        ("workspace", "Workspace Admin", &scope),
        ("workspace", "Workspace Viewer", &scope),
    ] {
        let role = world.role(level, name).await;
        let refusal = assign(&role, scope).await.refused(403);
        assert!(refusal.contains("nobody can grant more than they have"), "{refusal}");
    }
    let call = format!(
        "POST /roles/{}/assignments?user_id={}",
        world.role("organization", "Organization Member").await,
        friend.id
    );
    world.send(Some(&clerk.token), &call, Value::Null).await.refused(409);

    // The administrator of a workspace has everything there, but cannot define roles.
    let chief = world.member("chief@example.org", "Organization Member").await;
    world.grant(&world.role("workspace", "Workspace Admin").await, &chief, &scope).await;
    world.create_role(&chief.token, "workspace", "Mine", &["stack:read"]).await.refused(403);
    for role in [&reader, &strong, &world.role("workspace", "Workspace Admin").await] {
        let call = format!("POST /roles/{role}/assignments?user_id={}{scope}", friend.id);
        world.send(Some(&chief.token), &call, Value::Null).await.ok();
    }
}

#[tokio::test]
async fn nobody_gets_more_through_a_team_a_key_or_an_invitation() {
    let world = World::start().await;
    let clerk = world.member("clerk@example.org", "Organization Member").await;
    let rights = [
        "team:read",
        "team:create",
        "team:update",
        "organization_service_account:read",
        "organization_service_account:update",
        "invitation:create",
        "role_assignment:create",
        "stack:read",
    ];
    world.grant(&world.custom("organization", "Clerk", &rights).await, &clerk, "").await;
    let admin = world.role("organization", "Organization Admin").await;
    let reader = world.custom("organization", "Reader", &["stack:read"]).await;
    let (weak, strong) = (world.team("weak").await, world.team("strong").await);
    let accounts = format!("/organizations/{}/service_accounts", world.organization());
    let mut robots = Vec::new();
    for (name, team, role) in [("weak-robot", &weak, &reader), ("strong-robot", &strong, &admin)] {
        let grant = format!("POST /roles/{role}/assignments?team_id={team}");
        world.admin(&grant, Value::Null).await.ok();
        let robot = world.admin(&format!("POST {accounts}"), json!({ "username": name })).await.ok();
        let join = format!("POST /teams/{team}/members?user_id={}", text(&robot["id"]));
        world.admin(&join, Value::Null).await.ok();
        robots.push(format!("POST {accounts}/{name}/api_keys"));
    }
    let invitations = format!("POST /organizations/{}/invitations", world.organization());
    let ask = async |call: &str, body: Value| world.send(Some(&clerk.token), call, body).await;
    let join = |team: &str| format!("POST /teams/{team}/members?user_id={}", clerk.id);
    let invite = |role: &str| json!({ "email": format!("{role}@example.org"), "role_id": role });
    ask(&join(&weak), Value::Null).await.ok();
    ask(&robots[0], json!({ "name": "mine" })).await.ok();
    ask(&invitations, invite(&reader)).await.ok();
    for refused in [
        ask(&join(&strong), Value::Null).await,
        ask(&robots[1], json!({ "name": "mine" })).await,
        ask(&invitations, invite(&admin)).await,
    ] {
        let refusal = refused.refused(403);
        assert!(
            refusal.contains("the role 'Organization Admin'") || refusal.contains("grant role"),
            "{refusal}"
        );
        assert!(refusal.contains("nobody can grant more than they have"), "{refusal}");
    }
    // Whoever created a team decides who is in it.
    let body = json!({ "name": "own", "organization_id": world.organization() });
    let own = text(&ask("POST /teams", body).await.ok()["id"]);
    world.admin(&format!("POST /roles/{admin}/assignments?team_id={own}"), Value::Null).await.ok();
    ask(&join(&own), Value::Null).await.ok();
}

#[tokio::test]
async fn a_custom_role_is_not_an_admin_however_much_it_allows() {
    let world = World::start().await;
    let all = world.admin("GET /permissions", Value::Null).await.ok();
    let body = json!({
        "organization_id": world.organization(), "name": "Everything", "level": "organization", "permissions": all,
    });
    let role = text(&world.admin("POST /roles", body).await.ok()["id"]);
    let person = world.member("ada@example.org", "Organization Member").await;
    world.grant(&role, &person, "").await;
    let admin = world.role("organization", "Organization Admin").await;
    let holders = world.admin(&format!("GET /roles/{admin}/assignments"), Value::Null).await.ok();
    let mut refused = 0;
    for holder in holders.as_array().unwrap() {
        let call = format!("DELETE /roles/{admin}/assignments?user_id={}", text(&holder["user"]["id"]));
        let answer = world.send(Some(&person.token), &call, Value::Null).await;
        refused += usize::from(answer.status.as_u16() == 403);
    }
    assert_eq!(refused, 1, "the last one stays");
}

#[tokio::test]
async fn a_custom_role_in_an_organization_is_a_membership_and_decides_what_is_listed() {
    let world = World::start().await;
    let workspace = world.workspace("space").await;
    let person = world.outsider("ada@example.org").await;
    let ask = async |call: &str| world.send(Some(&person.token), &format!("GET {call}"), Value::Null).await;
    let organization = format!("/organizations/{}", world.organization());
    ask(&organization).await.refused(404);
    let role = world.custom("organization", "Auditor", &["team:read"]).await;
    world.grant(&role, &person, "").await;
    world.team("alpha").await;
    ask(&organization).await.ok();
    assert_eq!(ask("/organizations").await.ok().as_array().unwrap().len(), 1);
    assert_eq!(texts(&ask(&format!("{organization}/teams")).await.ok(), "name"), ["alpha"]);
    assert_eq!(ask("/workspaces").await.ok(), json!([]));
    ask(&format!("{organization}/roles")).await.refused(403);
    let change = json!({ "permissions": permissions(&["workspace:read", "role:read"]) });
    world.admin(&format!("PATCH /roles/{role}"), change).await.ok();
    assert_eq!(ask(&format!("{organization}/teams")).await.ok(), json!([]));
    assert_eq!(texts(&ask("/workspaces").await.ok(), "id"), std::slice::from_ref(&workspace));
    assert_eq!(ask("/workspaces?member_only=true").await.ok(), json!([]));
    ask(&format!("{organization}/roles")).await.ok();
    // Somebody who may do something in all workspaces may log in to them.
    let change = json!({ "permissions": permissions(&["stack:read"]) });
    world.admin(&format!("PATCH /roles/{role}"), change).await.ok();
    assert_eq!(texts(&ask("/workspaces?member_only=true").await.ok(), "id"), [workspace]);
}
