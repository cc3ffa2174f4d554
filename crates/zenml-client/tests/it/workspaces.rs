//! Locating workspaces.

use std::sync::Arc;

use serde_json::{Value, json};
use zenml_api::IdOrName;
use zenml_api::workspace::project;
use zenml_client::transport::{Fault, TransportErrorKind};
use zenml_client::{ApiError, Client, Credential, Plane, Settings, SettingsError};

use crate::script::{ID, KEY, Script, both, client, header, lines, settings};

pub(crate) fn workspace(url: &str) -> Value {
    let organization = json!({"id": ID, "name": "acme", "created": "x", "updated": "x"});
    json!({"id": ID, "name": "alpha", "organization": organization, "desired_state": "available", "state_reason": "",
           "status": "available", "zenml_service": {"configuration": null, "status": {"server_url": url}}})
}

fn lookup() -> String {
    format!("GET /workspaces/{ID}")
}

fn delete() -> String {
    format!("DELETE /ws/api/v1/projects/{ID}")
}

fn script() -> Script {
    Script::new().on(&lookup(), 200, &workspace("http://plane.test/ws/")).on(&delete(), 200, &json!(null))
}

#[tokio::test(start_paused = true)]
async fn a_workspace_is_looked_up_once_for_all_callers() {
    let wire = script().wire();
    let client = client(&settings(), &wire);
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let client = client.clone();
        calls.spawn(async move {
            let workspace = client.workspace(ID.parse().unwrap()).await?;
            assert_eq!(
                (workspace.plane(), workspace.base()),
                (Plane::Workspace, "http://plane.test/ws/api/v1")
            );
            workspace.call(&project::DELETE, IdOrName::parse(ID)).await
        });
    }
    while let Some(call) = calls.join_next().await {
        call.unwrap().unwrap();
    }
    let lines = lines(&wire);
    let count = |line: &str| lines.iter().filter(|seen| *seen == line).count();
    assert_eq!((count(&lookup()), count("POST /auth/login"), count("POST /ws/api/v1/login")), (1, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_workspace_that_cannot_be_reached_is_looked_up_again() {
    let mut wire = script().wire();
    for _ in 0..5 {
        wire = wire.fail("DELETE", Fault::Lost(TransportErrorKind::Connect));
    }
    let client = client(&settings(), &wire);
    let call = async || {
        let workspace = client.workspace(ID.parse().unwrap()).await?;
        workspace.call(&project::DELETE, IdOrName::parse(ID)).await
    };
    let error = call().await.unwrap_err();
    assert!(matches!(error, ApiError::Unreachable { .. }), "{error}");
    call().await.unwrap();
    client.forget_workspace(ID.parse().unwrap());
    call().await.unwrap();
    assert_eq!(lines(&wire).iter().filter(|line| **line == lookup()).count(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_workspace_without_a_server_reports_its_status_and_is_looked_up_again() {
    let mut pending = workspace("unused");
    pending["zenml_service"]["status"] = Value::Null;
    pending["status"] = json!("failed");
    pending["state_reason"] = json!("no nodes left");
    let script =
        Script::new().on(&lookup(), 200, &pending).on(&lookup(), 200, &workspace("http://plane.test/ws"));
    let wire = script.wire();
    let client = client(&settings(), &wire);
    let error = client.workspace(ID.parse().unwrap()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("the workspace \"alpha\" ({ID}) has no server: it is failed, because no nodes left")
    );
    client.workspace(ID.parse().unwrap()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_the_workspace_is_used_without_the_control_plane() {
    let info = |id: Value| json!({"version": "0.98.0", "name": null, "pro_workspace_id": id});
    let server_only = Settings { control_plane: None, ..both() };

    let wire = script().on("GET /ws/api/v1/info", 200, &info(json!(ID))).wire();
    let client = client(&server_only, &wire);
    for _ in 0..2 {
        assert_eq!(client.workspace(ID.parse().unwrap()).await.unwrap().plane(), Plane::Server);
    }
    assert_eq!(lines(&wire), ["GET /ws/api/v1/info"], "requested once, without a login");

    let wire = script().on("GET /ws/api/v1/info", 200, &info(Value::Null)).wire();
    let error = crate::script::client(&server_only, &wire).workspace(ID.parse().unwrap()).await.unwrap_err();
    assert!(matches!(error, ApiError::NotConfigured(Plane::ControlPlane)), "{error}");
    let other = crate::script::client(&both(), &wire).workspace(ID.parse().unwrap()).await.unwrap();
    assert_eq!(other.plane(), Plane::Workspace);
}

#[tokio::test(start_paused = true)]
async fn the_key_is_sent_only_to_the_control_plane_and_a_workspace_gets_a_session() {
    let wire = script().wire();
    let workspace = client(&settings(), &wire).workspace(ID.parse().unwrap()).await.unwrap();
    workspace.call(&project::DELETE, IdOrName::parse(ID)).await.unwrap();
    let login = "POST /ws/api/v1/login".to_owned();
    assert_eq!(lines(&wire), ["POST /auth/login".to_owned(), lookup(), login, delete()]);
    let seen = wire.seen();
    assert_eq!(seen[2].body, "grant_type=zenml-external");
    assert_eq!(header(&seen[2], "authorization"), "Bearer session");
    for request in &seen[1..] {
        let headers =
            format!("{:?}", request.headers.values().map(|value| value.to_str()).collect::<Vec<_>>());
        let all = format!("{} {headers} {}", request.url, String::from_utf8_lossy(&request.body));
        assert!(!all.contains(KEY), "{all}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_configured_server_accepts_the_session_of_the_control_plane() {
    let mut settings = both();
    settings.server.as_mut().unwrap().credential = Credential::ControlPlane;
    let wire = script().wire();
    client(&settings, &wire).server().unwrap().call(&project::DELETE, IdOrName::parse(ID)).await.unwrap();
    assert_eq!(lines(&wire), ["POST /auth/login".to_owned(), "POST /ws/api/v1/login".to_owned(), delete()]);
    assert_eq!(header(&wire.seen()[1], "authorization"), "Bearer session");
    settings.control_plane = None;
    let error = Client::with_transport(&settings, Arc::new(wire)).unwrap_err();
    assert_eq!(error, SettingsError::NoControlPlane);
}

#[tokio::test(start_paused = true)]
async fn an_expired_session_of_the_control_plane_is_renewed_for_a_workspace_login() {
    let expired = json!({"detail": ["AuthorizationException", "Not authorized to access this server."]});
    let wire = Script::default()
        .on("POST /auth/login", 200, &json!({"access_token": "old", "expires_in": 3600}))
        .on("POST /auth/login", 200, &json!({"access_token": "new", "expires_in": 3600}))
        .on(&lookup(), 200, &workspace("http://plane.test/ws"))
        .on("POST /ws/api/v1/login", 401, &expired)
        .on("POST /ws/api/v1/login", 200, &json!({"access_token": "ws", "token_type": "bearer"}))
        .on(&delete(), 200, &json!(null))
        .wire();
    let api = client(&settings(), &wire).workspace(ID.parse().unwrap()).await.unwrap();
    api.call(&project::DELETE, IdOrName::parse(ID)).await.unwrap();
    let seen = wire.seen();
    assert_eq!(
        (header(&seen[2], "authorization"), header(&seen[4], "authorization")),
        ("Bearer old", "Bearer new")
    );
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_to_an_untrusted_address_that_a_server_reports() {
    for (url, why) in [
        ("file:///etc/passwd", "it is not a URL"),
        ("gopher://thief.example", "it must start with http:// or https://"),
        ("thief.example", "it must start with http:// or https://"),
        ("http://thief.example", "it does not use TLS (http://), although the control plane does"),
        ("http://169.254.169.254/latest", "it does not use TLS (http://), although the control plane does"),
        ("https://user:password@thief.example", "set the credential separately"),
        ("https://good.example#@thief.example", "it must not have a query or a fragment"),
        ("https://good.example?@thief.example", "it must not have a query or a fragment"),
        ("https://good.example\\@thief.example", "it is not a URL"),
        ("https://thief.example\r\nx: y", "it is not a URL"),
    ] {
        let mut settings = settings();
        settings.control_plane.as_mut().unwrap().url = "https://plane.test".to_owned();
        let wire = Script::new().on(&lookup(), 200, &workspace(url)).wire();
        let error = client(&settings, &wire).workspace(ID.parse().unwrap()).await.unwrap_err();
        assert!(matches!(&error, ApiError::Misplaced(place) if place.why == why), "{url}: {error}");
        assert!(!error.to_string().contains("password"), "{error}");
        assert_eq!(lines(&wire), ["POST /auth/login".to_owned(), lookup()], "{url}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_unreachable_server_does_not_block_the_workspaces_of_the_control_plane() {
    let mut wire = script().wire();
    for _ in 0..5 {
        wire = wire.fail("/info", Fault::Lost(TransportErrorKind::Connect));
    }
    let client = client(&both(), &wire);
    for _ in 0..3 {
        assert_eq!(client.workspace(ID.parse().unwrap()).await.unwrap().plane(), Plane::Workspace);
    }
    assert_eq!(lines(&wire).iter().filter(|line| line.ends_with("/info")).count(), 5, "requested once");
}
