//! Values that are unknown until the apply: a plan never announces less than what the apply does.

use serde_json::{Value as Json, json};
use tfkit_test::unknown;

use super::place::{K, Place, from_now};

/// What has happened to a key before the plan.
#[derive(Clone, Copy, Debug)]
enum Before {
    Nothing,
    Due,
    Rotated,
    Deactivated,
}

#[tokio::test]
async fn an_apply_keeps_to_its_plan_whatever_an_unknown_value_turns_out_to_be() {
    let mut place = Place::start().await;
    let account = place.account.to_string();
    let late = [
        ("name", json!("ci")),
        ("name", json!("other")),
        ("service_account_id", json!(account)),
        ("keepers", json!({ "a": "1" })),
        ("keepers", json!({ "a": "2" })),
        ("active", json!(true)),
        ("active", json!(false)),
        ("retain", Json::Null),
        ("retain", json!("1h")),
        ("renew_before", Json::Null),
        ("renew_before", json!("168h")),
        ("expires_in", json!("720h")),
    ];
    for before in [Before::Nothing, Before::Due, Before::Rotated, Before::Deactivated] {
        for retain in [Json::Null, json!("1h")] {
            for (name, value) in &late {
                let base = json!({
                    "expires_in": "720h", "renew_before": "168h", "keepers": { "a": "1" }, "retain": retain,
                });
                let what = format!("{before:?}, retain = {retain}: {name} is {value}");
                place.apply(&base).await;
                match before {
                    Before::Nothing => {}
                    Before::Due => place.expires(&from_now(60)).await,
                    Before::Rotated => drop(place.rotate_outside(0).await),
                    Before::Deactivated => place.deactivate().await,
                }
                let with = |value: &Json| {
                    let mut config = place.config(&base);
                    config[*name] = value.clone();
                    config
                };
                let (early, late) = (with(&unknown()), with(value));
                let planned =
                    place.harness.plan(K, early).await.unwrap_or_else(|failure| panic!("{what}: {failure}"));
                place.world.inject(json!({}));
                let applied = place.harness.apply_planned(K, planned, late.clone(), &[]).await;
                applied.unwrap_or_else(|failure| panic!("{what}: {failure}"));
                let key = place.text("key");
                if !key.is_empty() {
                    let is_active = late["active"] != json!(false);
                    assert_eq!(place.works(&key).await, is_active, "{what}");
                }
                place.harness.destroy(K).await.unwrap();
            }
        }
    }
    place.world.stop().await;
}
