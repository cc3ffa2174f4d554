//! Connector configurations that a server stores with other types, or with additional settings.

use serde_json::{Value as Json, json};
use tfkit_test::Action;
use zenml_api::workspace::connector::{self as api, Connector};
use zenml_api::workspace::connector_type::{self, AuthMethodDescription, ConnectorTypeQuery};

use crate::server::{Server, in_process_on_each_server};

const C: &str = "zenml_service_connector.c";

/// A string value for a setting.
fn example(name: &str, schema: &Json, list: &str) -> Json {
    let variants = schema["anyOf"].as_array().cloned().unwrap_or_default();
    let schema = variants.iter().find(|one| one["type"] != "null").unwrap_or(schema);
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    let account = json!({ "type": "service_account", "project_id": "p", "client_email": "a@b", "client_id": "1",
        "private_key": "k", "private_key_id": "1", "auth_uri": "https://a", "token_uri": "https://t" });
    match (name, schema["type"].as_str()) {
        (_, Some("boolean")) => "True".into(),
        (_, Some("integer" | "number")) => "300".into(),
        (_, Some("array")) => list.into(),
        ("service_account_json", _) => account.to_string().into(),
        (name, _) => format!("{name}-1").into(),
    }
}

/// Forms of a list in a string.
const LISTS: [&str; 3] = ["[\"one\",\"two\"]", "[ \"one\", \"two\" ]", "one,two"];

/// The configurations to try: only required settings, and all settings.
fn examples(method: &AuthMethodDescription) -> Vec<Json> {
    let schema = &method.config_schema;
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    let properties = schema["properties"].as_object().cloned().unwrap_or_default();
    let of = |names: &dyn Fn(&str) -> bool, list: &str| -> Json {
        properties
            .iter()
            .filter(|(name, _)| names(name))
            .map(|(name, schema)| (name.clone(), example(name, schema, list)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let mut all: Vec<Json> = Vec::new();
    for list in LISTS {
        all.extend([of(&|name| required.contains(&name), list), of(&|_| true, list)]);
    }
    all.dedup();
    all
}

/// A state as the Go provider wrote it: the server's values as strings, and secrets as they were.
fn as_texts(stored: &Json, wanted: &Json) -> Json {
    let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut texts = wanted.as_object().unwrap().clone();
    let told = stored.as_object().unwrap().iter().filter(|(_, value)| !value.is_null());
    texts.extend(told.map(|(key, value)| (key.clone(), Json::String(text(value)))));
    texts.into()
}

async fn make(server: &Server, kind: &str, method: &str, name: &str, wanted: &Json) -> Option<Connector> {
    let create = json!({ "name": name, "connector_type": kind, "auth_method": method, "resource_types": [],
        "configuration": wanted });
    let create = serde_json::from_value(create).unwrap();
    let made = server.api.send(&api::CREATE, (), (), create).await;
    made.ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_a_server_adds_or_converts_plan_no_change_for_every_connector_type_and_method() {
    in_process_on_each_server(async |server, harness| {
        let types = server.api.send(&connector_type::LIST, (), ConnectorTypeQuery::default(), ()).await.unwrap();
        let (mut tried, mut differing, mut wrong) = (0, 0, Vec::new());
        let methods = types.iter().flat_map(|known| known.auth_methods.iter().map(move |method| (known, method)));
        for (known, method) in methods {
            let kind = known.connector_type.as_str();
            let of_method = method.auth_method.as_str();
            for wanted in examples(method) {
                tried += 1;
                let name = server.name(&format!("c{tried}"));
                let Some(made) = make(server, kind, of_method, &name, &wanted).await else {
                    wrong.push(format!("{kind} {of_method} was not created from {wanted}"));
                    continue;
                };
                let stored = serde_json::to_value(made.metadata.as_ref().unwrap().configuration.expose()).unwrap();
                let told = as_texts(&stored, &wanted);
                differing += usize::from(told != wanted);
                let resource_type = match made.body.as_ref().unwrap().resource_types.as_slice() {
                    [only] => json!(only),
                    _ => Json::Null,
                };
                let config = json!({ "name": name, "type": kind, "auth_method": of_method, "configuration": wanted,
                    "verify": false });
                let mut state = config.clone();
                (state["id"], state["configuration"], state["labels"]) = (json!(made.id), told, json!({}));
                state["resource_type"] = resource_type;
                harness.adopt(C, 0, &state).await.unwrap();
                match harness.plan(C, config.clone()).await {
                    Ok(planned) if planned.action == Action::NoOp => {}
                    Ok(planned) => wrong.push(format!("{kind} {of_method} {:?}", planned.changes())),
                    Err(failure) => wrong.push(format!("{kind} {of_method}: {failure}")),
                }
                harness.forget(C);
                server.api.call(&api::DELETE, made.id).await.unwrap();
            }
        }
        assert!(wrong.is_empty(), "{tried} tried, {differing} differ:\n{}", wrong.join("\n"));
        assert!(tried >= if server.is_real() { 24 } else { 50 }, "{tried} tried");
        // Only a server with the packages of a type checks its configurations.
        assert!(!server.is_real() || differing >= 6, "{differing} differ");
    })
    .await;
}
