//! Logging in to a workspace, and repeated requests.

use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use zenml_local::{Database, Options};

use crate::support::{Answer, World, text};
use crate::workspace_cast::connector;

async fn call(world: &World, request: Request<Body>) -> Answer {
    let response = world.platform.router().oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| json!(String::from_utf8_lossy(&bytes)));
    Answer { status, body, retry_after: None }
}

async fn login(world: &World, workspace: &str, bearer: Option<&str>, form: &str) -> Answer {
    let header = bearer.map(|bearer| format!("Bearer {bearer}"));
    login_with(world, workspace, header.as_deref(), form).await
}

/// The same with any `Authorization` header.
async fn login_with(world: &World, workspace: &str, header: Option<&str>, form: &str) -> Answer {
    let mut request = Request::post(format!("/w/{workspace}/api/v1/login"));
    if let Some(header) = header {
        request = request.header("authorization", header);
    }
    call(world, request.body(Body::from(form.to_owned())).unwrap()).await
}

#[tokio::test]
async fn each_grant_type_behaves_like_on_a_server_in_pro_mode() {
    let world = World::start().await;
    let workspace = world.workspace("space").await;
    let key = world.key();
    let session = text(&world.login(&format!("password={key}")).await.ok()["access_token"]);
    let with_key = format!("grant_type=zenml-api-key&password={key}");
    let device = "grant_type=urn:ietf:params:oauth:grant-type:device_code";
    for (bearer, form, status, says) in [
        (Some(&session), "grant_type=zenml-external", 200, "access_token"),
        (Some(&session), "", 200, "access_token"),
        (Some(&key), "grant_type=zenml-external", 200, "access_token"),
        (None, with_key.as_str(), 200, "access_token"),
        (None, &format!("password={key}"), 200, "access_token"),
        (None, "", 200, "authorization_url"),
        (None, "grant_type=zenml-api-key&password=ZENPROKEY_wrong", 401, "Authentication error: "),
        (Some(&"nonsense".to_owned()), "", 401, "Not authorized to access this server."),
        (None, "grant_type=password&username=u&password=p", 400, "The grant type password is not supported."),
        (None, "grant_type=zenml_api_key&password=x", 400, "The grant type zenml_api_key is not supported."),
        (None, "grant_type=client_credentials", 400, "is not supported"),
        (None, device, 403, "Devices cannot be authorized"),
    ] {
        let answer = login(&world, &workspace, bearer.map(String::as_str), form).await;
        assert_eq!(answer.status, status, "{form}: {}", answer.body);
        assert!(answer.body.to_string().contains(says), "{form}: {}", answer.body);
    }
    // Seen on a server of ZenML Pro: what is no key, or no bearer token, is not a request for the login page.
    let (basic, of_key) = ("Basic ZGVmYXVsdDo=", format!("password={key}"));
    for (header, form, status, class) in [
        (None, "password=banana", 401, "CredentialsNotValid"),
        (None, "grant_type=zenml-api-key&password=banana", 401, "CredentialsNotValid"),
        (None, "password=ZENKEY_unknown", 401, "CredentialsNotValid"),
        (None, "password=ZENPROKEY_unknown", 401, "CredentialsNotValid"),
        (None, &format!("password={session}"), 401, "CredentialsNotValid"),
        (None, "grant_type=zenml-api-key", 400, "key is required"),
        (None, "grant_type=zenml-external", 200, "authorization_url"),
        (Some(basic), "", 401, "CredentialsNotValid"),
        (Some(basic), "grant_type=zenml-external", 401, "CredentialsNotValid"),
        (Some("Bearer "), "", 401, "CredentialsNotValid"),
        (Some("Bearer banana"), "", 401, "AuthorizationException"),
        (Some(basic), &of_key, 200, "access_token"),
        (Some(basic), "username=u&password=p", 400, "password is not supported"),
    ] {
        let answer = login_with(&world, &workspace, header, form).await;
        assert_eq!(answer.status, status, "{header:?} {form}: {}", answer.body);
        assert!(answer.body.to_string().contains(class), "{header:?} {form}: {}", answer.body);
    }
    let answer = login(&world, &workspace, None, &with_key).await.ok();
    assert_eq!((&answer["token_type"], &answer["expires_in"]), (&json!("bearer"), &json!(3600)));
}

#[tokio::test]
async fn only_sessions_of_the_workspace_and_keys_open_its_routes() {
    let world = World::start().await;
    let (workspace, other) = (world.workspace("space").await, world.workspace("other").await);
    let key = world.key();
    let control = text(&world.login(&format!("password={key}")).await.ok()["access_token"]);
    let own = text(&login(&world, &workspace, Some(&key), "").await.ok()["access_token"]);
    let others = text(&login(&world, &other, Some(&key), "").await.ok()["access_token"]);
    let me = format!("GET /w/{workspace}/api/v1/current-user");
    for (bearer, status, says) in [
        (Some(own.as_str()), 200, "platform-admin"),
        (Some(key.as_str()), 200, "platform-admin"),
        (Some(control.as_str()), 401, "error decoding access token"),
        (Some(others.as_str()), 401, "error decoding access token"),
        (Some("ZENPROKEY_wrong"), 401, "CredentialsNotValid"),
        (None, 401, r#"{"detail":"Not authenticated"}"#),
    ] {
        let answer = world.send(bearer, &me, Value::Null).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        assert!(answer.body.to_string().contains(says), "{}", answer.body);
    }
    // The local account is a different object than the control plane's, and there is only one.
    let first = world.send(Some(&own), &me, Value::Null).await.ok();
    assert_ne!(first["id"], first["metadata"]["external_user_id"]);
    assert_eq!(world.send(Some(&key), &me, Value::Null).await.ok()["id"], first["id"]);
}

#[tokio::test]
async fn a_workspace_returns_its_public_information() {
    let world = World::start().await;
    let workspace = world.workspace("space").await;
    let base = format!("/w/{workspace}");
    let health = call(&world, Request::get(format!("{base}/health")).body(Body::empty()).unwrap()).await;
    assert_eq!((health.status, &health.body), (StatusCode::OK, &json!("ok")));
    let info = world.send(None, &format!("GET {base}/api/v1/info"), Value::Null).await.ok();
    assert_eq!((&info["deployment_type"], &info["auth_scheme"]), (&json!("cloud"), &json!("EXTERNAL")));
    assert_eq!(
        (&info["pro_workspace_id"], &info["pro_workspace_name"]),
        (&json!(workspace), &json!("space"))
    );
    assert_eq!(info["pro_organization_id"], json!(world.organization()));
    assert_eq!(info["pro_api_url"], json!(world.platform.url()));
    let version = world.send(None, &format!("GET {base}/api/v1/version"), Value::Null).await.ok();
    assert_eq!(version, info["version"]);
    let nowhere = "/w/00000000-0000-4000-8000-000000000001";
    for path in ["/health", "/api/v1/info", "/api/v1/stacks"] {
        let request = Request::get(format!("{nowhere}{path}")).body(Body::empty()).unwrap();
        assert_eq!(call(&world, request).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    // A deleted workspace is gone with its content.
    world.admin(&format!("DELETE /workspaces/{workspace}"), Value::Null).await.ok();
    for _ in 0..200 {
        let answer = world.send(None, &format!("GET {base}/api/v1/info"), Value::Null).await;
        if answer.status == StatusCode::NOT_FOUND {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the workspace was not deleted");
}

#[tokio::test]
async fn a_repeated_request_gets_the_stored_response() {
    let world = World::start().await;
    let workspace = world.workspace("space").await;
    let post = |key: &'static str, collection: &str, body: Value| {
        let request = Request::post(format!("/w/{workspace}/api/v1{collection}"))
            .header("authorization", format!("Bearer {}", world.key()))
            .header("content-type", "application/json")
            .header("idempotency-key", key)
            .body(Body::from(body.to_string()))
            .unwrap();
        call(&world, request)
    };
    let key = "00000000-0000-4000-8000-000000000001";
    let first = post(key, "/projects", json!({ "name": "first" })).await.ok();
    assert_eq!(post(key, "/projects", json!({ "name": "first" })).await.ok(), first);
    // A key belongs to one request.
    post(key, "/projects", json!({ "name": "second" })).await.refused(422);
    let other_route = post(key, "/secrets", json!({ "name": "first" })).await.ok();
    assert_ne!(other_route["id"], first["id"]);
    // Errors are not stored.
    let key = "00000000-0000-4000-8000-000000000002";
    post(key, "/projects", json!({ "name": "first" })).await.refused(409);
    post(key, "/projects", json!({ "name": "third" })).await.ok();
    post("no-uuid", "/projects", json!({ "name": "fourth" })).await.refused(422);
    let list = world.admin(&format!("GET /w/{workspace}/api/v1/projects"), Value::Null).await.ok();
    assert_eq!(list["total"], 2);
}

#[tokio::test]
async fn secrets_of_a_workspace_are_not_in_the_files_in_plain_text() {
    let directory = tempfile::tempdir().unwrap();
    let database = Database::File(directory.path().join("platform.db"));
    let world = World::with(Options { database, ..Options::default() }).await;
    let base = format!("/w/{}/api/v1", world.workspace("space").await);
    let canary = |what: &str| format!("canary-{what}-7f3a9c");
    let secret = json!({ "name": "s", "values": { "k": canary("secret") } });
    world.admin(&format!("POST {base}/secrets"), secret).await.ok();
    let mut known = connector("known");
    known["configuration"]["aws_secret_access_key"] = json!(canary("connector"));
    world.admin(&format!("POST {base}/service_connectors"), known).await.ok();
    let unknown = json!({
        "name": "unknown", "connector_type": "boat", "auth_method": "oar",
        "configuration": { "password": canary("unknown") },
    });
    world.admin(&format!("POST {base}/service_connectors"), unknown).await.ok();
    let component = json!({
        "name": "t", "type": "experiment_tracker", "flavor": "mlflow",
        "configuration": { "tracking_uri": "https://m.example", "tracking_token": canary("component") },
    });
    world.admin(&format!("POST {base}/components"), component).await.ok();
    world.platform.stop().await;
    let mut searched = 0;
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        searched += bytes.len();
        for what in ["secret", "connector", "unknown", "component"] {
            let needle = canary(what);
            let found = bytes.windows(needle.len()).any(|window| window == needle.as_bytes());
            assert!(!found, "the {what} is there in plain text");
        }
    }
    assert!(searched > 10_000, "the database is among the files");
}
