//! What happens to a key outside of Terraform, and its expiry.

use serde_json::{Value as Json, json};
use tfkit::engine::ImportBy;
use tfkit_test::Action;
use zenml_api::control::service_account::{self as api, ApiKeyCreate};
use zenml_local::{Assumption, Options};

use super::place::{K, Place, from_now};

#[tokio::test]
async fn a_key_that_was_rotated_outside_is_reported_and_ends_with_a_replacement_or_a_rotation() {
    for (more, action) in [(json!({}), Action::Replace), (json!({ "retain": "1h" }), Action::Update)] {
        for minutes in [0, 60] {
            let mut place = Place::start().await;
            place.apply(&more).await;
            let (id, old) = (place.id(), place.key());
            let theirs = place.rotate_outside(minutes).await;
            // As `apply -refresh-only` does.
            place.harness.refresh(K).await.unwrap();
            assert!(place.state().attribute("key").is_null());
            let planned = place.plan(&more).await;
            assert_eq!(planned.action, action);
            let warned = format!("{:?}", planned.warnings);
            assert!(warned.contains("was rotated outside of Terraform"), "{warned}");
            place.apply(&more).await;
            assert_eq!(place.id() == id, action == Action::Update);
            assert!(place.works(&place.key()).await);
            assert!(!place.works(&old).await && !place.works(&theirs).await, "{action:?} {minutes}");
            assert_eq!(place.plan(&more).await.action, Action::NoOp);
            place.world.stop().await;
        }
    }
}

#[tokio::test]
async fn a_key_that_was_deactivated_outside_is_reported_and_replaced() {
    for more in [json!({}), json!({ "retain": "1h" }), json!({ "active": true })] {
        for imported in [false, true] {
            let mut place = Place::start().await;
            if imported {
                let new = ApiKeyCreate { name: "ci".to_owned(), ..ApiKeyCreate::default() };
                place.control().send(&api::CREATE_API_KEY, place.path(), (), new).await.unwrap();
                place.harness.import(K, ImportBy::Id("robot/ci".to_owned())).await.unwrap();
            }
            place.apply(&more).await;
            let id = place.id();
            place.deactivate().await;
            let planned = place.plan(&more).await;
            assert_eq!(planned.action, Action::Replace);
            assert!(format!("{:?}", planned.warnings).contains("was deactivated outside of Terraform"));
            place.apply(&more).await;
            assert_ne!(place.id(), id);
            assert!(place.works(&place.key()).await);
            // What an apply decides is not reported.
            for active in [false, true] {
                let mut decided = more.clone();
                decided["active"] = json!(active);
                let applied = place.apply(&decided).await;
                assert_eq!((applied.action, applied.told()), (Action::Update, vec![]));
            }
            place.world.stop().await;
        }
    }
}

#[tokio::test]
async fn a_key_that_is_deactivated_between_plan_and_apply_is_not_activated_in_silence() {
    for (active, told, next) in [
        (Json::Null, vec![], Action::Replace),
        (
            json!(true),
            vec!["The API key \"ci\" was deactivated, and this run activates it again"],
            Action::NoOp,
        ),
    ] {
        let mut place = Place::start().await;
        place.apply(&json!({ "active": active })).await;
        let config = place.config(&json!({ "active": active, "description": "d" }));
        let planned = place.harness.plan(K, config.clone()).await.unwrap();
        place.deactivate().await;
        let applied = place.harness.apply_planned(K, planned, config.clone(), &[]).await.unwrap();
        assert_eq!(applied.told(), told);
        assert_eq!(place.harness.plan(K, config).await.unwrap().action, next, "active = {active}");
        place.world.stop().await;
    }
}

#[tokio::test]
async fn a_key_that_was_deleted_outside_alone_or_with_its_account_is_created_again() {
    let mut place = Place::start().await;
    place.apply(&json!({})).await;
    place.control().call(&api::DELETE_API_KEY, place.key_path()).await.unwrap();
    assert_eq!(place.apply(&json!({})).await.action, Action::Create);
    assert!(place.works(&place.key()).await);

    place.control().call(&api::DELETE, place.path()).await.unwrap();
    assert!(!place.harness.refresh(K).await.unwrap(), "it is gone");
    assert!(place.harness.state(K).is_none());
    let failure = place.harness.apply(K, place.config(&json!({}))).await.unwrap_err();
    assert_eq!(failure.summaries(), [format!("There is no service account \"{}\"", place.account)]);
    assert_eq!(failure.places()[0].to_string(), "service_account_id");
    place.world.stop().await;
}

#[tokio::test]
async fn a_key_is_renewed_before_it_expires() {
    let config = |more: Json| {
        let mut config = json!({ "expires_in": "720h", "renew_before": "168h" });
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        config
    };
    for (more, action) in [(json!({}), Action::Replace), (json!({ "retain": "1h" }), Action::Update)] {
        let mut place = Place::start().await;
        place.apply(&config(more.clone())).await;
        assert_eq!(place.plan(&config(more.clone())).await.action, Action::NoOp);
        for (minutes, expected) in [(169 * 60, Action::NoOp), (167 * 60, action), (-1, action)] {
            place.expires(&from_now(minutes)).await;
            let planned = place.plan(&config(more.clone())).await;
            assert_eq!(planned.action, expected, "{minutes}");
            let warned = format!("{:?}", planned.warnings);
            assert_eq!(warned.contains("renew_before is 168h"), expected != Action::NoOp, "{warned}");
        }
        // Another change in the same plan does not matter.
        let mut other = config(more.clone());
        other["description"] = json!("d");
        assert_eq!(place.plan(&other).await.action, action);
        // Only a refresh looks at the clock.
        let due = place.config(&config(more.clone()));
        let unread = place.harness.plan_without_refresh(K, due.clone()).await.unwrap();
        assert_eq!(unread.action, Action::NoOp);
        place.harness.refresh(K).await.unwrap();
        assert_eq!(place.state().attribute("ready_for_renewal"), &true.into());
        assert_eq!(place.harness.plan_without_refresh(K, due).await.unwrap().action, action);
        // Without renew_before, nothing renews it.
        let mut calm = more.clone();
        calm["expires_in"] = json!("720h");
        assert_eq!(place.plan(&calm).await.changes(), ["ready_for_renewal", "renew_before"]);
        let config = place.config(&config(more));
        let planned = place.harness.plan(K, config.clone()).await.unwrap();
        place.world.inject(json!({}));
        place.harness.apply_planned(K, planned, config.clone(), &[]).await.unwrap();
        assert_eq!(place.harness.plan(K, config).await.unwrap().action, Action::NoOp);
        assert!(place.works(&place.key()).await);
        place.world.stop().await;
    }
}

#[tokio::test]
async fn an_expired_key_without_renewal_is_a_warning() {
    let mut place = Place::start().await;
    place.apply(&json!({ "expires_in": "720h" })).await;
    place.expires(&from_now(-1)).await;
    let planned = place.plan(&json!({ "expires_in": "720h" })).await;
    // Only the refresh shows the other expiry.
    assert_eq!((planned.action, planned.told()), (Action::NoOp, vec!["The API key \"ci\" has expired"]));
    place.world.stop().await;
}

#[tokio::test]
async fn a_saved_plan_is_kept_to_even_if_the_key_becomes_due_before_its_apply() {
    for (more, action) in [(json!({}), Action::Replace), (json!({ "retain": "1h" }), Action::Update)] {
        let mut place = Place::start().await;
        let config = |description: &str| {
            let mut config =
                json!({ "expires_in": "720h", "renew_before": "168h", "description": description });
            config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            config
        };
        place.apply(&config("a")).await;
        let (key, changed) = (place.key(), place.config(&config("b")));
        let planned = place.harness.plan(K, changed.clone()).await.unwrap();
        place.expires(&from_now(60)).await;
        let applied = place.harness.apply_planned(K, planned, changed, &[]).await.unwrap();
        assert_eq!((applied.action, place.key()), (Action::Update, key));
        assert_eq!(place.plan(&config("b")).await.action, action);
        place.world.stop().await;
    }
}

#[tokio::test]
async fn a_rotation_that_does_not_extend_the_lifetime_is_a_warning() {
    let mut place = Place::start().await;
    let config = place.config(&json!({ "expires_in": "720h", "renew_before": "168h", "retain": "1h" }));
    place.harness.apply(K, config.clone()).await.unwrap();
    place.expires(&from_now(60)).await;
    let planned = place.harness.plan(K, config.clone()).await.unwrap();
    assert_eq!(planned.action, Action::Update);
    // The control plane reports the same expiry after the rotation.
    let applied = place.harness.apply_planned(K, planned, config, &[]).await.unwrap();
    let told = "The rotation did not extend the lifetime of API key \"ci\"";
    assert!(applied.told().contains(&told), "{:?}", applied.told());
    place.world.stop().await;
}

/// No public source says whether a rotation keeps the expiry.
#[tokio::test]
async fn after_a_rotation_the_plan_is_empty_and_the_expiry_is_that_of_the_control_plane() {
    for assumptions in [vec![], vec![Assumption::RotationKeepsExpiry]] {
        let is_kept = !assumptions.is_empty();
        let mut place = Place::with(Options { assumptions, ..Options::default() }).await;
        let config =
            |month: &str| json!({ "keepers": { "month": month }, "retain": "1h", "expires_in": "720h" });
        place.apply(&config("2026-11")).await;
        let before = place.text("expires_at");
        let applied = place.apply(&config("2026-12")).await;
        assert_eq!((applied.action, applied.told()), (Action::Update, vec![]), "{is_kept}");
        let after = place.text("expires_at");
        assert_eq!(after == before, is_kept, "{before} {after}");
        let planned = place.plan(&config("2026-12")).await;
        assert_eq!((planned.action, planned.told()), (Action::NoOp, vec![]), "{is_kept}");
        assert_eq!(place.text("expires_at"), after, "the refresh shows the same");
        place.world.stop().await;
    }
}

#[tokio::test]
async fn a_rotation_that_cannot_renew_a_key_is_not_repeated() {
    let assumptions = vec![Assumption::RotationKeepsExpiry];
    let mut place = Place::with(Options { assumptions, ..Options::default() }).await;
    let new = ApiKeyCreate { name: "ci".to_owned(), expires_in_minutes: Some(30), ..ApiKeyCreate::default() };
    let existing = place.control().send(&api::CREATE_API_KEY, place.path(), (), new).await.unwrap();
    place.harness.import(K, ImportBy::Id("robot/ci".to_owned())).await.unwrap();
    let config = json!({ "expires_in": "720h", "retain": "1h", "renew_before": "1h" });
    // The first apply after an import only fills the state. By then, the key is due.
    let all = place.config(&config);
    place.harness.apply_unsettled(K, all.clone(), all).await.unwrap();
    let (told, again) = (
        "The rotation did not extend the lifetime of API key \"ci\"",
        "The API key \"ci\" is due for renewal, but is not rotated again",
    );
    let applied = place.apply(&config).await;
    assert_eq!(applied.action, Action::Update);
    assert!(applied.told().contains(&told), "{:?}", applied.told());
    let (key, expires_at) = (place.key(), place.text("expires_at"));
    // The key of before is retained, and another rotation would end it.
    for _ in 0..2 {
        let planned = place.plan(&config).await;
        assert_eq!((planned.action, planned.told()), (Action::NoOp, vec![again]));
        place.apply(&config).await;
        assert_eq!((place.key(), place.text("expires_at")), (key.clone(), expires_at.clone()));
    }
    assert!(place.works(existing.key.unwrap().expose()).await && place.works(&key).await);
    // New keepers rotate it nevertheless, and a replacement renews it.
    let mut other = config.clone();
    other["keepers"] = json!({ "month": "2026-12" });
    assert_eq!(place.plan(&other).await.action, Action::Update);
    let replaced = json!({ "expires_in": "720h", "renew_before": "1h" });
    assert_eq!(place.apply(&replaced).await.action, Action::Replace);
    assert_eq!(place.plan(&replaced).await.action, Action::NoOp);
    assert_ne!(place.text("expires_at"), expires_at);
    place.world.stop().await;
}

#[tokio::test]
async fn a_time_for_renewal_without_an_expiry_is_a_warning() {
    let mut place = Place::start().await;
    let idle = json!({ "renew_before": "1h" });
    let told = "renew_before has no effect";
    assert_eq!(place.plan(&idle).await.told(), [told]);
    place.apply(&json!({})).await;
    assert_eq!(place.plan(&idle).await.told(), [told]);
    place.world.stop().await;
}
