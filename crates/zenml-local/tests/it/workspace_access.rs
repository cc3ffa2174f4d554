//! Every route of a workspace × every kind of caller.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use zenml_local::Plane;

use crate::support::texts;
use crate::workspace_cast::{CAST, Cast};
use crate::workspace_execution;

/// Route, request, body, and the status for each of [`CAST`].
type Row = (&'static str, &'static str, &'static str, [u16; 6]);

/// For everyone with access to the workspace, without further permissions.
const IN: [u16; 6] = [401, 200, 200, 200, 200, 200];
/// For callers who may read an object of the owner: by share, as its owner, by role.
const READ: [u16; 6] = [401, 403, 200, 200, 200, 200];
/// For callers who may change it.
const WRITE: [u16; 6] = [401, 403, 403, 200, 200, 200];
/// For its owner and the administrator.
const OWN: [u16; 6] = [401, 403, 403, 403, 200, 200];
/// For roles that create objects in a workspace.
const CREATE: [u16; 6] = [401, 200, 403, 403, 200, 200];
/// For the administrator only: projects have no owner and cannot be shared. The owner of the objects has a role that
/// can read them.
const ADMIN: [u16; 6] = [401, 403, 403, 403, 403, 200];

/// What ZenML Pro never allows in a workspace.
const REFUSED: [u16; 6] = [401, 403, 403, 403, 403, 403];
/// What does not exist in an embedded workspace.
const MISSING: [u16; 6] = [401, 404, 404, 404, 404, 404];
/// What an embedded workspace cannot do, and a server only for the administrator.
const BACKUP: [u16; 6] = [401, 403, 403, 403, 403, 501];

const COMPONENT: &str = r#"{"name":"{fresh}","type":"orchestrator","flavor":"local","configuration":{}}"#;
const CONNECTOR: &str = r#"{"name":"{fresh}","connector_type":"docker","auth_method":"password","configuration":{"username":"u","password":"p"}}"#;
const FLAVOR: &str = r#"{"name":"{fresh}","type":"alerter","source":"example.Flavor","config_schema":{},"integration":"custom"}"#;
const REPOSITORY: &str =
    r#"{"name":"{fresh}","project":"{project}","config":{},"source":{"module":"m","type":"user"}}"#;
const STACK: &str = r#"{"name":"{fresh}","components":{"orchestrator":["{orchestrator}"],"artifact_store":["{artifact_store}"]}}"#;

const ROWS: &[Row] = &[
    // Open. A session of the workspace is not a credential of the control plane.
    ("POST /login", "POST /login", "", [200, 401, 401, 401, 401, 401]),
    ("GET /info", "GET /info", "", [200; 6]),
    ("GET /version", "GET /version", "", [200; 6]),
    ("GET /logout", "GET /logout", "", [200; 6]),
    ("POST /device_authorization", "POST /device_authorization", "", [422; 6]),
    ("GET /supported-events", "GET /supported-events?source_type=pipeline", "", [200; 6]),
    // For everyone with access to the workspace.
    ("GET /current-user", "GET /current-user", "", IN),
    ("GET /users", "GET /users", "", IN),
    ("GET /users/{user_name_or_id}", "GET /users/owner@example.org", "", IN),
    ("PUT /users/{user_name_or_id}", "PUT /users/owner@example.org", r#"{"full_name":"x"}"#, IN),
    ("GET /api_token", "GET /api_token", "", IN),
    ("GET /statistics", "GET /statistics", "", IN),
    ("GET /load-info", "GET /load-info", "", IN),
    ("GET /onboarding_state", "GET /onboarding_state", "", IN),
    // Service accounts: nobody can change them.
    ("GET /service_accounts", "GET /service_accounts", "", IN),
    ("GET /service_accounts/{service_account_name_or_id}", "GET /service_accounts/platform-admin", "", ADMIN),
    (
        "GET /service_accounts/{service_account_id}/api_keys/{api_key_name_or_id}",
        "GET /service_accounts/{robot}/api_keys/x",
        "",
        MISSING,
    ),
    (
        "DELETE /service_accounts/{service_account_id}/api_keys/{api_key_name_or_id}",
        "DELETE /service_accounts/{robot}/api_keys/x",
        "",
        MISSING,
    ),
    (
        "PUT /service_accounts/{service_account_id}/api_keys/{api_key_name_or_id}",
        "PUT /service_accounts/{robot}/api_keys/x",
        "{}",
        REFUSED,
    ),
    (
        "PUT /service_accounts/{service_account_id}/api_keys/{api_key_name_or_id}/rotate",
        "PUT /service_accounts/{robot}/api_keys/x/rotate",
        "{}",
        REFUSED,
    ),
    (
        "GET /service_accounts/{service_account_id}/api_keys",
        "GET /service_accounts/{robot}/api_keys",
        "",
        ADMIN,
    ),
    ("POST /service_accounts", "POST /service_accounts", r#"{"name":"{fresh}","active":true}"#, REFUSED),
    (
        "PUT /service_accounts/{service_account_name_or_id}",
        "PUT /service_accounts/{robot}",
        r#"{"active":false}"#,
        REFUSED,
    ),
    (
        "DELETE /service_accounts/{service_account_name_or_id}",
        "DELETE /service_accounts/{robot}",
        "",
        REFUSED,
    ),
    (
        "POST /service_accounts/{service_account_id}/api_keys",
        "POST /service_accounts/{robot}/api_keys",
        r#"{"name":"x"}"#,
        REFUSED,
    ),
    ("GET /component-types", "GET /component-types", "", IN),
    ("GET /service_connector_types", "GET /service_connector_types", "", IN),
    ("GET /service_connector_types/{connector_type}", "GET /service_connector_types/aws", "", IN),
    ("GET /flavors", "GET /flavors", "", IN),
    ("GET /flavors/{flavor_id}", "GET /flavors/3e429dbb-595d-5d6e-8ab7-a31140dff505", "", IN),
    // Projects.
    ("GET /projects", "GET /projects", "", IN),
    ("POST /projects", "POST /projects", r#"{"name":"{fresh}"}"#, ADMIN),
    ("GET /projects/{project_name_or_id}", "GET /projects/{project}", "", OWN),
    ("GET /projects/{project_name_or_id}/statistics", "GET /projects/{project}/statistics", "", OWN),
    ("PUT /projects/{project_name_or_id}", "PUT /projects/{project}", "{}", ADMIN),
    ("DELETE /projects/{project_name_or_id}", "DELETE /projects/{project}", "", ADMIN),
    // Stacks. To create one, its components must also be readable.
    ("GET /stacks", "GET /stacks", "", IN),
    ("POST /stacks", "POST /stacks", STACK, OWN),
    ("GET /stacks/{stack_id}", "GET /stacks/{stack}", "", READ),
    ("PUT /stacks/{stack_id}", "PUT /stacks/{stack}", "{}", WRITE),
    ("DELETE /stacks/{stack_id}", "DELETE /stacks/{stack}", "", OWN),
    // Components.
    ("GET /components", "GET /components", "", IN),
    ("POST /components", "POST /components", COMPONENT, CREATE),
    ("GET /components/{component_id}", "GET /components/{orchestrator}", "", READ),
    ("PUT /components/{component_id}", "PUT /components/{spare_component}", "{}", WRITE),
    ("DELETE /components/{component_id}", "DELETE /components/{spare_component}", "", OWN),
    // Connectors.
    ("GET /service_connectors", "GET /service_connectors", "", IN),
    ("GET /service_connectors/resources", "GET /service_connectors/resources", "", IN),
    ("POST /service_connectors", "POST /service_connectors", CONNECTOR, CREATE),
    ("GET /service_connectors/{connector_id}", "GET /service_connectors/{connector}", "", READ),
    ("PUT /service_connectors/{connector_id}", "PUT /service_connectors/{connector}", "{}", WRITE),
    ("PUT /service_connectors/{connector_id}/verify", "PUT /service_connectors/{connector}/verify", "", READ),
    (
        "GET /service_connectors/{connector_id}/client",
        "GET /service_connectors/{connector}/client",
        "",
        WRITE,
    ),
    ("POST /service_connectors/verify", "POST /service_connectors/verify", CONNECTOR, CREATE),
    ("DELETE /service_connectors/{connector_id}", "DELETE /service_connectors/{spare_connector}", "", OWN),
    // Secrets.
    ("GET /secrets", "GET /secrets", "", IN),
    ("POST /secrets", "POST /secrets", r#"{"name":"{fresh}","values":{}}"#, CREATE),
    ("GET /secrets/{secret_id}", "GET /secrets/{secret}", "", READ),
    ("PUT /secrets/{secret_id}", "PUT /secrets/{secret}", "{}", WRITE),
    ("DELETE /secrets/{secret_id}", "DELETE /secrets/{secret}", "", OWN),
    ("PUT /secrets_operations/backup", "PUT /secrets_operations/backup", "", BACKUP),
    ("PUT /secrets_operations/restore", "PUT /secrets_operations/restore", "", BACKUP),
    // Tags: only changes require permission.
    ("GET /tags", "GET /tags", "", IN),
    ("POST /tags", "POST /tags", r#"{"name":"{fresh}"}"#, IN),
    ("GET /tags/{tag_id}", "GET /tags/{tag}", "", IN),
    ("PUT /tags/{tag_id}", "PUT /tags/{tag}", "{}", WRITE),
    ("DELETE /tags/{tag_id}", "DELETE /tags/{tag}", "", OWN),
    // Custom flavors of the owner.
    ("POST /flavors", "POST /flavors", FLAVOR, CREATE),
    ("PUT /flavors/{flavor_id}", "PUT /flavors/{flavor}", "{}", WRITE),
    ("DELETE /flavors/{flavor_id}", "DELETE /flavors/{flavor}", "", OWN),
    ("PATCH /flavors/sync", "PATCH /flavors/sync", "", ADMIN),
    // Code repositories: the owner has a role in the project.
    ("GET /code_repositories", "GET /code_repositories?project={project}", "", IN),
    ("POST /code_repositories", "POST /code_repositories", REPOSITORY, OWN),
    ("GET /code_repositories/{code_repository_id}", "GET /code_repositories/{repository}", "", READ),
    ("PUT /code_repositories/{code_repository_id}", "PUT /code_repositories/{repository}", "{}", WRITE),
    ("DELETE /code_repositories/{code_repository_id}", "DELETE /code_repositories/{repository}", "", OWN),
    // Shares.
    (
        "POST /users/resource_membership",
        "POST /users/resource_membership?resource_type=stack&resource_id={stack}&team_id={team}",
        r#"["read"]"#,
        OWN,
    ),
];

#[tokio::test]
async fn each_route_returns_the_status_in_the_table_for_each_caller() {
    let cast = Cast::start().await;
    let team = cast.world.team("receivers").await;
    // With a key, the first request creates the account in the workspace.
    let robot = cast.send_with(Some(&cast.world.key()), "GET /current-user", Value::Null).await.ok();
    let robot = robot["id"].as_str().unwrap();
    let mut wrong = Vec::new();
    let execution = workspace_execution::rows();
    let execution =
        execution.iter().map(|(_, call, body, statuses)| (call.as_str(), body.as_str(), statuses));
    let rows = ROWS.iter().map(|(_, call, body, statuses)| (*call, *body, statuses));
    for (call, body, statuses) in rows.chain(execution) {
        let mut objects = cast.objects().await;
        for (who, status) in CAST.iter().zip(statuses) {
            if call.starts_with("DELETE") && *who == "admin" {
                // The owner has already deleted the first objects.
                objects = cast.objects().await;
            }
            let fill = |text: &str| {
                objects
                    .fill(text)
                    .replace("{fresh}", &cast.fresh("new"))
                    .replace("{team}", &team)
                    .replace("{robot}", robot)
            };
            let body = if body.is_empty() { Value::Null } else { serde_json::from_str(&fill(body)).unwrap() };
            let answer = cast.send(who, &fill(call), body).await;
            if answer.status.as_u16() != *status {
                wrong
                    .push(format!("{call} as {who}: {} instead of {status}: {}", answer.status, answer.body));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn the_table_contains_every_served_route() {
    let cast = Cast::start().await;
    let served: BTreeSet<String> = cast
        .world
        .platform
        .served()
        .iter()
        .filter(|route| route.plane == Plane::Workspace)
        .map(|route| format!("{} {}", route.method, route.template))
        .collect();
    let execution = workspace_execution::rows().into_iter().map(|(route, ..)| route);
    let table: BTreeSet<String> = ROWS.iter().map(|row| row.0.to_owned()).chain(execution).collect();
    assert_eq!(served, table);
}

#[tokio::test]
async fn lists_show_own_objects_shared_ones_and_those_of_the_server() {
    let cast = Cast::start().await;
    cast.objects().await;
    for (collection, counts) in [
        // nobody, contributor, reader, writer, owner, admin; the server owns a stack and three components.
        ("/stacks", [0, 1, 3, 3, 3, 3]),
        ("/components", [0, 3, 9, 9, 9, 9]),
        ("/service_connectors", [0, 0, 4, 4, 4, 4]),
        ("/secrets", [0, 0, 2, 2, 2, 2]),
        ("/projects", [0, 0, 0, 0, 2, 2]),
        // The contributor's role can read all flavors; the shares of the reader and the writer include one of each
        // set.
        ("/flavors", [0, 84, 84, 84, 84, 84]),
        ("/tags", [0, 2, 2, 2, 2, 2]),
        ("/users", [0, 5, 5, 5, 5, 5]),
    ] {
        for (who, count) in CAST.iter().zip(counts).skip(1) {
            let list = cast.send(who, &format!("GET {collection}?size=100"), Value::Null).await.ok();
            assert_eq!(list["total"], json!(count), "{collection} as {who}");
            assert_eq!(list["items"].as_array().unwrap().len(), count, "{collection} as {who}");
        }
    }
}

#[tokio::test]
async fn a_stack_shared_without_its_components_contains_stubs() {
    let cast = Cast::start().await;
    let objects = cast.objects().await;
    let guest = cast.world.member("guest@example.org", "Organization Member").await;
    cast.session(&guest).await.0.refused(401);
    cast.share("stack", &objects.stack, &guest, &["read"]).await;
    let session = cast.session(&guest).await.ok();
    let get = |path: String| {
        let (cast, session) = (&cast, session.clone());
        async move { cast.send_with(Some(&session), &format!("GET {path}"), Value::Null).await }
    };
    let stack = get(format!("/stacks/{}", objects.stack)).await.ok();
    let stub = &stack["metadata"]["components"]["orchestrator"][0];
    assert_eq!((&stub["permission_denied"], &stub["body"]), (&json!(true), &Value::Null));
    assert_eq!(stub["id"], json!(objects.orchestrator));
    get(format!("/components/{}", objects.orchestrator)).await.refused(403);

    // A component that is also shared is complete, but its connector is a stub.
    cast.share("stack_component", &objects.orchestrator, &guest, &["read"]).await;
    let stack = get(format!("/stacks/{}", objects.stack)).await.ok();
    assert_eq!(stack["metadata"]["components"]["orchestrator"][0]["body"]["type"], "orchestrator");
    let component = get(format!("/components/{}", objects.orchestrator)).await.ok();
    assert_eq!(component["metadata"]["connector"]["permission_denied"], json!(true));

    // Without the share, everything is hidden again, including the workspace.
    cast.share("stack", &objects.stack, &guest, &[]).await;
    cast.share("stack_component", &objects.orchestrator, &guest, &[]).await;
    get(format!("/stacks/{}", objects.stack)).await.refused(401);
    cast.session(&guest).await.0.refused(401);
}

#[tokio::test]
async fn secret_values_are_omitted_for_callers_without_permission() {
    let cast = Cast::start().await;
    let objects = cast.objects().await;
    let (secret, connector) = (
        format!("GET /secrets/{}", objects.secret),
        format!("GET /service_connectors/{}", objects.connector),
    );
    for (who, sees_secret, sees_connector) in
        [("reader", false, false), ("writer", true, false), ("owner", true, true), ("admin", true, true)]
    {
        let values = cast.send(who, &secret, Value::Null).await.ok()["body"]["values"].clone();
        assert_eq!(values, if sees_secret { json!({ "key": "value" }) } else { json!({}) }, "{who}");
        let answer = cast.send(who, &connector, Value::Null).await.ok();
        let configuration = &answer["metadata"]["configuration"];
        assert_eq!(configuration["region"], "eu-west-1", "{who}");
        assert_eq!(configuration.get("aws_secret_access_key").is_some(), sees_connector, "{who}");
        let list = cast.send(who, "GET /secrets?hydrate=true", Value::Null).await.ok();
        assert!(list["items"].as_array().unwrap().iter().all(|item| item["body"]["values"] == json!({})));
    }
    let client = format!("GET /service_connectors/{}/client", objects.connector);
    let used = cast.send("writer", &client, Value::Null).await.ok();
    assert_eq!(used["metadata"]["configuration"]["aws_secret_access_key"], "hidden");
}

#[tokio::test]
async fn a_private_secret_is_visible_only_to_its_owner() {
    let cast = Cast::start().await;
    let body = json!({ "name": "mine", "private": true, "values": { "k": "v" } });
    let id = cast.make("owner", "/secrets", body.clone()).await;
    cast.make("contributor", "/secrets", body.clone()).await;
    cast.make("contributor", "/secrets", json!({ "name": "mine", "values": {} })).await;
    let text = cast.send("owner", "POST /secrets", body).await.refused(409);
    assert!(text.contains("of the user 'owner@example.org'"), "{text}");
    for who in ["contributor", "admin"] {
        for call in ["GET", "PUT", "DELETE"] {
            cast.send(who, &format!("{call} /secrets/{id}"), json!({})).await.refused(404);
        }
    }
    let share = format!("POST /users/resource_membership?resource_type=secret&resource_id={id}");
    let share = format!("{share}&user_id={}", cast.reader().id);
    cast.send("admin", &share, json!(["read"])).await.refused(404);
    let own = cast.send("owner", "GET /secrets?private=true", Value::Null).await.ok();
    assert_eq!(texts(&own["items"], "name"), ["mine"]);
    let text = cast.send("admin", "GET /secrets?private=true", Value::Null).await.ok();
    assert_eq!(text["total"], 0);
}

#[tokio::test]
async fn only_own_permissions_can_be_shared() {
    let cast = Cast::start().await;
    let objects = cast.objects().await;
    let team = cast.world.team("receivers").await;
    let at = |query: &str| format!("POST /users/resource_membership?{}", objects.fill(query));
    let to_team = |kind: &str, id: &str| at(&format!("resource_type={kind}&resource_id={id}&team_id={team}"));
    let me = cast.send("owner", "GET /current-user", Value::Null).await.ok();
    let me = me["metadata"]["external_user_id"].as_str().unwrap().to_owned();
    let nowhere = "00000000-0000-4000-8000-000000000001";
    let cases = [
        ("owner", to_team("stack", "{stack}"), json!(["read", "update"]), 200, ""),
        ("owner", to_team("stack", "{stack}"), json!([]), 200, ""),
        ("owner", to_team("stack", "{stack}"), json!(["fly"]), 400, "'fly' is not a valid Action"),
        ("owner", to_team("boat", "{stack}"), json!(["read"]), 400, "'boat' is not a valid ResourceType"),
        ("owner", to_team("project", "{project}"), json!(["read"]), 404, "cannot be shared"),
        ("owner", to_team("stack", nowhere), json!(["read"]), 404, "does not exist"),
        ("owner", to_team("stack_component", "{stack}"), json!(["read"]), 404, "The stack_component"),
        ("owner", to_team("secret", nowhere), json!(["read"]), 404, "does not exist"),
        (
            "owner",
            at(&format!("resource_type=stack&resource_id={{stack}}&user_id={me}")),
            json!(["read"]),
            400,
            "your own access",
        ),
        ("owner", at("resource_type=stack&resource_id={stack}"), json!(["read"]), 403, "Exactly one"),
        (
            "owner",
            at(&format!("resource_type=stack&resource_id={{stack}}&team_id={nowhere}")),
            json!(["read"]),
            403,
            "does not belong",
        ),
        (
            "owner",
            at(&format!("resource_type=stack&resource_id={{stack}}&user_id={nowhere}")),
            json!(["read"]),
            403,
            "does not belong",
        ),
        ("writer", to_team("stack", "{stack}"), json!(["read"]), 403, "Insufficient permissions to SHARE"),
    ];
    for (who, call, actions, status, reason) in cases {
        let answer = cast.send(who, &call, actions).await;
        assert_eq!(answer.status, status, "{call}: {}", answer.body);
        assert!(answer.body.to_string().contains(reason), "{call}: {}", answer.body);
    }
    assert_eq!(cast.send("owner", &to_team("stack", "{stack}"), json!({})).await.status, 422);

    // A user who may share but not delete cannot grant deletion.
    cast.share("stack", &objects.stack, cast.reader(), &["read", "share"]).await;
    cast.send("reader", &to_team("stack", "{stack}"), json!(["read"])).await.ok();
    let text =
        cast.send("reader", &to_team("stack", "{stack}"), json!(["read", "delete"])).await.refused(403);
    assert!(text.contains("Insufficient permissions to DELETE resource"), "{text}");
}
