//! Logins of devices, which a person confirms, and what their tokens may not do.

use serde_json::{Value, json};
use zenml_local::{Database, Options};

use crate::process;
use crate::support::{Answer, World, text};

const CLIENT: &str = "11111111-2222-4333-8444-000000000040";
const GRANT: &str = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code";

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
    let ada = world.member("ada@example.org", "Organization Member").await;
    let device = start(&world, "").await;
    let waits = poll(&world, &device).await;
    assert_eq!(
        (waits.status.as_u16(), text(&waits.body["error"])),
        (400, "authorization_pending".to_owned())
    );
    let shown = format!("GET /devices/{}", text(&device["user_code"]).to_lowercase());
    assert_eq!(world.send(Some(&ada.token), &shown, Value::Null).await.ok()["status"], "pending");

    let chosen = json!({ "device_metadata": { "tenant_id": "x" } });
    let verified = verify(&world, &ada.token, &device, chosen).await.ok();
    assert_eq!(verified["status"], "verified");
    verify(&world, &ada.token, &device, json!({})).await.refused(404);
    let token = poll(&world, &device).await.ok();
    assert_eq!(
        (token["device_id"].clone(), token["device_metadata"]["tenant_id"].clone()),
        (verified["id"].clone(), json!("x"))
    );
    assert!((86_000..=86_400).contains(&token["expires_in"].as_i64().unwrap()), "{token}");
    let me = world.send(Some(&text(&token["access_token"])), "GET /users/me", Value::Null).await.ok();
    assert_eq!(text(&me["id"]), ada.id);
    let used = poll(&world, &device).await;
    assert_eq!((used.status.as_u16(), text(&used.body["error"])), (400, "invalid_grant".to_owned()));

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
    let ada = world.member("ada@example.org", "Organization Member").await;
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
    let ada = world.member("ada@example.org", "Organization Member").await;
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
    poll(&world, &early).await.refused(401);

    process::sql(&file, "UPDATE device SET expires = '2026-01-01T00:00:00'").await;
    verify(&world, &superuser, &late, json!({})).await.refused(404);
    let expired = poll(&world, &late).await;
    assert_eq!((expired.status.as_u16(), text(&expired.body["error"])), (400, "expired_token".to_owned()));
}
