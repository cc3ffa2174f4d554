//! Logins of devices, which a person confirms, and what their tokens may not do.

use serde_json::{Value, json};
use zenml_local::{Database, Options};

use crate::process;
use crate::support::{Answer, Person, World, text, texts};

const CLIENT: &str = "11111111-2222-4333-8444-000000000040";
const GRANT: &str = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code";

/// A person with a role in one workspace, and the id of that workspace.
async fn ada(world: &World) -> (Person, String) {
    let ada = world.member("ada@example.org", "Organization Member").await;
    let space = world.workspace("space").await;
    enter(world, &ada, &space).await;
    (ada, space)
}

async fn enter(world: &World, person: &Person, workspace: &str) {
    let role = world.role("workspace", "Workspace Developer").await;
    let call = format!("POST /roles/{role}/assignments?user_id={}&workspace_id={workspace}", person.id);
    world.admin(&call, Value::Null).await.ok();
}

/// The code of an error in the format of OAuth.
#[track_caller]
fn error(answer: &Answer) -> String {
    assert_eq!(answer.status, 400, "{}", answer.body);
    text(&answer.body["error"])
}

/// Logs in a device of a person. Returns its id and its token.
async fn log_in(world: &World, who: &str, device: &Value, more: Value) -> (String, String) {
    verify(world, who, device, more).await.ok();
    let token = poll(world, device).await.ok();
    (text(&token["device_id"]), text(&token["access_token"]))
}

async fn start(world: &World, more: &str) -> Value {
    world.form("/auth/device_authorization", &format!("client_id={CLIENT}{more}")).await.ok()
}

async fn poll(world: &World, device: &Value) -> Answer {
    let code = text(&device["device_code"]);
    world.login(&format!("grant_type={GRANT}&client_id={CLIENT}&device_code={code}")).await
}

async fn verify(world: &World, who: &str, device: &Value, more: Value) -> Answer {
    let mut body = json!({ "user_code": device["user_code"] });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.send(Some(who), "PUT /devices/verify", body).await
}

#[tokio::test]
async fn a_device_logs_in_once_a_person_has_confirmed_its_code() {
    let world = World::start().await;
    let (ada, space) = ada(&world).await;
    let device = start(&world, "").await;
    assert_eq!(error(&poll(&world, &device).await), "authorization_pending");
    assert_eq!(error(&poll(&world, &device).await), "slow_down");
    let shown = format!("GET /devices/{}", text(&device["user_code"]).to_lowercase());
    assert_eq!(world.send(Some(&ada.token), &shown, Value::Null).await.ok()["status"], "pending");

    let chosen = json!({ "device_metadata": { "tenant_id": space } });
    let verified = verify(&world, &ada.token, &device, chosen).await.ok();
    assert_eq!(verified["status"], "verified");
    verify(&world, &ada.token, &device, json!({})).await.refused(404);
    let token = poll(&world, &device).await.ok();
    assert_eq!(
        (token["device_id"].clone(), token["device_metadata"]["tenant_id"].clone()),
        (verified["id"].clone(), json!(space))
    );
    assert!((86_000..=86_400).contains(&token["expires_in"].as_i64().unwrap()), "{token}");
    let me = world.send(Some(&text(&token["access_token"])), "GET /users/me", Value::Null).await.ok();
    assert_eq!(text(&me["id"]), ada.id);
    assert_eq!(error(&poll(&world, &device).await), "invalid_grant");

    // The device can log in again under its id, and a trusted one lives for thirty days.
    let again = start(&world, &format!("&device_id={}", text(&verified["id"]))).await;
    verify(&world, &ada.token, &again, json!({ "trusted_device": true })).await.ok();
    let trusted = poll(&world, &again).await.ok();
    assert_eq!(trusted["device_id"], verified["id"]);
    assert!(trusted["expires_in"].as_i64().unwrap() > 29 * 86_400, "{trusted}");
}

#[tokio::test]
async fn only_a_person_confirms_a_device_and_a_device_confirms_no_other() {
    let world = World::start().await;
    let (ada, _) = ada(&world).await;
    let device = start(&world, "").await;
    verify(&world, &world.key(), &device, json!({})).await.refused(403);
    verify(&world, &ada.token, &json!({ "user_code": "BCDF-GHJK" }), json!({})).await.refused(404);
    verify(&world, &ada.token, &device, json!({})).await.ok();
    let token = text(&poll(&world, &device).await.ok()["access_token"]);
    let other = start(&world, "").await;
    let refusal = verify(&world, &token, &other, json!({})).await.refused(401);
    assert!(refusal.contains("token type device_code is not allowed"), "{refusal}");
    world.form("/auth/device_authorization", "client_id=x").await.refused(422);
}

#[tokio::test]
async fn no_route_of_api_keys_accepts_the_token_of_a_device() {
    let world = World::start().await;
    let ada = world.member("ada@example.org", "Organization Admin").await;
    world.workspace("space").await;
    let device = start(&world, "").await;
    verify(&world, &ada.token, &device, json!({})).await.ok();
    let token = text(&poll(&world, &device).await.ok()["access_token"]);
    let accounts = format!("/organizations/{}/service_accounts", world.organization());
    world.send(Some(&token), &format!("POST {accounts}"), json!({ "username": "robot" })).await.ok();
    let keys = format!("{accounts}/robot/api_keys");
    let key = world.admin(&format!("POST {keys}"), json!({ "name": "ci" })).await.ok();
    let key = format!("{keys}/{}", text(&key["id"]));
    let calls = [
        (format!("GET {keys}"), Value::Null),
        (format!("POST {keys}"), json!({ "name": "more" })),
        (format!("GET {key}"), Value::Null),
        (format!("PATCH {key}"), json!({ "description": "x" })),
        (format!("PUT {key}/rotate"), json!({})),
        (format!("DELETE {key}"), Value::Null),
        ("GET /users/me/api_keys".to_owned(), Value::Null),
        ("POST /users/me/api_keys".to_owned(), json!({ "name": "more" })),
        (format!("DELETE /users/me/api_keys/{}", key.rsplit('/').next().unwrap()), Value::Null),
    ];
    for (call, body) in calls {
        let refusal = world.send(Some(&token), &call, body).await.refused(401);
        assert!(refusal.contains("token type device_code is not allowed"), "{call}: {refusal}");
    }
    // A script token of the same device is accepted, and lives for an hour.
    let script = text(&world.send(Some(&token), "GET /auth/api_token", Value::Null).await.ok());
    world.send(Some(&script), &format!("GET {key}"), Value::Null).await.ok();
}

#[tokio::test]
async fn codes_expire_and_a_device_ends_with_the_password_of_its_person() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("platform.db");
    let database = Database::File(file.clone());
    let world = World::with(Options { database, ..Options::default() }).await;
    let (ada, _) = ada(&world).await;
    let (late, device, early) = (start(&world, "").await, start(&world, "").await, start(&world, "").await);
    for device in [&device, &early] {
        verify(&world, &ada.token, device, json!({})).await.ok();
    }
    let token = text(&poll(&world, &device).await.ok()["access_token"]);
    world.send(Some(&token), "GET /users/me", Value::Null).await.ok();
    let superuser = world.superuser().await;
    let reset = format!("PATCH /users/{}", ada.id);
    world.send(Some(&superuser), &reset, json!({ "password": "new" })).await.ok();
    world.send(Some(&token), "GET /users/me", Value::Null).await.refused(401);
    assert_eq!(error(&poll(&world, &early).await), "access_denied");

    process::sql(&file, "UPDATE device_login SET expires = '2026-01-01T00:00:00'").await;
    verify(&world, &superuser, &late, json!({})).await.refused(404);
    assert_eq!(error(&poll(&world, &late).await), "expired_token");
}

#[tokio::test]
async fn a_login_starts_with_the_address_of_a_page_and_what_the_client_says_about_itself() {
    let world = World::start().await;
    let (ada, space) = ada(&world).await;
    let form = format!("client_id={CLIENT}");
    let agent = ("user-agent", "Host/vm ZenML/0.98.0 Python/3.11.7 OS/Linux");
    let device = world.form_with("/auth/device_authorization", &form, &[agent]).await.ok();
    let page = format!("{}/pages/device", world.platform.url());
    assert_eq!(text(&device["verification_uri"]), page);
    let complete = format!("{page}?user_code={}", text(&device["user_code"]));
    assert_eq!(text(&device["verification_uri_complete"]), complete);
    let (id, token) = log_in(&world, &ada.token, &device, json!({})).await;
    let list = world.send(Some(&token), "GET /devices", Value::Null).await.ok();
    let shown = world.send(Some(&ada.token), &format!("GET /devices/{id}"), Value::Null).await.ok();
    assert_eq!(list[0], shown);
    for (member, expected) in [
        ("id", id.as_str()),
        ("client_id", CLIENT),
        ("user_id", &ada.id),
        ("status", "active"),
        ("hostname", "vm"),
        ("os", "Linux"),
        ("python_version", "3.11.7"),
        ("zenml_version", "0.98.0"),
    ] {
        assert_eq!(shown[member], expected, "{member}");
    }
    assert_eq!(shown["device_metadata"], json!({ "tenant_id": space }));
}

#[tokio::test]
async fn a_confirmed_device_always_names_a_workspace_that_the_person_can_log_in_to() {
    let world = World::start().await;
    let (ada, _) = ada(&world).await;
    let other = world.workspace("other").await;
    let device = start(&world, "").await;
    let with = |id: Value| json!({ "device_metadata": { "tenant_id": id, "note": "x" } });
    for (metadata, status) in [
        (with(json!(other)), 400),
        (with(json!("space")), 400),
        (with(json!(7)), 400),
        (with(json!("00000000-0000-4000-8000-000000000001")), 400),
        (json!({ "device_metadata": [] }), 422),
    ] {
        verify(&world, &ada.token, &device, metadata).await.refused(status);
    }
    enter(&world, &ada, &other).await;
    let refusal = verify(&world, &ada.token, &device, json!({})).await.refused(400);
    assert!(refusal.contains("tenant_id is required"), "{refusal}");
    verify(&world, &ada.token, &device, with(json!(other))).await.ok();
    let metadata = poll(&world, &device).await.ok()["device_metadata"].clone();
    assert_eq!(metadata, json!({ "tenant_id": other, "note": "x" }));
}

#[tokio::test]
async fn a_locked_or_deleted_device_loses_access_at_once_with_all_tokens_that_it_created() {
    let world = World::start().await;
    let (ada, space) = ada(&world).await;
    let (id, token) = log_in(&world, &ada.token, &start(&world, "").await, json!({})).await;
    let script = text(&world.send(Some(&token), "GET /auth/api_token", Value::Null).await.ok());
    let form = "grant_type=zenml-external";
    let bearer = format!("Bearer {token}");
    let login = format!("/w/{space}/api/v1/login");
    let session = world.form_with(&login, form, &[("authorization", &bearer)]).await.ok();
    let session = text(&session["access_token"]);
    let user = format!("GET /w/{space}/api/v1/current-user");
    let tokens = [(&token, "GET /users/me"), (&script, "GET /users/me"), (&session, user.as_str())];
    let device = format!("/devices/{id}");
    let put = format!("PUT {device}");
    // Neither the device nor its script can change it.
    for token in [&token, &script] {
        world.send(Some(token), &put, json!({ "trusted_device": true })).await.refused(401);
    }
    let locked = world.send(Some(&ada.token), &put, json!({ "locked": true })).await.ok();
    assert_eq!(locked["status"], "locked");
    for (token, call) in tokens {
        world.send(Some(token), call, Value::Null).await.refused(401);
    }
    // A login under the id of a locked device is that of another device.
    let again = start(&world, &format!("&device_id={id}")).await;
    let (other, _) = log_in(&world, &ada.token, &again, json!({})).await;
    assert_ne!(other, id);
    let unlocked = world.send(Some(&ada.token), &put, json!({ "locked": false })).await.ok();
    assert_eq!(unlocked["status"], "active");
    for (token, call) in tokens {
        world.send(Some(token), call, Value::Null).await.ok();
    }
    world.send(Some(&ada.token), &format!("DELETE {device}"), Value::Null).await.ok();
    for (token, call) in tokens {
        world.send(Some(token), call, Value::Null).await.refused(401);
    }
    world.send(Some(&ada.token), &format!("DELETE {device}"), Value::Null).await.refused(404);
    world.send(Some(&ada.token), &put, json!({ "locked": false })).await.refused(404);
    let rest = world.send(Some(&ada.token), "GET /devices?limit=1&offset=0", Value::Null).await.ok();
    assert_eq!(texts(&rest, "id"), [other]);
}

#[tokio::test]
async fn a_login_that_nobody_has_confirmed_does_not_change_a_known_device() {
    let world = World::start().await;
    let (ada, space) = ada(&world).await;
    let bob = world.member("bob@example.org", "Organization Member").await;
    enter(&world, &bob, &space).await;
    let (id, token) = log_in(&world, &ada.token, &start(&world, "").await, json!({})).await;
    let me = "GET /users/me";
    // Somebody who knows both ids starts a login, and confirms it for another account.
    let stolen = start(&world, &format!("&device_id={id}")).await;
    world.send(Some(&token), me, Value::Null).await.ok();
    let (other, _) = log_in(&world, &bob.token, &stolen, json!({})).await;
    assert_ne!(other, id);
    world.send(Some(&token), me, Value::Null).await.ok();
    world.send(Some(&bob.token), &format!("GET /devices/{id}"), Value::Null).await.refused(404);
    world.send(Some(&bob.token), &format!("DELETE /devices/{id}"), Value::Null).await.refused(404);
    // The person's own login replaces the earlier one, but not before the device has its token.
    let again = start(&world, &format!("&device_id={id}")).await;
    verify(&world, &ada.token, &again, json!({ "trusted_device": true })).await.ok();
    world.send(Some(&token), me, Value::Null).await.ok();
    let new = poll(&world, &again).await.ok();
    assert_eq!(text(&new["device_id"]), id);
    world.send(Some(&token), me, Value::Null).await.refused(401);
    world.send(Some(&text(&new["access_token"])), me, Value::Null).await.ok();
    // Without trust, it ends after a day.
    let put = format!("PUT /devices/{id}");
    let before = world.send(Some(&ada.token), &format!("GET /devices/{id}"), Value::Null).await.ok();
    let after = world.send(Some(&ada.token), &put, json!({ "trusted_device": false })).await.ok();
    assert_eq!(after["trusted_device"], false);
    assert!(text(&after["expires"]) < text(&before["expires"]), "{before} {after}");
}

#[tokio::test]
async fn attempts_at_user_codes_and_started_logins_are_limited() {
    let world = World::start().await;
    let (ada, _) = ada(&world).await;
    let device = start(&world, "").await;
    let wrong = json!({ "user_code": "BCDF-GHJK" });
    for _ in 0..10 {
        verify(&world, &ada.token, &wrong, json!({})).await.refused(404);
    }
    // Even the right code is rejected now.
    let rejected = verify(&world, &ada.token, &device, json!({})).await;
    assert_eq!((rejected.status.as_u16(), rejected.retry_after.is_some()), (429, true));
    let shown = format!("GET /devices/{}", text(&device["user_code"]));
    world.send(Some(&ada.token), &shown, Value::Null).await.refused(429);
    // Another person is not affected.
    let superuser = world.superuser().await;
    world.send(Some(&superuser), &shown, Value::Null).await.ok();
    for _ in 0..59 {
        start(&world, "").await;
    }
    world.form("/auth/device_authorization", &format!("client_id={CLIENT}")).await.refused(429);
}
