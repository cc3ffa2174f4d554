//! State that another version wrote.

use tfkit::Dyn;
use tfkit::engine::UpgradeRequest;

use crate::shop::{Bench, config, summaries};

/// A state with all attributes, so that nothing is inherited.
const RELIC: &str = r#"{"code":null,"code_wo":null,"code_wo_version":null,"colour":null,"extra":null,"id":"7","labels":null,
    "name":"relic","note":null,"parts":null,"seller":null,"settings":null,"shelf":null,"size":null,"timeouts":null,
    "token":null,"url":null}"#;

#[tokio::test]
async fn state_is_upgraded_to_the_current_schema_or_the_reason_is_reported() {
    let bench = Bench::unconfigured();
    let current = || {
        config([("name", "box".into()), ("id", "7".into()), ("size", Dyn::Number("1.50".parse().unwrap()))])
    };
    let cases: &[(i64, &str, Result<Dyn, &str>)] = &[
        (2, r#"{"name":"box","id":"7","size":1.5,"gone":[1]}"#, Ok(current())),
        (1, r#"{"title":"box","id":"7","size":1.5}"#, Ok(current())),
        (0, r#"{"titel":"box","id":"7","size":"1.50"}"#, Ok(current())),
        (
            2,
            r#"{"name":"relic","id":"7"}"#,
            Ok(config([("name", "relic".into()), ("id", "7".into()), ("note", "inherited".into())])),
        ),
        (2, RELIC, Ok(config([("name", "relic".into()), ("id", "7".into())]))),
        (2, r#"{"name":["box"]}"#, Err("The state of shop_item cannot be read")),
        (2, "{", Err("The state of shop_item cannot be read")),
        (-1, "{}", Err("The state of shop_item is too old for this version of the provider")),
        (3, "{}", Err("The state of shop_item was written by a newer version of the provider")),
    ];
    for (version, json, expected) in cases {
        let request = UpgradeRequest {
            type_name: "shop_item".to_owned(),
            version: *version,
            json: json.as_bytes().to_vec(),
        };
        let (state, diags) = bench.engine.upgrade(request).await;
        match expected {
            Ok(expected) => assert_eq!((&state, summaries(&diags)), (expected, vec![]), "{version} {json}"),
            Err(summary) => {
                assert_eq!((state, summaries(&diags)), (Dyn::Null, vec![*summary]), "{version} {json}");
            }
        }
    }
}
