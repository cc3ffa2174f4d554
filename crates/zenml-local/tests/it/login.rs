//! Credentials and tokens.

use serde_json::{Value, json};

use crate::support::{PASSWORD, World, text};

#[tokio::test]
async fn every_documented_form_of_a_login_returns_a_valid_token() {
    let world = World::start().await;
    let (key, admin) = (world.key(), world.platform.admin().unwrap().clone());
    let (name, password) = (admin.username, admin.password.into_exposed());
    for form in [
        format!("password={key}"),
        format!("grant_type=&username=&password={key}&client_id=&client_secret="),
        format!("grant_type=zenml_api_key&password={key}"),
        format!("username={name}&password={password}"),
        format!("grant_type=password&username={name}&password={password}"),
    ] {
        let answer = world.login(&form.replace('+', "%2B")).await.ok();
        assert_eq!((&answer["expires_in"], &answer["token_type"]), (&json!(3600), &json!("bearer")));
        world.send(Some(&text(&answer["access_token"])), "GET /users/me", Value::Null).await.ok();
    }
}

#[tokio::test]
async fn wrong_credentials_get_the_same_error_and_are_never_repeated() {
    let world = World::start().await;
    for form in [
        "password=ZENPROKEY_hunter2",
        "password=hunter2",
        "username=admin&password=hunter2",
        "username=nobody&password=hunter2",
    ] {
        let answer = world.login(form).await;
        assert!(!answer.body.to_string().contains("hunter2"));
        assert!(answer.refused(401).starts_with("CredentialsNotValid: "), "{form}");
    }
    assert!(world.login("").await.refused(400).starts_with("ValueError: "));
    assert!(world.login("grant_type=magic&password=x").await.refused(400).contains("magic"));
}

#[tokio::test]
async fn tokens_of_a_key_end_with_the_key() {
    let world = World::start().await;
    let accounts = format!("/organizations/{}/service_accounts", world.organization());
    world.admin(&format!("POST {accounts}"), json!({ "username": "robot" })).await.ok();
    assert!(
        world
            .admin(&format!("POST {accounts}"), json!({ "username": "robot" }))
            .await
            .refused(409)
            .contains("username")
    );
    let keys = format!("{accounts}/robot/api_keys");
    let key = world.admin(&format!("POST {keys}"), json!({ "name": "ci" })).await.ok();
    let (id, secret) = (text(&key["id"]), text(&key["key"]));
    assert!(
        world.admin(&format!("POST {keys}"), json!({ "name": "ci" })).await.refused(409).contains("API key")
    );
    let listed = world.admin(&format!("GET {keys}"), Value::Null).await.ok();
    assert_eq!((&listed[0]["name"], listed[0].get("key")), (&json!("ci"), None));

    let session = text(&world.login(&format!("password={secret}")).await.ok()["access_token"]);
    let script = world.send(Some(&session), "GET /auth/api_token", Value::Null).await.ok();
    for credential in [&secret, &session, &text(&script)] {
        let me = world.send(Some(credential), "GET /users/me", Value::Null).await.ok();
        assert_eq!((&me["username"], &me["is_service_account"]), (&json!("robot"), &json!(true)));
    }
    world.admin(&format!("DELETE {keys}/{id}"), Value::Null).await.ok();
    for credential in [&secret, &session, &text(&script)] {
        world.send(Some(credential), "GET /users/me", Value::Null).await.refused(401);
    }
}

#[tokio::test]
async fn a_deactivated_account_loses_access_immediately() {
    let world = World::start().await;
    let person = world.member("ada@example.org", "Organization Member").await;
    let superuser = world.superuser().await;
    let call = format!("PATCH /users/{}", person.id);
    world.send(Some(&superuser), &call, json!({ "is_active": false })).await.ok();
    world.send(Some(&person.token), "GET /users/me", Value::Null).await.refused(401);
    let form = format!("username=ada@example.org&password={}", PASSWORD.replace(' ', "+"));
    world.login(&form).await.refused(401);
}

#[tokio::test]
async fn a_token_of_another_kind_is_rejected_with_a_reason() {
    let world = World::start().await;
    world.send(Some("nonsense"), "GET /users/me", Value::Null).await.refused(401);
    world.send(None, "GET /users/me", Value::Null).await.refused(401);
    // Routes of workspace servers are closed to people.
    let refusal = world.admin("PATCH /workspace_status", Value::Null).await.refused(403);
    assert!(refusal.starts_with("IllegalOperationError: "), "{refusal}");
}
