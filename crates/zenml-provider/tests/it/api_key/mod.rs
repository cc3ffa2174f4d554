//! `zenml_api_key`: its life, its rotation, and what happens to it outside of Terraform.

mod action;
mod outside;
mod place;
mod refused;
mod successor;
mod unknown;

use std::time::Duration;

use serde_json::{Value as Json, json};
use tfkit::engine::ImportBy;
use tfkit_test::Action;
use tokio::task::JoinSet;
use zenml_api::IdOrName;
use zenml_api::control::service_account::{self as api, ApiKeyCreate, ApiKeyQuery};

use self::place::{K, Place, works};
use crate::world::under_each_host;

#[tokio::test]
async fn a_key_is_in_the_state_works_and_is_changed_in_place() {
    let mut place = Place::start().await;
    place.apply(&json!({})).await;
    let (id, key) = (place.id(), place.key());
    assert!(place.works(&key).await);
    assert!(place.state().attribute("expires_at").is_null());
    let changed = place.apply(&json!({ "name": "deploy", "description": "d" })).await;
    assert_eq!((changed.action, place.id(), place.key()), (Action::Update, id, key.clone()));
    assert_eq!(place.names().await, ["deploy"]);
    for active in [false, true] {
        place.apply(&json!({ "active": active })).await;
        assert_eq!(place.works(&key).await, active);
        assert_eq!(place.key(), key);
    }
    place.harness.destroy(K).await.unwrap();
    assert!(!place.works(&key).await);
    assert!(place.names().await.is_empty());
    place.world.stop().await;
}

#[tokio::test]
async fn a_lifetime_is_the_same_in_any_spelling_and_another_one_replaces_the_key() {
    let mut place = Place::start().await;
    place.apply(&json!({ "expires_in": "720h" })).await;
    let expires_at: jiff::Timestamp = place.text("expires_at").parse().expect("it has an offset");
    assert!(expires_at > jiff::Timestamp::now());
    assert_eq!(place.plan(&json!({ "expires_in": "43200m" })).await.action, Action::NoOp);
    for other in [json!({ "expires_in": "24h" }), json!({})] {
        assert_eq!(place.plan(&other).await.action, Action::Replace);
    }
    place.world.stop().await;
}

#[tokio::test]
async fn new_keepers_replace_the_key() {
    let mut place = Place::start().await;
    place.apply(&json!({ "keepers": { "month": "2026-11" } })).await;
    let (id, key) = (place.id(), place.key());
    assert_eq!(place.apply(&json!({ "keepers": { "month": "2026-12" } })).await.action, Action::Replace);
    assert_ne!(place.id(), id);
    assert!(place.works(&place.key()).await && !place.works(&key).await);
    assert_eq!(place.names().await, ["ci"]);
    place.world.stop().await;
}

#[tokio::test]
async fn empty_keepers_are_no_keepers() {
    let mut place = Place::start().await;
    for (before, after) in [(json!({}), json!({ "keepers": {} })), (json!({ "keepers": {} }), json!({}))] {
        for more in [json!({}), json!({ "retain": "1h" })] {
            let config = |keepers: &Json| {
                let mut config = keepers.clone();
                config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
                config
            };
            place.apply(&config(&before)).await;
            let key = place.key();
            assert_ne!(place.apply(&config(&after)).await.action, Action::Replace, "{before} {after}");
            assert_eq!(place.key(), key, "{before} {after}");
            place.harness.destroy(K).await.unwrap();
        }
    }
    place.world.stop().await;
}

#[tokio::test]
async fn with_retain_new_keepers_rotate_the_key_and_the_old_one_lives_on() {
    let mut place = Place::start().await;
    let config = |month: &str| json!({ "keepers": { "month": month }, "retain": "1h", "expires_in": "720h" });
    place.apply(&config("2026-11")).await;
    let (id, key, expires_at) = (place.id(), place.key(), place.text("expires_at"));
    let planned = place.plan(&config("2026-12")).await;
    assert_eq!(planned.action, Action::Update);
    assert_eq!(planned.changes(), ["expires_at", "keepers", "key", "last_rotated", "ready_for_renewal"]);
    place.apply(&config("2026-12")).await;
    assert_eq!(place.id(), id);
    assert_ne!(place.text("expires_at"), expires_at, "its lifetime starts again");
    assert!(place.works(&place.key()).await && place.works(&key).await);
    assert_ne!(place.key(), key);
    // A change of the times alone rotates nothing.
    let times = json!({ "keepers": { "month": "2026-12" }, "retain": "2h", "expires_in": "720h" });
    assert_eq!(place.plan(&times).await.changes(), ["retain"]);
    place.world.stop().await;
}

#[tokio::test]
async fn an_imported_key_has_no_change_until_its_keepers_change() {
    let mut place = Place::start().await;
    let new = ApiKeyCreate { name: "ci".to_owned(), expires_in_minutes: Some(60), ..ApiKeyCreate::default() };
    let existing = place.control().send(&api::CREATE_API_KEY, place.path(), (), new).await.unwrap();
    let (organization, account) = (place.world.organization(), place.account);
    for id in [
        format!("{account}/{}", existing.id),
        format!("{organization}/{account}/{}", existing.id),
        "robot/ci".to_owned(),
        format!("{organization}/robot/ci"),
        format!("{account}/ci"),
    ] {
        place.harness.import(K, ImportBy::Id(id.clone())).await.unwrap();
        assert_eq!(place.plan(&json!({})).await.action, Action::NoOp, "{id}");
        assert!(place.state().attribute("key").is_null(), "{id}");
        place.harness.forget(K);
    }
    place.harness.import(K, ImportBy::Id("robot/ci".to_owned())).await.unwrap();
    let secret = existing.key.unwrap();
    let all = |month: &str| json!({ "expires_in": "720h", "keepers": { "month": month }, "retain": "1h", "renew_before": "30m" });
    let applied = place.apply(&all("1")).await;
    assert_eq!((applied.action, place.id()), (Action::Update, existing.id));
    assert!(place.works(secret.expose()).await, "the apply after an import only fills the state");
    assert_eq!(place.apply(&all("2")).await.action, Action::Update);
    assert!(place.works(&place.key()).await && place.works(secret.expose()).await);

    for (id, summary) in [
        ("ci", "Invalid import id \"ci\""),
        ("a/b/c/d", "Invalid import id \"a/b/c/d\""),
        ("robot/", "Invalid import id \"robot/\""),
        ("nobody/ci", "There is no service account \"nobody\""),
        ("robot/other", "There is no API key \"other\""),
        ("elsewhere/robot/ci", "There is no organization \"elsewhere\""),
    ] {
        let failure = place.harness.import("zenml_api_key.i", ImportBy::Id(id.to_owned())).await.unwrap_err();
        assert_eq!(failure.summaries(), [summary]);
    }
    place.world.stop().await;
}

/// A client that logs in all the time, with the key of the state.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_uses_the_key_all_the_time_sees_no_failure_during_a_rotation() {
    let mut place = Place::start().await;
    let config = |month: u32| json!({ "keepers": { "month": month.to_string() }, "retain": "1h" });
    place.apply(&config(0)).await;
    let url = place.world.platform.url().to_owned();
    let (send, receive) = tokio::sync::watch::channel(Some(place.key()));
    let mut clients = JoinSet::new();
    clients.spawn(async move {
        let mut used = 0_u32;
        loop {
            let key = receive.borrow().clone();
            let Some(key) = key else { return used };
            assert!(works(&url, &key).await, "after {used} uses");
            used += 1;
        }
    });
    for month in 1..=3 {
        place.apply(&config(month)).await;
        // The client gets the new key some time after the rotation.
        tokio::time::sleep(Duration::from_millis(50)).await;
        send.send(Some(place.key())).unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    send.send(None).unwrap();
    let used = clients.join_next().await.unwrap().unwrap();
    assert!(used > 5, "{used} uses");
    place.world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_passes_its_life_cycle_under_real_hosts_and_is_shown_nowhere() {
    under_each_host(async |world, host| {
        let host = host.traced();
        let before = world.platform.census().await.unwrap();
        let main = |month: &str, more: &str| {
            format!(
                "resource \"zenml_service_account\" \"a\" {{\n  name = \"robot\"\n}}\n\n\
                 resource \"zenml_api_key\" \"k\" {{\n  service_account_id = zenml_service_account.a.id\n  \
                 name = \"ci\"\n  expires_in = \"720h\"\n  keepers = {{ month = \"{month}\" }}\n{more}}}\n\n\
                 output \"key\" {{\n  value = zenml_api_key.k.key\n  sensitive = true\n}}\n"
            )
        };
        // `terraform show` would print the key.
        let key = || {
            let state = std::fs::read(host.work().join("terraform.tfstate")).unwrap();
            let state: Json = serde_json::from_slice(&state).unwrap();
            let resources = state["resources"].as_array().unwrap();
            let found = resources.iter().find(|resource| resource["type"] == "zenml_api_key").unwrap();
            found["instances"][0]["attributes"]["key"].as_str().unwrap().to_owned()
        };
        let apply = async |month: &str, more: &str| {
            host.write("main.tf", &main(month, more)).unwrap();
            let output = host.run(&["apply", "-auto-approve", "-no-color"]).await.unwrap();
            host.run(&["plan", "-detailed-exitcode"]).await.unwrap();
            (key(), output.stdout)
        };
        let first = "  lifecycle {\n    create_before_destroy = true\n  }\n";
        let (one, _) = apply("1", first).await;
        let (two, replaced) = apply("2", first).await;
        assert!(replaced.contains("+/- resource \"zenml_api_key\" \"k\""), "{replaced}");
        let of = (world.organization(), IdOrName::Name("robot".to_owned()));
        let all = world.control().list_all(&api::API_KEYS, of, ApiKeyQuery::default()).await.unwrap();
        assert_eq!(all.into_iter().map(|key| key.name).collect::<Vec<_>>(), ["ci"]);

        let (three, rotated) = apply("3", "  retain = \"1h\"\n").await;
        assert!(rotated.contains("  ~ resource \"zenml_api_key\" \"k\""), "{rotated}");
        let url = world.platform.url();
        assert!(!works(url, &one).await && works(url, &two).await && works(url, &three).await);
        host.run(&["destroy", "-auto-approve"]).await.unwrap();
        assert_eq!(world.platform.census().await.unwrap(), before);
        let (shown, logged) = (host.transcript(), host.logs().unwrap());
        assert!(logged.contains("zenml_api_key"), "the scenario must be logged");
        for key in [one, two, three] {
            let lines: Vec<&str> = logged.lines().filter(|line| line.contains(&key)).collect();
            assert!(lines.is_empty(), "a key is logged: {lines:#?}");
            assert!(!shown.contains(&key), "a key is printed: {shown}");
        }
        world.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replacement_that_is_interrupted_before_the_deletion_is_finished_by_the_next_run() {
    under_each_host(async |world, host| {
        let main = |month: &str| {
            format!(
                "resource \"zenml_service_account\" \"a\" {{\n  name = \"robot\"\n}}\n\n\
                 resource \"zenml_api_key\" \"k\" {{\n  service_account_id = zenml_service_account.a.id\n  \
                 name = \"ci\"\n  keepers = {{ month = \"{month}\" }}\n  \
                 lifecycle {{\n    create_before_destroy = true\n  }}\n}}\n"
            )
        };
        let names = async || {
            let of = (world.organization(), IdOrName::Name("robot".to_owned()));
            let all = world.control().list_all(&api::API_KEYS, of, ApiKeyQuery::default()).await.unwrap();
            all.into_iter().map(|key| key.name).collect::<Vec<_>>()
        };
        let apply = ["apply", "-auto-approve"];
        host.write("main.tf", &main("1")).unwrap();
        host.run(&apply).await.unwrap();
        host.write("main.tf", &main("2")).unwrap();
        let refused = json!({ "status": 403, "body": { "detail": "not today" } });
        world.inject(json!({ "rules": [{ "method": "DELETE", "effect": refused }] }));
        host.run(&apply).await.unwrap_err();
        assert_eq!(names().await.len(), 2);
        world.inject(json!({}));
        host.run(&apply).await.unwrap();
        assert_eq!(names().await, ["ci"]);
        host.run(&["plan", "-detailed-exitcode"]).await.unwrap();
        world.stop().await;
    })
    .await;
}
