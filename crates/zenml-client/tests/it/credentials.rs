//! Credentials and sessions.

use std::time::Duration;

use serde_json::json;
use zenml_api::control::team;
use zenml_api::workspace::project;
use zenml_client::{Address, ApiError, Credential, Settings};

use crate::script::{ID, KEY, Script, both, client, header, lines, settings, team};

fn get() -> String {
    format!("GET /teams/{ID}")
}

#[tokio::test(start_paused = true)]
async fn a_key_is_exchanged_once_and_the_session_is_used() {
    let wire = Script::new().on(&get(), 200, &team()).wire();
    let client = client(&settings(), &wire);
    for _ in 0..3 {
        client.control_plane().unwrap().call(&team::GET, ID.parse().unwrap()).await.unwrap();
    }
    assert_eq!(lines(&wire), ["POST /auth/login".to_owned(), get(), get(), get()]);
    let login = &wire.seen()[0];
    assert_eq!(login.body, format!("password={KEY}"));
    assert_eq!(header(login, "content-type"), "application/x-www-form-urlencoded");
    assert_eq!(header(login, "authorization"), "");
    assert_eq!(header(&wire.seen()[1], "authorization"), "Bearer session");
}

#[tokio::test(start_paused = true)]
async fn a_workspace_login_has_a_grant_with_hyphens() {
    let page = json!({"index": 1, "max_size": 1, "total_pages": 1, "total": 0, "items": []});
    let wire = Script::new().on("GET /ws/api/v1/projects", 200, &page).wire();
    let client = client(&both(), &wire);
    let query = project::ProjectQuery::default();
    client.server().unwrap().send(&project::LIST, (), query, ()).await.unwrap();
    assert_eq!(wire.seen()[0].body, format!("grant_type=zenml-api-key&password={KEY}"));
    assert_eq!(header(&wire.seen()[1], "authorization"), "Bearer ws");
}

#[tokio::test(start_paused = true)]
async fn a_session_is_renewed_before_it_expires() {
    let wire = Script::new().on(&get(), 200, &team()).wire();
    let client = client(&settings(), &wire);
    let call = async || client.control_plane().unwrap().call(&team::GET, ID.parse().unwrap()).await.unwrap();
    call().await;
    tokio::time::advance(Duration::from_secs(3600 - 301)).await;
    call().await;
    assert_eq!(wire.seen().len(), 3, "five minutes and a second are left");
    tokio::time::advance(Duration::from_secs(2)).await;
    call().await;
    assert_eq!(lines(&wire)[3], "POST /auth/login");
}

#[tokio::test(start_paused = true)]
async fn a_session_without_expiry_is_kept_until_it_is_rejected() {
    let wire = Script::default()
        .on("POST /auth/login", 200, &json!({"access_token": "endless", "expires_in": null}))
        .on(&get(), 200, &team())
        .on(&get(), 401, &json!({"detail": ["CredentialsNotValid", "expired"]}))
        .on(&get(), 200, &team())
        .wire();
    let client = client(&settings(), &wire);
    let call = async || client.control_plane().unwrap().call(&team::GET, ID.parse().unwrap()).await.unwrap();
    call().await;
    tokio::time::advance(Duration::from_hours(1000)).await;
    call().await;
    let expected = ["POST /auth/login".to_owned(), get(), get(), "POST /auth/login".to_owned(), get()];
    assert_eq!(lines(&wire), expected);
}

#[tokio::test(start_paused = true)]
async fn a_second_401_is_an_error_and_not_a_loop() {
    let wire = Script::new().on(&get(), 401, &json!({"detail": "no"})).wire();
    let client = client(&settings(), &wire);
    let error = client.control_plane().unwrap().call(&team::GET, ID.parse().unwrap()).await.unwrap_err();
    assert!(matches!(error, ApiError::Unauthorized(_)), "{error}");
    assert_eq!(error.call().unwrap().attempts, 2);
    assert_eq!(wire.seen().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_post_is_retried_after_a_401_because_nothing_was_done() {
    let create =
        team::TeamCreate { organization_id: ID.parse().unwrap(), name: "alpha".into(), description: None };
    let wire = Script::new()
        .on("POST /teams", 401, &json!({"detail": "expired"}))
        .on("POST /teams", 200, &team())
        .wire();
    client(&settings(), &wire).control_plane().unwrap().send(&team::CREATE, (), (), create).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_fixed_token_is_used_unchanged_and_never_renewed() {
    let credential = Credential::Token("given".into());
    let url = "http://plane.test".to_owned();
    let settings = Settings { control_plane: Some(Address { url, credential }), ..Settings::default() };
    let wire = Script::new().on(&get(), 200, &team()).on(&get(), 401, &json!({"detail": "expired"})).wire();
    let client = client(&settings, &wire);
    let plane = client.control_plane().unwrap();
    plane.call(&team::GET, ID.parse().unwrap()).await.unwrap();
    assert_eq!(header(&wire.seen()[0], "authorization"), "Bearer given");
    let error = plane.call(&team::GET, ID.parse().unwrap()).await.unwrap_err();
    assert!(matches!(error, ApiError::Unauthorized(_)), "{error}");
    assert_eq!(lines(&wire), [get(), get()]);
}

#[tokio::test(start_paused = true)]
async fn a_successful_login_without_a_token_is_an_error() {
    let nowhere = json!({"authorization_url": "https://dashboard.test/api/auth/login"});
    let wire = Script::default()
        .on("POST /auth/login", 200, &nowhere)
        .on("POST /ws/api/v1/login", 200, &nowhere)
        .wire();
    let client = client(&both(), &wire);
    for api in [client.control_plane().unwrap(), client.server().unwrap()] {
        let error = api.log_in().await.unwrap_err();
        assert!(matches!(error, ApiError::NoToken { .. }), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn fifty_concurrent_calls_share_one_login() {
    let wire = Script::new().on(&get(), 200, &team()).wire();
    let client = client(&settings(), &wire);
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let client = client.clone();
        calls.spawn(
            async move { client.control_plane().unwrap().call(&team::GET, ID.parse().unwrap()).await },
        );
    }
    while let Some(call) = calls.join_next().await {
        call.unwrap().unwrap();
    }
    assert_eq!(lines(&wire).iter().filter(|line| *line == "POST /auth/login").count(), 1);
    assert_eq!(wire.seen().len(), 51);
}

#[tokio::test(start_paused = true)]
async fn fifty_concurrent_calls_share_the_failure_of_one_login() {
    let wire = Script::default().on("POST /auth/login", 401, &json!({"detail": "no such key"})).wire();
    let client = client(&settings(), &wire);
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let client = client.clone();
        calls.spawn(
            async move { client.control_plane().unwrap().call(&team::GET, ID.parse().unwrap()).await },
        );
    }
    while let Some(call) = calls.join_next().await {
        let error = call.unwrap().unwrap_err();
        assert!(error.to_string().contains("no such key"), "{error}");
    }
    assert_eq!(lines(&wire), ["POST /auth/login"]);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_login_does_not_block_the_next_one() {
    let wire = Script::new().on(&get(), 200, &team()).wire();
    let client = client(&settings(), &wire);
    let plane = client.control_plane().unwrap();
    for dropped in 1..=3 {
        let call = plane.call(&team::GET, ID.parse().unwrap());
        tokio::time::timeout(Duration::from_millis(1), call).await.unwrap_err();
        assert_eq!(lines(&wire), vec!["POST /auth/login"; dropped]);
    }
    plane.call(&team::GET, ID.parse().unwrap()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_outage_that_a_workspace_reports_as_a_bad_credential_is_retried() {
    let text = "Error fetching user information from external authenticator. ";
    let wire = Script::default()
        .on("POST /ws/api/v1/login", 401, &json!({"detail": ["AuthorizationException", text]}))
        .on(
            "POST /ws/api/v1/login",
            401,
            &json!({"detail": ["CredentialsNotValid", format!("Authentication error: {text}")]}),
        )
        .on(
            "POST /ws/api/v1/login",
            200,
            &json!({"access_token": "ws", "token_type": "bearer", "expires_in": 1}),
        )
        .wire();
    client(&both(), &wire).server().unwrap().log_in().await.unwrap();
    assert_eq!(wire.seen().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_local_user_logs_in_to_a_workspace_with_the_session_of_the_control_plane() {
    let workspace = crate::workspaces::workspace("http://plane.test/ws");
    let wire = Script::new()
        .on(&format!("GET /workspaces/{ID}"), 200, &workspace)
        .on(&format!("DELETE /ws/api/v1/projects/{ID}"), 200, &json!(null))
        .wire();
    let credential = Credential::Password { username: "dana".into(), password: "hunter2".into() };
    let url = "http://plane.test".to_owned();
    let settings = Settings { control_plane: Some(Address { url, credential }), ..Settings::default() };
    let api = client(&settings, &wire).workspace(ID.parse().unwrap()).await.unwrap();
    api.call(&project::DELETE, zenml_api::IdOrName::parse(ID)).await.unwrap();
    let seen = wire.seen();
    assert_eq!(seen[0].body, "username=dana&password=hunter2");
    assert_eq!(
        (seen[2].body.as_ref(), header(&seen[2], "authorization")),
        (&b"grant_type=zenml-external"[..], "Bearer session")
    );
    assert_eq!(header(&seen[3], "authorization"), "Bearer ws");
}
