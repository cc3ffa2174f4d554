//! What happens to a key outside of Terraform, and its expiry.

use serde_json::{Value as Json, json};
use tfkit_test::Action;
use zenml_api::control::service_account::{self as api, ApiKeyUpdate};

use super::place::{K, Place, from_now};

#[tokio::test]
async fn a_key_that_was_rotated_outside_is_reported_and_replaced_or_rotated() {
    for (more, action) in [(json!({}), Action::Replace), (json!({ "retain": "1h" }), Action::Update)] {
        let mut place = Place::start().await;
        place.apply(&more).await;
        let id = place.id();
        place.rotate_outside(0).await;
        place.harness.refresh(K).await.unwrap();
        assert!(place.state().attribute("key").is_null());
        let planned = place.plan(&more).await;
        assert_eq!(planned.action, action);
        let warned = format!("{:?}", planned.warnings);
        assert!(warned.contains("was rotated outside of Terraform"), "{warned}");
        place.apply(&more).await;
        assert_eq!(place.id() == id, action == Action::Update);
        assert!(place.works(&place.key()).await);
        assert_eq!(place.plan(&more).await.action, Action::NoOp);
        place.world.stop().await;
    }
}

#[tokio::test]
async fn a_key_that_was_deactivated_outside_is_reported_and_replaced() {
    for more in [json!({}), json!({ "retain": "1h" })] {
        let mut place = Place::start().await;
        place.apply(&more).await;
        let key = place.key();
        let change = ApiKeyUpdate { active: Some(false), ..ApiKeyUpdate::default() };
        place.control().send(&api::UPDATE_API_KEY, place.key_path(), (), change).await.unwrap();
        let planned = place.plan(&more).await;
        assert_eq!(planned.action, Action::Replace);
        assert!(format!("{:?}", planned.warnings).contains("was deactivated outside of Terraform"));
        place.apply(&more).await;
        assert!(place.works(&place.key()).await && !place.works(&key).await);
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
        // A plan is planned again before its apply, so another change does not depend on the time.
        let mut other = config(more.clone());
        other["description"] = json!("d");
        let planned = place.plan(&other).await;
        assert_eq!(
            (planned.action, planned.told()),
            (Action::Update, vec!["The API key \"ci\" expires soon"])
        );
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
