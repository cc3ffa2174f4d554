//! Service accounts and API keys over their whole life: change, deactivate, rotate, expire, delete.

use serde_json::{Value, json};
use zenml_local::{Assumption, Database, Options};

use crate::process;
use crate::support::{Answer, World, text};

/// A service account with one key.
struct Robot {
    world: World,
    account: String,
    key: String,
    secret: String,
}

impl Robot {
    async fn new() -> Self {
        Self::on(World::start().await, json!({ "name": "ci" })).await
    }

    async fn on(world: World, key: Value) -> Self {
        let accounts = format!("/organizations/{}/service_accounts", world.organization());
        world.admin(&format!("POST {accounts}"), json!({ "username": "robot" })).await.ok();
        let account = format!("{accounts}/robot");
        let key = world.admin(&format!("POST {account}/api_keys"), key).await.ok();
        Self { world, account, key: text(&key["id"]), secret: text(&key["key"]) }
    }

    async fn account(&self, method: &str, body: Value) -> Answer {
        self.world.admin(&format!("{method} {}", self.account), body).await
    }

    async fn keys(&self, method: &str, body: Value) -> Answer {
        self.world.admin(&format!("{method} {}/api_keys", self.account), body).await
    }

    async fn key(&self, call: &str, body: Value) -> Answer {
        let (method, rest) = call.split_once(' ').unwrap_or((call, ""));
        self.world.admin(&format!("{method} {}/api_keys/{}{rest}", self.account, self.key), body).await
    }

    async fn rotate(&self, minutes: i64) -> Value {
        self.key("PUT /rotate", json!({ "retain_period_minutes": minutes })).await.ok()
    }

    /// Whether a secret works as a bearer, at a login, and in the session of that login.
    async fn works(&self, secret: &str) -> bool {
        let bearer = self.world.send(Some(secret), "GET /users/me", Value::Null).await;
        let login = self.world.login(&format!("password={secret}")).await;
        assert_eq!(bearer.status, login.status, "both ways to use a key agree");
        if login.status.is_success() {
            let session = text(&login.body["access_token"]);
            self.world.send(Some(&session), "GET /users/me", Value::Null).await.ok();
        } else {
            login.refused(401);
        }
        bearer.status.is_success()
    }
}

#[tokio::test]
async fn a_service_account_can_be_described_and_named_again() {
    let robot = Robot::new().await;
    let change = json!({ "name": "Robot", "description": "Runs the pipelines." });
    let changed = robot.account("PATCH", change).await.ok();
    assert_eq!(
        (text(&changed["name"]), text(&changed["username"])),
        ("Robot".to_owned(), "robot".to_owned())
    );
    let cleared = robot.account("PATCH", json!({ "description": null })).await.ok();
    assert_eq!((text(&cleared["name"]), cleared["description"].clone()), ("Robot".to_owned(), Value::Null));
    assert_eq!(robot.account("GET", Value::Null).await.ok(), cleared);
    assert_ne!(changed["updated"], changed["created"]);
    let accounts = format!("POST {}", robot.account.trim_end_matches("/robot"));
    for name in [String::new(), "x".repeat(51)] {
        robot.account("PATCH", json!({ "name": name })).await.refused(422);
        robot.world.admin(&accounts, json!({ "username": "second", "name": name })).await.refused(422);
    }
    robot.account("PATCH", json!({ "name": "x".repeat(50) })).await.ok();
}

#[tokio::test]
async fn a_deactivated_service_account_cannot_log_in_until_it_is_active_again() {
    let robot = Robot::new().await;
    assert!(robot.works(&robot.secret).await);
    robot.account("PATCH", json!({ "is_active": false })).await.ok();
    assert!(!robot.works(&robot.secret).await);
    assert_eq!(robot.key("GET", Value::Null).await.ok()["active"], true, "the key itself does not change");
    robot.account("PATCH", json!({ "is_active": true })).await.ok();
    assert!(robot.works(&robot.secret).await);
}

#[tokio::test]
async fn a_key_can_be_renamed_described_and_deactivated() {
    let robot = Robot::new().await;
    let renamed = robot.key("PATCH", json!({ "name": "deploy", "description": "d" })).await.ok();
    assert_eq!(
        (text(&renamed["name"]), text(&renamed["description"])),
        ("deploy".to_owned(), "d".to_owned())
    );
    assert_eq!(renamed["key"], Value::Null, "only the responses to creation and rotation contain the key");
    assert!(robot.works(&robot.secret).await);
    assert_eq!(robot.key("PATCH", json!({ "active": false })).await.ok()["active"], false);
    assert!(!robot.works(&robot.secret).await);
    robot.key("PATCH", json!({ "active": true })).await.ok();
    assert!(robot.works(&robot.secret).await);
}

#[tokio::test]
async fn key_names_are_unique_per_account() {
    let robot = Robot::new().await;
    let taken = "EntityExistsError: This account already has an API key with this name.";
    assert_eq!(robot.keys("POST", json!({ "name": "ci" })).await.refused(409), taken);
    robot.keys("POST", json!({ "name": "other" })).await.ok();
    assert_eq!(robot.key("PATCH", json!({ "name": "other" })).await.refused(409), taken);
    let accounts = robot.account.trim_end_matches("/robot");
    robot.world.admin(&format!("POST {accounts}"), json!({ "username": "second" })).await.ok();
    robot.world.admin(&format!("POST {accounts}/second/api_keys"), json!({ "name": "ci" })).await.ok();
}

#[tokio::test]
async fn a_rotated_key_has_a_new_secret_and_the_old_one_ends_at_once() {
    let robot = Robot::new().await;
    let rotated = robot.rotate(0).await;
    assert_eq!(text(&rotated["id"]), robot.key, "a rotated key keeps its id");
    assert_eq!(text(&rotated["name"]), "ci");
    assert_ne!(rotated["last_rotated"], Value::Null);
    assert!(robot.works(&text(&rotated["key"])).await);
    assert!(!robot.works(&robot.secret).await);
}

#[tokio::test]
async fn a_retained_secret_works_beside_the_new_one_until_the_next_rotation() {
    let robot = Robot::new().await;
    let second = text(&robot.rotate(60).await["key"]);
    assert!(robot.works(&robot.secret).await && robot.works(&second).await);
    let third = text(&robot.rotate(60).await["key"]);
    assert!(!robot.works(&robot.secret).await, "only the last secret is retained");
    assert!(robot.works(&second).await && robot.works(&third).await);
    robot.key("PATCH", json!({ "active": false })).await.ok();
    assert!(!robot.works(&second).await && !robot.works(&third).await, "a deactivated key is deactivated");
    for minutes in [-1, i64::MAX] {
        robot.key("PUT /rotate", json!({ "retain_period_minutes": minutes })).await.refused(422);
    }
}

#[tokio::test]
async fn keys_and_retained_secrets_end_with_their_time() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("platform.db");
    let database = Database::File(file.clone());
    let world = World::with(Options { database, ..Options::default() }).await;
    let robot = Robot::on(world, json!({ "name": "ci", "expires_in_minutes": 60 })).await;
    let first = robot.key("GET", Value::Null).await.ok();
    assert_ne!(first["expires_at"], Value::Null);
    let session = text(&robot.world.login(&format!("password={}", robot.secret)).await.ok()["access_token"]);

    process::sql(&file, "UPDATE api_key SET expires = '2026-01-01T00:00:00' WHERE name = 'ci'").await;
    assert!(!robot.works(&robot.secret).await);
    robot.world.send(Some(&session), "GET /users/me", Value::Null).await.refused(401);

    let made = "created = '2025-12-31T23:00:00', expires = '2026-01-01T00:00:00'";
    process::sql(&file, &format!("UPDATE api_key SET {made} WHERE name = 'ci'")).await;
    let second = robot.rotate(60).await;
    assert!(text(&second["expires_at"]) > text(&second["last_rotated"]), "its lifetime starts again");
    assert!(robot.works(&text(&second["key"])).await);
    assert!(!robot.works(&robot.secret).await, "a retained secret never lives longer than before");

    let third = robot.rotate(60).await;
    assert!(robot.works(&text(&second["key"])).await);
    process::sql(&file, "UPDATE api_key SET retained_until = '2026-01-01T00:00:00'").await;
    assert!(!robot.works(&text(&second["key"])).await);
    assert!(robot.works(&text(&third["key"])).await);
}

#[tokio::test]
async fn a_rotation_keeps_the_expiry_if_that_is_assumed() {
    let assumptions = vec![Assumption::RotationKeepsExpiry];
    let world = World::with(Options { assumptions, ..Options::default() }).await;
    let robot = Robot::on(world, json!({ "name": "ci", "expires_in_minutes": 60 })).await;
    let first = robot.key("GET", Value::Null).await.ok();
    let second = robot.rotate(30).await;
    assert_eq!(second["expires_at"], first["expires_at"]);
    assert_ne!(second["last_rotated"], Value::Null);
    assert!(robot.works(&robot.secret).await && robot.works(&text(&second["key"])).await);
}

#[tokio::test]
async fn an_admin_whose_keys_have_expired_does_not_count_as_another_admin() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("platform.db");
    let database = Database::File(file.clone());
    let world = World::with(Options { database, ..Options::default() }).await;
    let robot = Robot::on(world, json!({ "name": "ci", "expires_in_minutes": 60 })).await;
    let role = robot.world.role("organization", "Organization Admin").await;
    let id = text(&robot.account("GET", Value::Null).await.ok()["id"]);
    robot.world.admin(&format!("POST /roles/{role}/assignments?user_id={id}"), Value::Null).await.ok();
    let superuser = robot.world.superuser().await;
    let person = text(&robot.world.send(Some(&superuser), "GET /users/me", Value::Null).await.ok()["id"]);
    let first = text(&robot.world.admin("GET /users/me", Value::Null).await.ok()["id"]);
    let resign = |id: &str| format!("DELETE /roles/{role}/assignments?user_id={id}");
    robot.world.admin(&resign(&person), Value::Null).await.ok();

    let expire = |time: &str| format!("UPDATE api_key SET expires = '{time}' WHERE name = 'ci'");
    process::sql(&file, &expire("2026-01-01T00:00:00")).await;
    let refusal = robot.world.admin(&resign(&first), Value::Null).await.refused(403);
    assert!(refusal.contains("The last Organization Admin"), "{refusal}");
    process::sql(&file, &expire("2999-01-01T00:00:00")).await;
    robot.world.admin(&resign(&first), Value::Null).await.ok();
}

#[tokio::test]
async fn a_missing_key_is_not_found() {
    let robot = Robot::new().await;
    robot.key("DELETE", Value::Null).await.ok();
    assert!(!robot.works(&robot.secret).await);
    let missing = format!("KeyError: API key '{}' was not found.", robot.key);
    for (call, body) in [
        ("GET", Value::Null),
        ("PATCH", json!({ "active": false })),
        ("PUT /rotate", json!({})),
        ("DELETE", Value::Null),
    ] {
        assert_eq!(robot.key(call, body).await.refused(404), missing, "{call}");
    }
}

#[tokio::test]
async fn people_have_personal_access_tokens_and_service_accounts_do_not() {
    let world = World::start().await;
    let ada = world.member("ada@example.org", "Organization Member").await;
    let bob = world.member("bob@example.org", "Organization Member").await;
    let keys = "/users/me/api_keys";
    let as_ada = async |call: &str, body| world.send(Some(&ada.token), call, body).await;
    let new = json!({ "name": "laptop", "expires_in_minutes": 60 });
    let key = as_ada(&format!("POST {keys}"), new.clone()).await.ok();
    as_ada(&format!("POST {keys}"), new).await.refused(409);
    let me = world.send(Some(&text(&key["key"])), "GET /users/me", Value::Null).await.ok();
    assert_eq!(text(&me["id"]), ada.id, "it acts as the person");

    let list = as_ada(&format!("GET {keys}"), Value::Null).await.ok();
    assert_eq!((list.as_array().unwrap().len(), list[0]["key"].clone()), (1, Value::Null));
    assert_eq!(list[0]["id"], key["id"]);
    let delete = format!("DELETE {keys}/{}", text(&key["id"]));
    let theirs = world.send(Some(&bob.token), &format!("GET {keys}"), Value::Null).await.ok();
    assert_eq!(theirs, json!([]));
    world.send(Some(&bob.token), &delete, Value::Null).await.refused(404);
    as_ada(&delete, Value::Null).await.ok();
    world.send(Some(&text(&key["key"])), "GET /users/me", Value::Null).await.refused(401);

    for (call, body) in [("GET", Value::Null), ("POST", json!({ "name": "x" }))] {
        world.admin(&format!("{call} {keys}"), body).await.refused(403);
    }
    world.admin(&delete, Value::Null).await.refused(403);
}

#[tokio::test]
async fn each_change_of_a_key_has_its_row_in_the_audit_trail() {
    let robot = Robot::new().await;
    let before = robot.world.platform.audit().await.unwrap().len();
    robot.key("PATCH", json!({ "description": "d" })).await.ok();
    robot.key("PATCH", json!({ "active": false })).await.ok();
    robot.key("PATCH", json!({ "active": true })).await.ok();
    robot.rotate(0).await;
    robot.rotate(5).await;
    robot.key("DELETE", Value::Null).await.ok();
    robot.account("PATCH", json!({ "name": "n" })).await.ok();
    robot.account("PATCH", json!({ "is_active": false })).await.ok();
    robot.account("PATCH", json!({ "is_active": true })).await.ok();
    let trail = robot.world.platform.audit().await.unwrap();
    let lines: Vec<String> = trail[before..]
        .iter()
        .map(|entry| {
            assert_eq!((entry.status, entry.action.as_str()), (200, "update"));
            assert_eq!(entry.object_name.as_deref(), Some("robot"));
            entry.detail.clone().unwrap_or_default()
        })
        .collect();
    assert_eq!(
        lines,
        [
            "changed the API key 'ci'",
            "deactivated the API key 'ci'",
            "activated the API key 'ci'",
            "rotated the API key 'ci'",
            "rotated the API key 'ci'; the old one stays valid for 5 minutes",
            "removed the API key 'ci'",
            "",
            "deactivated the account",
            "activated the account",
        ]
    );
}
