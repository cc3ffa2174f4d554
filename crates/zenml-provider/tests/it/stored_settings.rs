//! Settings that a server stores under other names or with additions, and settings that were never configured.

use serde_json::{Value as Json, json};
use tfkit::engine::ImportBy;
use tfkit_test::{Action, Harness};
use zenml_api::workspace::component::{self as api, Component};

use crate::server::{Server, in_process_on_each_server};

const C: &str = "zenml_stack_component.c";

/// Creates a component without the provider.
async fn make(server: &Server, name: &str, kind: &str, flavor: &str, configuration: &Json) -> Component {
    let create = json!({ "name": name, "type": kind, "flavor": flavor, "configuration": configuration });
    server.api.send(&api::CREATE, (), (), serde_json::from_value(create).unwrap()).await.unwrap()
}

fn stored(component: &Component) -> Json {
    serde_json::to_value(component.metadata.as_ref().unwrap().configuration.expose()).unwrap()
}

async fn look(server: &Server, harness: &Harness) -> Json {
    let id = harness.state(C).unwrap().attribute("id").as_str().unwrap().parse().unwrap();
    stored(&server.api.call(&api::GET, id).await.unwrap())
}

/// A state as version 2 of the Go provider wrote it: the server's values as strings.
fn as_texts(stored: &Json) -> Json {
    let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let texts = stored.as_object().unwrap().iter().filter(|(_, value)| !value.is_null());
    texts.map(|(key, value)| (key.clone(), Json::String(text(value)))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_a_server_renames_adds_or_converts_plan_no_change_on_each_server() {
    let cases = [
        ("alerter", "slack", json!({ "slack_token": "t", "default_slack_channel_id": "C1" })),
        ("orchestrator", "sagemaker", json!({ "execution_role": "arn", "processor_tags": "{\"a\":\"b\"}" })),
        ("orchestrator", "sagemaker", json!({ "execution_role": "arn", "use_training_step": "false" })),
        (
            "orchestrator",
            "kubernetes",
            json!({ "pod_name_prefix": "runs", "synchronous": "True", "timeout": "300" }),
        ),
        ("annotator", "argilla", json!({ "extra_headers": "{\"a\":\"b\"}" })),
        ("container_registry", "default", json!({ "uri": "registry.example.com/" })),
    ];
    in_process_on_each_server(async |server, harness| {
        for (index, (kind, flavor, wanted)) in cases.iter().enumerate() {
            let name = server.name(&format!("c{index}"));
            let made = make(server, &name, kind, flavor, wanted).await;
            let told = as_texts(&stored(&made));
            if told == *wanted {
                // The local platform does not check the settings of all flavors.
                assert!(!server.is_real(), "{flavor} has another value");
                server.api.call(&api::DELETE, made.id).await.unwrap();
                continue;
            }
            let config = |configuration: &Json, labels: Json| {
                json!({ "name": name, "type": kind, "flavor": flavor, "configuration": configuration, "labels": labels })
            };
            let state = json!({
                "id": made.id, "name": name, "type": kind, "flavor": flavor, "configuration": told, "labels": {},
            });
            harness.adopt(C, 0, &state).await.unwrap();
            let planned = harness.plan(C, config(wanted, Json::Null)).await.unwrap();
            assert_eq!(planned.action, Action::NoOp, "{flavor} {wanted}: {:?}", planned.changes());

            // Another change affects nothing else, and the plan after it is also empty.
            let labels = json!({ "a": "b" });
            let planned = harness.plan(C, config(wanted, labels.clone())).await.unwrap();
            assert!(!planned.changes().contains(&"configuration"), "{flavor}: {:?}", planned.changes());
            harness.apply(C, config(wanted, labels.clone())).await.unwrap();
            assert_eq!(as_texts(&look(server, harness).await), told, "{flavor}");

            // A real change of a value is applied.
            let mut other = wanted.clone();
            let (key, _) = wanted.as_object().unwrap().iter().next().unwrap();
            other[key] = if key == "synchronous" { "false".into() } else { json!("{\"other\":\"x\"}") };
            if !["execution_role", "uri"].contains(&key.as_str()) {
                let planned = harness.plan(C, config(&other, labels)).await.unwrap();
                assert!(planned.changes().contains(&"configuration"), "{flavor}: {other}");
            }
            harness.destroy(C).await.unwrap();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn omitting_settings_that_were_never_configured_does_not_empty_them_on_each_server() {
    in_process_on_each_server(async |server, harness| {
        let name = server.name("c");
        let settings = json!({ "run_args": "{\"cpu_count\":1}" });
        let made = make(server, &name, "orchestrator", "local_docker", &settings).await;
        let before = stored(&made);
        let config = |more: Json| {
            let mut config = json!({ "name": name, "type": "orchestrator", "flavor": "local_docker" });
            config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            config
        };
        let summary = format!("The settings of stack component {name:?} are not in the configuration");
        let go = json!({ "id": made.id, "name": name, "type": "orchestrator", "flavor": "local_docker",
            "configuration": settings, "labels": {} });
        for imported in [true, false] {
            if imported {
                harness.import(C, ImportBy::Id(made.id.to_string())).await.unwrap();
            } else {
                harness.adopt(C, 0, &go).await.unwrap();
            }
            let planned = harness.plan(C, config(json!({}))).await.unwrap();
            assert_eq!((planned.action, planned.told()), (Action::NoOp, vec![summary.as_str()]));
            assert!(planned.warnings[0].why.as_ref().unwrap().contains("run_args"), "{:?}", planned.warnings);
            for label in ["b", "c"] {
                let changed = config(json!({ "labels": { "a": label } }));
                let applied = harness.apply(C, changed.clone()).await.unwrap();
                assert_eq!(applied.action, Action::Update);
                assert_eq!(look(server, harness).await, before);
                assert_eq!(harness.plan(C, changed).await.unwrap().told(), [summary.as_str()]);
            }
            harness.apply(C, config(json!({}))).await.unwrap();
            harness.forget(C);
        }

        // An explicit empty map removes the settings; and settings that were once configured are removed when they
        // are omitted.
        harness.import(C, ImportBy::Id(made.id.to_string())).await.unwrap();
        harness.apply(C, config(json!({ "configuration": {} }))).await.unwrap();
        assert_eq!(look(server, harness).await, json!({}));
        harness.apply(C, config(json!({ "configuration": settings }))).await.unwrap();
        let planned = harness.plan(C, config(json!({}))).await.unwrap();
        assert!(planned.told().is_empty() && planned.changes().contains(&"configuration"));
        harness.destroy(C).await.unwrap();
    })
    .await;
}
