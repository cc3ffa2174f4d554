//! What the command line of ZenML asks of a workspace, and only a server of ZenML Pro answers like this. What a plain
//! server answers in the same way is in `xtask/contract`.

use axum::body::Body;
use http::Request;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::support::{World, text, texts};
use crate::workspace_cast::Cast;

const NOWHERE: &str = "00000000-0000-4000-8000-000000000001";

/// The lists of objects that belong to a project.
const IN_PROJECT: [&str; 17] = [
    "artifact_versions",
    "artifacts",
    "deployments",
    "hook_invocations",
    "model_versions",
    "models",
    "pipeline_builds",
    "pipeline_snapshots",
    "pipelines",
    "run_templates",
    "run_wait_conditions",
    "runs",
    "schedules",
    "services",
    "steps",
    "triggers",
    "webhooks",
];

#[tokio::test]
async fn a_list_of_what_belongs_to_a_project_requires_one() {
    let cast = Cast::start().await;
    cast.send("admin", "POST /projects", json!({ "name": "runs" })).await.ok();
    for list in IN_PROJECT {
        // ZenML Pro has no default project: "Project scope missing from the filter".
        let text = cast.send("admin", &format!("GET /{list}"), Value::Null).await.refused(400);
        assert!(text.starts_with("ValueError: ") && text.contains("requires a project"), "{list}: {text}");
        // The page and the order are validated first, an unknown project next.
        for (query, status) in [("size=0", 422), ("sort_by=banana", 422), ("project=nothing&page=2", 404)] {
            let answer = cast.send("admin", &format!("GET /{list}?{query}"), Value::Null).await;
            assert_eq!(answer.status, status, "{list}?{query}: {}", answer.body);
        }
        let page = cast.send("reader", &format!("GET /{list}?project=runs"), Value::Null).await.ok();
        let empty = json!({ "index": 1, "max_size": 20, "total_pages": 1, "total": 0, "items": [] });
        assert_eq!(page, empty, "{list}");
    }
}

#[tokio::test]
async fn whoever_starts_a_pipeline_learns_where_pipelines_run() {
    let cast = Cast::start().await;
    let project = cast.make("admin", "/projects", json!({ "name": "runs" })).await;
    let version = json!({
        "project": project, "type": "DataArtifact", "uri": "x", "materializer": {}, "data_type": {},
        "save_type": "manual", "artifact_name": "x",
    });
    for (call, body) in [
        ("POST /logs", json!({ "artifact_store_id": NOWHERE })),
        ("POST /pipelines", json!({ "project": project, "name": "x" })),
        ("POST /models", json!({ "project": project, "name": "x" })),
        ("POST /pipeline_builds", json!({ "project": project, "is_local": true, "contains_code": true })),
        ("POST /artifact_versions/batch", json!([version])),
    ] {
        let text = cast.send("admin", call, body).await.refused(501);
        assert!(text.starts_with("NotImplementedError: "), "{text}");
        assert!(text.contains("zenml-local serve --engine zenml"), "{text}");
    }
}

#[tokio::test]
async fn a_creation_that_fails_anyway_is_validated_first_and_then_the_permission_and_the_project() {
    let cast = Cast::start().await;
    let project = cast.make("admin", "/projects", json!({ "name": "runs" })).await;
    let good = json!({ "project": project, "name": "x" });
    for (who, body, status, says) in [
        ("reader", json!({ "name": "x" }), 422, "missing"),
        ("reader", good.clone(), 403, "Insufficient permissions to CREATE resource"),
        (
            "reader",
            json!({ "project": NOWHERE, "name": "x" }),
            403,
            "Insufficient permissions to CREATE resource",
        ),
        ("admin", json!({ "project": NOWHERE, "name": "x" }), 404, "Cannot get project"),
        ("admin", json!({ "project": "x", "name": 1 }), 422, "uuid_parsing"),
        ("admin", json!([]), 422, "model_attributes_type"),
        ("admin", Value::Null, 422, "('body',)"),
        ("admin", good, 501, "--engine zenml"),
    ] {
        for list in ["pipelines", "models", "artifacts"] {
            let answer = cast.send(who, &format!("POST /{list}"), body.clone()).await;
            let text = answer.body.to_string();
            assert!(answer.status == status && text.contains(says), "{who} {list} {body}: {text}");
        }
    }
}

#[tokio::test]
async fn service_accounts_are_listed_apart_from_people_and_cannot_be_changed() {
    let cast = Cast::start().await;
    let key = cast.world.key();
    let robot = cast.send_with(Some(&key), "GET /current-user", Value::Null).await.ok();
    let id = text(&robot["id"]);
    let people = cast.send("admin", "GET /users?size=100", Value::Null).await.ok();
    assert!(!texts(&people["items"], "name").contains(&text(&robot["name"])));
    assert_eq!(people["items"][0]["body"]["email_opted_in"], json!(true));
    cast.send("admin", "GET /users/platform-admin", Value::Null).await.refused(404);
    // By its id, an old client also finds a service account there.
    cast.send("admin", &format!("GET /users/{id}"), Value::Null).await.ok();

    let list = cast.send("admin", "GET /service_accounts", Value::Null).await.ok();
    assert_eq!(texts(&list["items"], "name"), ["platform-admin"]);
    assert_eq!((&list["items"][0]["metadata"], &list["items"][0]["resources"]), (&Value::Null, &Value::Null));
    let one = cast.send("admin", "GET /service_accounts/platform-admin", Value::Null).await.ok();
    assert_eq!(one["metadata"]["description"], "");
    assert_eq!(one["metadata"]["external_user_id"], robot["metadata"]["external_user_id"]);
    let keys = cast.send("admin", &format!("GET /service_accounts/{id}/api_keys"), Value::Null).await.ok();
    assert_eq!(keys["total"], 0);

    let (deprecated, external) =
        ("deprecated in ZenML Pro workspaces", "created via external authentication cannot be");
    let new = json!({ "name": "bot", "active": true });
    for (call, body, says) in [
        ("POST /service_accounts", new, deprecated),
        ("PUT /service_accounts/platform-admin", json!({ "description": "d" }), deprecated),
        ("PUT /service_accounts/platform-admin", json!({ "active": false, "name": "x" }), deprecated),
        ("PUT /service_accounts/platform-admin", json!({ "active": false, "name": null }), external),
        ("DELETE /service_accounts/platform-admin", Value::Null, external),
        (&format!("POST /service_accounts/{NOWHERE}/api_keys"), json!({ "name": "k" }), deprecated),
    ] {
        let text = cast.send("admin", call, body).await.refused(403);
        assert!(text.starts_with("IllegalOperationError: ") && text.contains(says), "{call}: {text}");
    }
}

#[tokio::test]
async fn only_the_default_project_of_a_user_can_be_changed() {
    let cast = Cast::start().await;
    let project = cast.make("admin", "/projects", json!({ "name": "mine" })).await;
    let before = cast.send("owner", "GET /current-user", Value::Null).await.ok();
    let change = json!({ "full_name": "Robot", "is_admin": true, "default_project_id": project });
    let after = cast.send("owner", "PUT /users/owner@example.org", change).await.ok();
    assert_eq!(after["body"]["default_project_id"], json!(project));
    assert_eq!(after["body"]["full_name"], before["body"]["full_name"]);
    assert_eq!(after["body"]["is_admin"], before["body"]["is_admin"]);
    let kept = cast.send("owner", "PUT /users/owner@example.org", json!({})).await.ok();
    assert_eq!(kept["body"]["default_project_id"], json!(project));
    cast.send("admin", &format!("DELETE /projects/{project}"), Value::Null).await.ok();
    let gone = cast.send("owner", "GET /current-user", Value::Null).await.ok();
    assert_eq!(gone["body"]["default_project_id"], Value::Null);
}

#[tokio::test]
async fn statistics_count_what_the_caller_may_see() {
    let cast = Cast::start().await;
    for (who, expected) in [("reader", [2, 6, 0]), ("admin", [2, 6, 1])] {
        let [stacks, components, projects] = expected;
        let counted = cast.send(who, "GET /statistics", Value::Null).await.ok();
        assert_eq!(
            counted,
            json!({ "stacks": stacks, "components": components, "projects": projects }),
            "{who}"
        );
    }
}

#[tokio::test]
async fn a_script_token_requires_a_session_and_ends_with_it() {
    let cast = Cast::start().await;
    let token = text(&cast.send("owner", "GET /api_token?expires_in=604800", Value::Null).await.ok());
    let me = cast.send_with(Some(&token), "GET /current-user", Value::Null).await.ok();
    assert_eq!(me["name"], "owner@example.org");
    // A key is checked each time, so it is no session.
    cast.send_with(Some(&cast.world.key()), "GET /api_token", Value::Null).await.refused(401);
    for query in ["expires_in=604801", "token_type=workload", &format!("schedule_id={NOWHERE}")] {
        cast.send("owner", &format!("GET /api_token?{query}"), Value::Null).await.refused(400);
    }
}

#[tokio::test]
async fn the_address_of_a_workspace_leads_to_its_page() {
    let world = World::start().await;
    let workspace = world.workspace("space").await;
    let get = async |path: String| {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = world.platform.router().oneshot(request).await.unwrap();
        let place = response.headers().get("location").map(|place| place.to_str().unwrap().to_owned());
        let status = response.status().as_u16();
        (status, place, response.into_body().collect().await.unwrap().to_bytes())
    };
    for path in [format!("/w/{workspace}"), format!("/w/{workspace}/")] {
        let (status, place, body) = get(path).await;
        let page = format!("{}/workspaces/space", world.platform.url());
        assert_eq!((status, place, body.len()), (307, Some(page), 0));
    }
    let (status, place, body) = get(format!("/w/{workspace}/ready")).await;
    assert_eq!((status, place, &body[..]), (200, None, &b"ok"[..]));
    for path in ["", "/", "/ready"] {
        assert_eq!(get(format!("/w/{NOWHERE}{path}")).await.0, 404, "{path}");
    }
}

#[tokio::test]
async fn a_read_without_metadata_returns_the_rest() {
    let cast = Cast::start().await;
    let objects = cast.objects().await;
    for path in [
        "/projects/{project}",
        "/stacks/{stack}",
        "/components/{orchestrator}",
        "/secrets/{secret}",
        "/tags/{tag}",
        "/flavors/{flavor}",
        "/flavors/3e429dbb-595d-5d6e-8ab7-a31140dff505",
        "/code_repositories/{repository}",
        "/users/owner@example.org",
    ] {
        let read = |query: &str| format!("GET {}{query}", objects.fill(path));
        let whole = cast.send("admin", &read(""), Value::Null).await.ok();
        let part = cast.send("admin", &read("?hydrate=False"), Value::Null).await.ok();
        assert!(whole["metadata"].is_object(), "{path}");
        assert_eq!(part["metadata"], Value::Null, "{path}");
        assert_eq!((&part["body"], &part["resources"]), (&whole["body"], &whole["resources"]), "{path}");
    }
}
