//! Creating many objects of one kind: one list of taken names replaces a lookup for each.

use serde_json::{Value as Json, json};
use tfkit_test::{Action, Harness};
use zenml_api::ComponentId;
use zenml_api::workspace::component::{self, ComponentCreate};

use crate::many::counted;
use crate::world::World;

fn address(name: &str) -> String {
    format!("zenml_stack_component.{name}")
}

#[tokio::test]
async fn one_list_finds_taken_names_and_a_taken_one_is_never_taken_over() {
    let world = World::start().await;
    let workspace = world.workspace("home").await;
    let server = world.server(workspace).await;
    let config = |name: &str| {
        json!({ "workspace_id": workspace.to_string(), "name": name, "type": "artifact_store", "flavor": "s3",
            "configuration": { "path": "s3://bucket" } })
    };
    let outside = async |name: &str| -> ComponentId {
        let mut request: Json = config(name);
        request.as_object_mut().unwrap().remove("workspace_id");
        let request: ComponentCreate = serde_json::from_value(request).unwrap();
        server.send(&component::CREATE, (), (), request).await.unwrap().id
    };
    let (engine, requests) = counted();
    let mut harness = Harness::start(engine, world.block()).await.unwrap();
    let lists = || {
        let seen = requests.seen();
        seen.iter().filter(|seen| seen.method.as_str() == "GET" && seen.url.contains("/components?")).count()
    };
    let before = outside("before").await;
    for index in 0..30 {
        let name = format!("store-{index}");
        let made = harness.apply(&address(&name), config(&name)).await.unwrap();
        assert_eq!(made.action, Action::Create);
    }
    assert_eq!(lists(), 3 + 1, "three lookups and one list");

    let meanwhile = outside("meanwhile").await;
    for (name, id) in
        [("before", before), ("meanwhile", meanwhile), ("store-3", component(&harness, "store-3"))]
    {
        let failure = harness.apply(&address("second"), config(name)).await.unwrap_err();
        assert_eq!(failure.summaries(), [format!("Stack component {name:?} already exists")]);
        let import = format!("terraform import zenml_stack_component.NAME {workspace}/{id}");
        assert!(failure.to_string().contains(&import), "{failure}");
        assert_eq!(failure.places()[0].to_string(), "name");
    }
    // Listed objects may have been deleted since.
    server.call(&component::DELETE, before).await.unwrap();
    harness.apply(&address("before"), config("before")).await.unwrap();
    world.stop().await;
}

fn component(harness: &Harness, name: &str) -> ComponentId {
    harness.state(&address(name)).unwrap().attribute("id").as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_component_that_no_stack_uses_is_deleted_with_one_request() {
    let world = World::start().await;
    let workspace = world.workspace("home").await;
    let (engine, requests) = counted();
    let mut harness = Harness::start(engine, world.block()).await.unwrap();
    for (kind, flavor, configuration) in [
        ("artifact_store", "s3", json!({ "path": "s3://bucket" })),
        ("container_registry", "default", json!({ "uri": "localhost" })),
    ] {
        let config = json!({ "workspace_id": workspace.to_string(), "name": "one", "type": kind, "flavor": flavor,
            "configuration": configuration });
        harness.apply(&address(kind), config).await.unwrap();
        // The refresh before a destroy is shared by all objects, and here it is one read.
        harness.refresh(&address(kind)).await.unwrap();
        let before = requests.seen().len();
        harness.destroy(&address(kind)).await.unwrap();
        let sent: Vec<String> =
            requests.seen()[before..].iter().map(|seen| format!("{} {}", seen.method, seen.url)).collect();
        assert_eq!(sent.iter().filter(|sent| sent.contains("stacks")).count(), 0, "{kind}: {sent:#?}");
        assert_eq!(sent.iter().filter(|sent| sent.starts_with("DELETE")).count(), 1, "{kind}: {sent:#?}");
        assert!(sent.len() <= 2, "{kind}: {sent:#?}");
    }
    world.stop().await;
}
