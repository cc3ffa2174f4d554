//! The OpenAPI documents describe what is served.

use std::collections::BTreeSet;

use serde_json::Value;
use zenml_local::Plane;

use crate::support::World;

#[tokio::test]
async fn the_documents_have_every_endpoint_and_every_reference_resolves() {
    let world = World::start().await;
    let workspace = world.workspace("space").await;
    for (plane, address, entries, base) in [
        (Plane::Control, String::new(), zenml_api::control::ALL, ""),
        (Plane::Workspace, format!("/w/{workspace}"), zenml_api::workspace::ALL, zenml_api::workspace::BASE),
    ] {
        let document = world.send(None, &format!("GET {address}/openapi.json"), Value::Null).await.ok();
        let root = if address.is_empty() { "/" } else { &address };
        assert_eq!(document["servers"][0]["url"], root);
        let described: BTreeSet<String> = document["paths"]
            .as_object()
            .unwrap()
            .iter()
            .flat_map(|(path, methods)| {
                methods.as_object().unwrap().keys().map(|method| nameless(method, path)).collect::<Vec<_>>()
            })
            .collect();
        let served: Vec<_> = world.platform.served().iter().filter(|route| route.plane == plane).collect();
        let mut expected = BTreeSet::new();
        for route in &served {
            let entry = entries
                .iter()
                .find(|entry| (entry.route.method, entry.route.template) == (route.method, route.template))
                .unwrap();
            for template in entry.route.templates() {
                expected.insert(nameless(entry.route.method.as_str(), &format!("{base}{template}")));
            }
        }
        assert_eq!(described, expected);
        assert!(served.len() > 30);
        let mut references = 0;
        resolve(&document, &document, &mut references);
        assert!(references > 50, "{references}");
    }
    let nobody = "GET /w/00000000-0000-4000-8000-000000000001/openapi.json";
    assert_eq!(world.send(None, nobody, Value::Null).await.status, 404);
}

fn nameless(method: &str, path: &str) -> String {
    let segments = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    format!("{} {}", method.to_uppercase(), segments.collect::<Vec<_>>().join("/"))
}

fn resolve(document: &Value, part: &Value, references: &mut usize) {
    match part {
        Value::Object(members) => {
            if let Some(target) = members.get("$ref").and_then(Value::as_str) {
                *references += 1;
                assert!(document.pointer(target.trim_start_matches('#')).is_some(), "{target}");
            }
            members.values().for_each(|member| resolve(document, member, references));
        }
        Value::Array(items) => items.iter().for_each(|item| resolve(document, item, references)),
        _ => {}
    }
}
