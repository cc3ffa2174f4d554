//! Names that are taken, lost responses, and what is refused.

use std::time::Duration;

use serde_json::{Value as Json, json};
use tfkit::engine::ImportBy;
use tfkit_test::{Action, Harness};
use zenml_api::control::service_account::{self as api, ApiKeyCreate, ApiKeyRotate, ApiKeyUpdate};
use zenml_api::{IdOrName, Patch};

use super::place::{K, KEY, Place, with_key, works};
use crate::lost_answer::once;
use crate::many::counted;
use crate::world::{World, engine};

#[tokio::test]
async fn a_successor_that_is_created_first_gets_the_name_when_the_old_key_is_deleted() {
    let mut place = Place::start().await;
    let new = "zenml_api_key.new";
    place.apply(&json!({})).await;
    let old = place.id().to_string();
    let config = place.config(&json!({ "keepers": { "month": "2" } }));
    let applied = place.harness.apply_unsettled(new, config.clone(), config.clone()).await.unwrap();
    let waiting = format!("ci (after {})", &old[..8]);
    // The old key is as new as the run here.
    assert_eq!(applied.told(), [format!("The new API key is named {waiting:?}")]);
    assert_eq!(place.names().await, ["ci".to_owned(), waiting.clone()]);

    // An interrupted run leaves both. The next plan shows the name, and its apply waits for the deletion.
    let planned = place.harness.plan(new, config.clone()).await.unwrap();
    assert_eq!(planned.changes(), ["name"]);
    let applied = place.harness.apply_unsettled(new, config.clone(), config.clone()).await.unwrap();
    assert_eq!(applied.told(), [""; 0]);
    place.harness.destroy(K).await.unwrap();
    assert_eq!(place.names().await, ["ci"]);
    assert_eq!(place.harness.plan(new, config).await.unwrap().action, Action::NoOp);
    let key = place.harness.state(new).unwrap().attribute("key").as_str().unwrap().to_owned();
    assert!(place.works(&key).await);
    place.world.stop().await;
}

#[tokio::test]
async fn a_name_of_another_key_is_refused() {
    let mut place = Place::start().await;
    place.apply(&json!({})).await;
    let new = ApiKeyCreate { name: "taken".to_owned(), ..ApiKeyCreate::default() };
    let other = place.control().send(&api::CREATE_API_KEY, place.path(), (), new).await.unwrap();
    let config = place.config(&json!({ "name": "taken" }));
    let failure = place.harness.apply(K, config).await.unwrap_err();
    assert_eq!(failure.summaries(), ["API key \"taken\" already exists"]);
    let import = format!("{}/{}/{}", place.world.organization(), place.account, other.id);
    assert!(
        failure.to_string().contains(&format!("terraform import zenml_api_key.NAME {import}")),
        "{failure}"
    );
    place.world.stop().await;
}

#[tokio::test]
async fn a_key_whose_response_is_lost_gets_another_secret() {
    let mut place = Place::start().await;
    place.harness.restart(engine(), once(&place.world)).await.unwrap();
    let lost = |method: &str, route: &str| json!({ "method": method, "route": route, "phase": "after_commit", "effect": "drop" });
    let (create, rotate) = (KEY.trim_end_matches("/{api_key_id}"), format!("{KEY}/rotate"));
    place.world.inject(json!({ "rules": [lost("POST", create)] }));
    place.apply(&json!({})).await;
    assert_eq!(place.names().await, ["ci"]);
    assert!(place.works(&place.key()).await);
    place.world.inject(json!({}));
    place.harness.destroy(K).await.unwrap();

    // Nothing gets through: the key is in the state without its secret, and the next apply replaces it.
    place.world.inject(json!({ "rules": [lost("POST", create), lost("PUT", &rotate)] }));
    let failure = place.harness.apply(K, place.config(&json!({}))).await.unwrap_err();
    assert!(failure.to_string().contains("the response with the key itself was lost"), "{failure}");
    assert!(place.harness.is_tainted(K));
    place.world.inject(json!({}));
    place.apply(&json!({})).await;
    assert_eq!(place.names().await, ["ci"]);
    assert!(place.works(&place.key()).await);
    place.harness.destroy(K).await.unwrap();

    // The response that should contain another secret contains none.
    let body = json!({ "id": place.account.to_string(), "name": "ci" });
    let empty = json!({ "method": "PUT", "route": &rotate, "phase": "after_commit",
        "effect": { "status": 200, "body": body } });
    place.world.inject(json!({ "rules": [lost("POST", create), empty] }));
    let failure = place.harness.apply(K, place.config(&json!({}))).await.unwrap_err();
    assert_eq!(failure.summaries(), ["The response for API key \"ci\" does not contain the key"]);
    assert!(place.harness.is_tainted(K));
    place.world.stop().await;
}

#[tokio::test]
async fn a_rotation_that_fails_after_another_change_is_planned_again() {
    let mut place = Place::start().await;
    let keeper = |month: &str, description: &str| json!({ "keepers": { "month": month }, "retain": "1h", "description": description });
    place.apply(&keeper("1", "a")).await;
    let key = place.key();
    let put = json!({ "method": "PUT", "effect": { "status": 403, "body": { "detail": "not today" } } });
    place.world.inject(json!({ "rules": [put] }));
    let failure = place.harness.apply(K, place.config(&keeper("2", "b"))).await.unwrap_err();
    assert_eq!(failure.summaries(), ["Cannot rotate API key \"ci\": the control plane refused it"]);
    place.world.inject(json!({}));
    assert_eq!((place.key(), place.text("description")), (key.clone(), "b".to_owned()));
    let planned = place.plan(&keeper("2", "b")).await;
    assert!(planned.changes().contains(&"key"), "{:?}", planned.changes());
    place.apply(&keeper("2", "b")).await;
    assert_ne!(place.key(), key);
    assert!(place.works(&place.key()).await && place.works(&key).await);
    place.world.stop().await;
}

#[tokio::test]
async fn a_rotation_whose_response_is_lost_ends_nothing() {
    let mut place = Place::start().await;
    let config = |month: &str| json!({ "keepers": { "month": month }, "retain": "1h" });
    place.apply(&config("1")).await;
    let key = place.key();
    // A client that repeats requests must not repeat this one.
    let put = json!({ "method": "PUT", "nth": 1, "phase": "after_commit", "effect": "drop" });
    place.world.inject(json!({ "rules": [put] }));
    let failure = place.harness.apply(K, place.config(&config("2"))).await.unwrap_err();
    let text = failure.to_string();
    assert!(text.contains("The key in the state stays valid for 1h"), "{text}");
    place.world.inject(json!({}));
    assert_eq!(place.key(), key);
    assert!(place.works(&key).await);
    assert_eq!(place.apply(&config("2")).await.action, Action::Update);
    assert!(place.works(&place.key()).await && !place.works(&key).await);

    let put = json!({ "method": "PUT", "effect": { "status": 500, "body": { "detail": "out of order" } } });
    place.world.inject(json!({ "rules": [put] }));
    let failure = place.harness.apply(K, place.config(&config("3"))).await.unwrap_err();
    assert_eq!(failure.summaries(), ["Cannot rotate API key \"ci\": the control plane failed"]);
    assert!(!failure.to_string().contains("may have been rotated"), "{failure}");
    place.world.stop().await;
}

#[tokio::test]
async fn no_message_shows_a_key_that_the_control_plane_repeats() {
    let mut place = Place::start().await;
    place.apply(&json!({})).await;
    let key = place.key();
    for is_restarted in [false, true] {
        if is_restarted {
            let block = place.world.block();
            place.harness.restart(engine(), block).await.unwrap();
            place.harness.refresh(K).await.unwrap();
        }
        let repeated =
            json!({ "status": 500, "body": { "detail": ["RuntimeError", format!("for {key}, {key:?}")] } });
        let rules = ["PATCH", "DELETE"].map(|method| json!({ "method": method, "effect": repeated }));
        place.world.inject(json!({ "rules": rules }));
        let changed = place.config(&json!({ "description": "d" }));
        for failure in [
            place.harness.apply(K, changed).await.map(drop).unwrap_err(),
            place.harness.destroy(K).await.map(drop).unwrap_err(),
        ] {
            let shown = format!("{failure}\n{:?}", failure.errors());
            assert!(shown.contains("(hidden)"), "{is_restarted}: {shown}");
            assert!(!shown.contains(&key), "{is_restarted}: {shown}");
        }
        place.world.inject(json!({}));
    }
    place.world.stop().await;
}

#[tokio::test]
async fn durations_and_names_are_checked_in_the_plan() {
    let place = Place::start().await;
    for (more, attribute, words) in [
        (json!({ "expires_in": "30d" }), "expires_in", "must be a duration with units"),
        (json!({ "expires_in": "0h" }), "expires_in", "must be a duration with units"),
        (json!({ "expires_in": "90s" }), "expires_in", "whole minutes"),
        (json!({ "retain": "soon" }), "retain", "must be a duration with units"),
        (json!({ "renew_before": "-1h" }), "renew_before", "must be a duration with units"),
        (json!({ "expires_in": "24h", "renew_before": "24h" }), "renew_before", "renewed at every plan"),
        (json!({ "name": "" }), "name", "1 to 50"),
        (json!({ "name": "x".repeat(51) }), "name", "1 to 50"),
        (json!({ "service_account_id": "robot" }), "service_account_id", "is a UUID"),
    ] {
        let failure = place.harness.plan(K, place.config(&more)).await.unwrap_err();
        assert_eq!(failure.places()[0].to_string(), attribute, "{failure}");
        assert!(failure.to_string().contains(words), "{more}: {failure}");
    }
    place.world.stop().await;
}

#[tokio::test]
async fn the_key_of_the_provider_itself_is_not_ended() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    harness.import(K, ImportBy::Id("platform-admin/default".to_owned())).await.unwrap();
    let account = harness.state(K).unwrap().attribute("service_account_id").as_str().unwrap().to_owned();
    let config = |more: Json| {
        let mut config = json!({ "service_account_id": account, "name": "default" });
        config["description"] = json!("Made on the first start.");
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        config
    };
    let failure = harness.plan(K, config(json!({ "active": false }))).await.unwrap_err();
    assert_eq!(failure.summaries(), ["Cannot deactivate API key \"default\": the provider itself uses it"]);
    harness.apply(K, config(json!({ "keepers": { "a": "1" } }))).await.unwrap();
    let failure = harness.plan(K, config(json!({ "keepers": { "a": "2" } }))).await.unwrap_err();
    assert_eq!(failure.summaries(), ["Cannot replace API key \"default\": the provider itself uses it"]);
    assert!(failure.to_string().contains("stays valid for that time. Configure the provider"), "{failure}");
    let failure = harness.destroy(K).await.unwrap_err();
    assert_eq!(failure.summaries(), ["Cannot delete API key \"default\": the provider itself uses it"]);
    // A rotation that retains the key is possible: it works for the rest of the run.
    harness.apply(K, config(json!({ "keepers": { "a": "2" }, "retain": "1h" }))).await.unwrap();
    let key = |harness: &Harness| harness.state(K).unwrap().attribute("key").as_str().unwrap().to_owned();
    let new = key(&harness);
    let url = world.platform.url();
    assert!(works(url, &new).await && works(url, world.key()).await);

    // Another rotation would end the key that the provider still uses.
    let again = config(json!({ "keepers": { "a": "3" }, "retain": "1h" }));
    let refused = "Cannot rotate API key \"default\" again: the provider still uses the old key";
    let failure = harness.plan(K, again.clone()).await.unwrap_err();
    assert_eq!(failure.summaries(), [refused]);
    let with = |key: &str| json!({ "control_plane_url": url, "service_account_key": key });
    harness.restart(engine(), with(&new)).await.unwrap();
    harness.apply(K, again.clone()).await.unwrap();
    let newest = key(&harness);
    assert!(works(url, &newest).await && works(url, &new).await);
    harness.restart(engine(), with(&newest)).await.unwrap();
    let id = harness.state(K).unwrap().attribute("id").as_str().unwrap().parse().unwrap();
    let path = (world.organization(), IdOrName::Id(account.parse().unwrap()), id);
    let how = ApiKeyRotate { retain_period_minutes: 60 };
    let client = with_key(url, &newest);
    client.control_plane().unwrap().send(&api::ROTATE_API_KEY, path, (), how).await.unwrap();
    let failure = harness.plan(K, again).await.unwrap_err();
    assert_eq!(failure.summaries(), [refused]);
    assert!(works(url, &newest).await);
    world.stop().await;
}

#[tokio::test]
async fn a_planned_rotation_happens_once_although_the_update_is_repeated() {
    let mut place = Place::start().await;
    let (engine, requests) = counted();
    place.harness.restart(engine, place.world.block()).await.unwrap();
    let config = |month: &str| json!({ "keepers": { "month": month }, "retain": "1h", "description": "d" });
    place.apply(&config("1")).await;
    let key = place.key();
    let before = requests.seen().len();
    let slow = json!({ "method": "PUT", "effect": { "latency_ms": 500 } });
    place.world.inject(json!({ "rules": [slow] }));
    let (path, control) = (place.key_path(), place.control().clone());
    let is_rotation = |url: &str| url.ends_with("/rotate");
    // Somebody changes the description after the engine has read the key, and before the rotation is done.
    let somebody = async {
        while !requests.seen().iter().any(|request| is_rotation(&request.url)) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let change = ApiKeyUpdate { description: Patch::Set("else".to_owned()), ..ApiKeyUpdate::default() };
        control.send(&api::UPDATE_API_KEY, path, (), change).await.unwrap();
    };
    let second = config("2");
    tokio::join!(place.apply(&second), somebody);
    place.world.inject(json!({}));
    let seen = requests.seen().split_off(before);
    let rotations = seen.iter().filter(|request| is_rotation(&request.url)).count();
    let id = place.id().to_string();
    let changes = seen.iter().filter(|request| format!("{:?}", request.method).eq_ignore_ascii_case("patch"));
    assert_eq!(
        changes.filter(|request| request.url.ends_with(&id)).count(),
        1,
        "the update is repeated: {seen:#?}"
    );
    assert_eq!(rotations, 1);
    assert!(place.works(&place.key()).await && place.works(&key).await);
    assert_ne!(place.key(), key);
    assert_eq!(place.plan(&config("2")).await.action, Action::NoOp);
    place.world.stop().await;
}

#[tokio::test]
async fn a_rotation_whose_response_a_proxy_replaces_is_not_sent_again() {
    let mut place = Place::start().await;
    let config = |month: &str| json!({ "keepers": { "month": month }, "retain": "1h" });
    for status in [503, 502, 504, 500] {
        place.apply(&config("1")).await;
        let key = place.key();
        let put = json!({ "method": "PUT", "nth": 1, "phase": "after_commit", "effect": { "status": status, "body": {} } });
        place.world.inject(json!({ "rules": [put] }));
        let failure = place.harness.apply(K, place.config(&config("2"))).await.unwrap_err();
        assert!(
            failure.to_string().contains("The key in the state stays valid for 1h"),
            "{status}: {failure}"
        );
        place.world.inject(json!({}));
        assert!(place.works(&key).await, "{status}");
        place.harness.destroy(K).await.unwrap();
    }
    place.world.stop().await;
}
