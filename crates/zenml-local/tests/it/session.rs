//! Tokens end with what they come from.

use serde_json::{Value, json};

use crate::support::{PASSWORD, World, text};

/// The tokens of one user and of one service account, by how they were created.
struct Tokens {
    person: String,
    key: String,
    workspace: String,
    all: Vec<(&'static str, String, &'static str)>,
}

const KINDS: [&str; 7] = [
    "password session",
    "script token of it",
    "workspace session of it",
    "workspace session of the script token",
    "key session",
    "script token of the key",
    "workspace session of the key",
];

/// An event, and which of [`KINDS`] are valid afterwards.
type Row = (&'static str, [bool; 7]);

const ROWS: [Row; 18] = [
    ("nothing", [true; 7]),
    ("an administrator sets a new password", [false, false, false, false, true, true, true]),
    ("the person sets a new password", [false, false, false, false, true, true, true]),
    ("the session is logged out", [false, false, false, false, true, true, true]),
    ("the script token is logged out", [false, false, false, false, true, true, true]),
    ("another session is logged out", [true; 7]),
    ("the person is deactivated", [false, false, false, false, true, true, true]),
    ("the person is deactivated and comes back", [false, false, false, false, true, true, true]),
    ("the person is deleted", [false, false, false, false, true, true, true]),
    ("the person leaves the organization", [true, true, false, false, true, true, true]),
    ("the key is deleted", [true, true, true, true, false, false, false]),
    ("the key is deactivated", [true, true, true, true, false, false, false]),
    ("the key is rotated", [true, true, true, true, false, false, false]),
    ("the key is rotated, and its old secret is retained", [true; 7]),
    ("the service account is deactivated", [true, true, true, true, false, false, false]),
    ("the service account is deactivated and comes back", [true, true, true, true, false, false, false]),
    ("the service account is deleted", [true, true, true, true, false, false, false]),
    ("the workspace is deactivated", [true, true, false, false, true, true, false]),
];

#[tokio::test]
async fn a_token_is_valid_only_while_its_root_is() {
    for (event, expected) in ROWS {
        let world = World::start().await;
        let tokens = tokens(&world).await;
        happen(&world, &tokens, event).await;
        for ((kind, token, call), expected) in tokens.all.iter().zip(expected) {
            let answer = world.send(Some(token), &call.replace("{w}", &tokens.workspace), Value::Null).await;
            let good = answer.status.is_success();
            assert_eq!(good, expected, "{kind} after: {event}: {} {}", answer.status, answer.body);
            let refusal = if event.contains("workspace") { 503 } else { 401 };
            assert!(good || answer.status == refusal, "{kind} after: {event}: {}", answer.status);
        }
    }
}

async fn tokens(world: &World) -> Tokens {
    let workspace = world.workspace("space").await;
    let person = world.member("ada@example.org", "Organization Admin").await;
    let accounts = format!("/organizations/{}/service_accounts", world.organization());
    let robot = world.admin(&format!("POST {accounts}"), json!({ "username": "robot" })).await.ok();
    let role = world.role("organization", "Organization Admin").await;
    let grant = format!("POST /roles/{role}/assignments?user_id={}", text(&robot["id"]));
    world.admin(&grant, Value::Null).await.ok();
    let key = world.admin(&format!("POST {accounts}/robot/api_keys"), json!({ "name": "ci" })).await.ok();
    let secret = text(&key["key"]);
    let key_session = text(&world.login(&format!("password={secret}")).await.ok()["access_token"]);
    let script =
        async |token: &str| text(&world.send(Some(token), "GET /auth/api_token", Value::Null).await.ok());
    let enter = async |token: &str| {
        let call = format!("POST /w/{workspace}/api/v1/login");
        text(&world.send(Some(token), &call, Value::Null).await.ok()["access_token"])
    };
    let (control, inside) = ("GET /users/me", "GET /w/{w}/api/v1/current-user");
    let script_token = script(&person.token).await;
    let all = vec![
        person.token.clone(),
        script_token.clone(),
        enter(&person.token).await,
        enter(&script_token).await,
        key_session,
        script(&secret).await,
        enter(&secret).await,
    ];
    let calls = [control, control, inside, inside, control, control, inside];
    let all = KINDS.into_iter().zip(all).zip(calls).map(|((kind, token), call)| (kind, token, call));
    Tokens { person: person.id, key: text(&key["id"]), workspace: workspace.clone(), all: all.collect() }
}

async fn happen(world: &World, tokens: &Tokens, event: &str) {
    let (person, organization) = (&tokens.person, world.organization());
    let accounts = format!("/organizations/{organization}/service_accounts");
    let (call, body) = match event {
        "nothing" => return,
        "an administrator sets a new password" => {
            (format!("PATCH /users/{person}"), json!({ "password": "new" }))
        }
        "the person sets a new password" => {
            let change = json!({ "password": "new", "old_password": PASSWORD });
            world.send(Some(&tokens.all[0].1), "PATCH /users/me", change).await.ok();
            return;
        }
        "the session is logged out" | "the script token is logged out" | "another session is logged out" => {
            let token = match event {
                "the session is logged out" => tokens.all[0].1.clone(),
                "the script token is logged out" => tokens.all[1].1.clone(),
                _ => world.session("ada@example.org", PASSWORD).await,
            };
            world.send(Some(&token), "POST /auth/logout", Value::Null).await.ok();
            return;
        }
        "the person is deactivated" => (format!("PATCH /users/{person}"), json!({ "is_active": false })),
        "the person is deactivated and comes back" | "the service account is deactivated and comes back" => {
            let superuser = world.superuser().await;
            let call = if event.starts_with("the person") {
                format!("PATCH /users/{person}")
            } else {
                format!("PATCH {accounts}/robot")
            };
            world.send(Some(&superuser), &call, json!({ "is_active": false })).await.ok();
            (call, json!({ "is_active": true }))
        }
        "the person is deleted" => (format!("DELETE /users/{person}"), Value::Null),
        "the person leaves the organization" => {
            (format!("DELETE /organizations/{organization}/members?user_id={person}"), Value::Null)
        }
        "the key is deleted" => (format!("DELETE {accounts}/robot/api_keys/{}", tokens.key), Value::Null),
        "the key is deactivated" => {
            (format!("PATCH {accounts}/robot/api_keys/{}", tokens.key), json!({ "active": false }))
        }
        "the key is rotated" => (format!("PUT {accounts}/robot/api_keys/{}/rotate", tokens.key), json!({})),
        "the key is rotated, and its old secret is retained" => (
            format!("PUT {accounts}/robot/api_keys/{}/rotate", tokens.key),
            json!({ "retain_period_minutes": 5 }),
        ),
        "the service account is deactivated" => {
            (format!("PATCH {accounts}/robot"), json!({ "is_active": false }))
        }
        "the service account is deleted" => (format!("DELETE {accounts}/robot"), Value::Null),
        "the workspace is deactivated" => {
            (format!("PATCH /workspaces/{}/deactivate", tokens.workspace), Value::Null)
        }
        other => panic!("{other}"),
    };
    let superuser = world.superuser().await;
    world.send(Some(&superuser), &call, body).await.ok();
}

#[tokio::test]
async fn nothing_renews_itself() {
    let world = World::start().await;
    let person = world.member("ada@example.org", "Organization Member").await;
    let script = world.send(Some(&person.token), "GET /auth/api_token", Value::Null).await.ok();
    let again = world.send(Some(&text(&script)), "GET /auth/api_token", Value::Null).await.refused(401);
    assert!(again.starts_with("AuthorizationException: "), "{again}");
    let ends = |token: &str| claims(token)["exp"].as_i64().unwrap();
    assert_eq!(
        ends(&text(&script)),
        ends(&person.token),
        "a token ends with the one that it is created from"
    );

    let workspace = world.workspace("space").await;
    let admin = world.superuser().await;
    let entered = world.send(Some(&admin), &format!("POST /w/{workspace}/api/v1/login"), Value::Null).await;
    assert_eq!(ends(&text(&entered.ok()["access_token"])), ends(&admin));
}

fn claims(token: &str) -> Value {
    use base64::Engine as _;
    let part = token.split('.').nth(1).unwrap();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[tokio::test]
async fn changing_your_own_password_requires_the_old_one_and_administrators_can_reset_others() {
    let world = World::start().await;
    let person = world.member("ada@example.org", "Organization Member").await;
    let admin = world.platform.admin().unwrap().clone();
    let superuser = world.superuser().await;
    let me = world.send(Some(&superuser), "GET /users/me", Value::Null).await.ok();
    let of_admin = format!("PATCH /users/{}", text(&me["id"]));
    for (who, call) in
        [(&person.token, "PATCH /users/me"), (&superuser, "PATCH /users/me"), (&superuser, of_admin.as_str())]
    {
        for old in [Value::Null, json!(""), json!("wrong")] {
            let change = json!({ "password": "new", "old_password": old });
            let refusal = world.send(Some(who), call, change).await.refused(403);
            assert!(refusal.contains("old_password"), "{refusal}");
        }
    }
    let change = json!({ "password": "new", "old_password": admin.password });
    world.send(Some(&superuser), &of_admin, change).await.ok();
    world.send(Some(&superuser), "GET /users/me", Value::Null).await.refused(401);
    let superuser = world.session(&admin.username, "new").await;
    let reset = format!("PATCH /users/{}", person.id);
    world.send(Some(&superuser), &reset, json!({ "password": "newer" })).await.ok();
    world.session("ada@example.org", "newer").await;

    let robot = world.admin("GET /users/me", Value::Null).await.ok();
    let password = json!({ "password": "x", "old_password": "x" });
    assert!(world.admin("PATCH /users/me", password.clone()).await.refused(403).contains("API key"));
    let call = format!("PATCH /users/{}", text(&robot["id"]));
    assert!(world.send(Some(&superuser), &call, password).await.refused(403).contains("API key"));
}
