//! Wrong passwords and keys are throttled, indistinguishable, and recorded.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{PASSWORD, World};

fn form(username: &str, password: &str) -> String {
    format!("username={username}&password={}", password.replace(' ', "+"))
}

#[tokio::test]
async fn an_account_with_too_many_attempts_is_throttled_whether_it_exists_or_not() {
    for username in ["ada@example.org", "nobody@example.org"] {
        let world = World::start().await;
        let superuser = world.superuser().await;
        let create = "POST /users?username=ada@example.org&password=x";
        world.send(Some(&superuser), create, Value::Null).await.ok();
        let mut texts = BTreeSet::new();
        for _ in 0..10 {
            texts.insert(world.login(&form(username, "wrong")).await.refused(401));
        }
        let refused = world.login(&form(username, "wrong")).await;
        assert!((1..=5).contains(&refused.retry_after.unwrap()), "{refused:?}");
        texts.insert(refused.clone().refused(429).split(" Try again").next().unwrap().to_owned());
        assert_eq!(
            texts.into_iter().collect::<Vec<_>>(),
            [
                "CredentialsNotValid: The username or password is invalid, or the account is inactive.",
                "RuntimeError: Too many wrong passwords.",
            ],
            "{username}"
        );
        assert_eq!(refused.body.as_object().unwrap().len(), 1);
        // Other accounts and sessions are not affected.
        world.send(Some(&superuser), "GET /users/me", Value::Null).await.ok();
        world.superuser().await;
    }
}

#[tokio::test]
async fn concurrent_logins_allow_as_many_wrong_passwords_as_sequential_ones() {
    let world = World::start().await;
    let requests = (0..100).map(|_| world.login("username=eve&password=wrong"));
    let statuses = all(requests).await;
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 10, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 90, "{statuses:?}");
}

#[tokio::test]
async fn right_passwords_are_not_counted() {
    let world = World::start().await;
    world.outsider("ada@example.org").await;
    let right = form("ada@example.org", PASSWORD);
    let statuses = all((0..40).map(|_| world.login(&right))).await;
    assert_eq!(statuses, [200; 40]);
}

async fn all<F: Future<Output = crate::support::Answer>>(requests: impl Iterator<Item = F>) -> Vec<u16> {
    let mut requests: Vec<_> = requests.map(Box::pin).collect();
    let mut statuses = Vec::new();
    std::future::poll_fn(|cx| {
        requests.retain_mut(|request| match request.as_mut().poll(cx) {
            std::task::Poll::Ready(answer) => {
                statuses.push(answer.status.as_u16());
                false
            }
            std::task::Poll::Pending => true,
        });
        if requests.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    statuses
}

#[tokio::test]
async fn every_way_to_try_a_password_or_a_key_is_throttled() {
    let id = "00000000-0000-4000-8000-000000000001";
    for (way, most) in [
        ("password", 10),
        ("key", 60),
        ("bearer key", 60),
        ("workspace login with a key", 60),
        ("workspace bearer key", 60),
        ("enrollment key", 60),
        ("old password", 10),
    ] {
        let world = World::start().await;
        let workspace = world.workspace("space").await;
        let person = world.member("ada@example.org", "Organization Member").await;
        let inside = format!("POST /w/{workspace}/api/v1/login");
        let current = format!("GET /w/{workspace}/api/v1/current-user");
        let wrong = "ZENPROKEY_wrong";
        let mut refused = 0;
        let last = loop {
            let answer = match way {
                "password" => world.login("username=admin&password=wrong").await,
                "key" => world.login(&format!("password={wrong}")).await,
                "bearer key" => world.send(Some(wrong), "GET /users/me", Value::Null).await,
                "workspace login with a key" => world.send(Some(wrong), &inside, Value::Null).await,
                "workspace bearer key" => world.send(Some(wrong), &current, Value::Null).await,
                "enrollment key" => {
                    let form = format!("grant_type=client_credentials&client_id={id}&client_secret=x");
                    world.login(&form).await
                }
                _ => {
                    let change = json!({ "password": "new", "old_password": "wrong" });
                    world.send(Some(&person.token), "PATCH /users/me", change).await
                }
            };
            if answer.status == 429 {
                break answer;
            }
            assert!(matches!(answer.status.as_u16(), 401 | 403), "{way}: {}", answer.status);
            refused += 1;
            assert!(refused <= most + 60, "{way}");
        };
        assert!(last.retry_after.is_some(), "{way}");
        // The clock advances while the test runs.
        assert!((most..=most + 10).contains(&refused), "{way}: {refused}");
        // A correct key is always accepted.
        world.admin("GET /users/me", Value::Null).await.ok();
    }
}

#[tokio::test]
async fn logins_and_rejected_logins_are_in_the_audit_trail() {
    let world = World::start().await;
    let person = world.outsider("ada@example.org").await;
    world.login(&form("ada@example.org", "wrong")).await.refused(401);
    world.login("username=hunter2&password=wrong").await.refused(401);
    for _ in 0..20 {
        world.login(&form("ada@example.org", "wrong")).await;
    }
    world.login(&format!("password={}", world.key())).await.ok();
    let trail = world.platform.audit().await.unwrap();
    let rows: Vec<_> = trail
        .iter()
        .filter(|entry| entry.action == "login")
        .map(|entry| {
            let name = entry.object_name.as_deref().unwrap_or("-");
            let detail = entry.detail.as_deref().unwrap_or("-");
            format!("{} {} {} {name}: {detail}", entry.status, entry.actor_name, entry.kind)
        })
        .collect();
    assert_eq!(
        rows,
        [
            "200 admin account admin: with a password",
            "200 ada@example.org account ada@example.org: with a password",
            "401 anonymous account ada@example.org: -",
            "401 anonymous account -: -",
            "429 anonymous account ada@example.org: -",
            "200 platform-admin account platform-admin: with an API key",
        ]
    );
    assert!(trail.iter().any(|entry| entry.object_id.map(|id| id.to_string()) == Some(person.id.clone())));
    assert!(!serde_json::to_string(&trail).unwrap().contains("hunter2"));
}
