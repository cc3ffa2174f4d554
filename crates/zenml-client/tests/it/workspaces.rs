//! Finding workspaces.

use serde_json::{Value, json};
use zenml_api::IdOrName;
use zenml_api::workspace::project;
use zenml_client::transport::{Fault, TransportErrorKind};
use zenml_client::{ApiError, Plane, Settings};

use crate::script::{ID, Script, both, client, lines, settings};

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
async fn a_workspace_is_looked_up_once_by_all_who_need_it() {
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
async fn a_workspace_without_a_server_says_what_it_is_doing_and_is_asked_again() {
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
async fn a_server_that_is_the_workspace_serves_it_without_the_control_plane() {
    let info = |id: Value| json!({"version": "0.98.0", "name": null, "pro_workspace_id": id});
    let server_only = Settings { control_plane: None, ..both() };

    let wire = script().on("GET /ws/api/v1/info", 200, &info(json!(ID))).wire();
    let client = client(&server_only, &wire);
    for _ in 0..2 {
        assert_eq!(client.workspace(ID.parse().unwrap()).await.unwrap().plane(), Plane::Server);
    }
    assert_eq!(lines(&wire), ["GET /ws/api/v1/info"], "asked once, without a login");

    let wire = script().on("GET /ws/api/v1/info", 200, &info(Value::Null)).wire();
    let error = crate::script::client(&server_only, &wire).workspace(ID.parse().unwrap()).await.unwrap_err();
    assert!(matches!(error, ApiError::NotConfigured(Plane::ControlPlane)), "{error}");
    let other = crate::script::client(&both(), &wire).workspace(ID.parse().unwrap()).await.unwrap();
    assert_eq!(other.plane(), Plane::Workspace);
}
