//! The action `zenml_rotate_api_key`.

use serde_json::{Value as Json, json};
use tfkit::engine::ImportBy;
use tfkit_test::Action;
use zenml_api::ApiKeyId;

use super::place::{K, Place};

const ROTATE: &str = "zenml_rotate_api_key";

#[tokio::test]
async fn an_action_rotates_a_key_with_progress_and_the_next_apply_replaces_it() {
    let mut place = Place::start().await;
    for (retain, last, lives) in [
        (Json::Null, "API key \"ci\" is rotated, the old key has ended", false),
        (json!("1h"), "API key \"ci\" is rotated, the old key stays valid for 1h", true),
    ] {
        place.apply(&json!({})).await;
        let key = place.key();
        let config = json!({
            "service_account_id": place.account.to_string(), "api_key_id": place.id().to_string(), "retain": retain,
        });
        let invoked = place.harness.invoke(ROTATE, config).await.unwrap();
        assert_eq!(invoked.progress, ["Rotating API key \"ci\"", last]);
        assert_eq!(place.works(&key).await, lives);
        assert_eq!(place.plan(&json!({})).await.action, Action::Replace);
    }
    place.world.stop().await;
}

#[tokio::test]
async fn an_action_refuses_a_missing_key_and_the_key_of_the_provider_itself() {
    let mut place = Place::start().await;
    let nothing = ApiKeyId::random();
    let account = place.account.to_string();
    let absent = json!({ "service_account_id": account, "api_key_id": nothing.to_string() });
    let failure = place.harness.invoke(ROTATE, absent.clone()).await.unwrap_err();
    assert_eq!(failure.summaries(), [format!("There is no API key {nothing}")]);
    assert_eq!(failure.places()[0].to_string(), "api_key_id");

    place.harness.import(K, ImportBy::Id("platform-admin/default".to_owned())).await.unwrap();
    let own = json!({
        "service_account_id": place.text("service_account_id"), "api_key_id": place.text("id"), "retain": "24h",
    });
    let failure = place.harness.invoke(ROTATE, own).await.unwrap_err();
    assert_eq!(failure.summaries(), ["Cannot rotate API key \"default\": the provider itself uses it"]);
    assert!(failure.to_string().contains("An action does not return the new key"), "{failure}");
    for (wrong, attribute) in [
        (json!({ "service_account_id": account, "api_key_id": "ci" }), "api_key_id"),
        (
            json!({ "service_account_id": account, "api_key_id": nothing.to_string(), "retain": "1d" }),
            "retain",
        ),
    ] {
        let failure = place.harness.invoke(ROTATE, wrong).await.unwrap_err();
        assert_eq!(failure.places()[0].to_string(), attribute, "{failure}");
    }
    place.world.stop().await;
}
