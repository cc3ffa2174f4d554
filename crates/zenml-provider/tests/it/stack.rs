//! Stacks.

use serde_json::{Value as Json, json};
use tfkit::Dyn;
use tfkit::engine::ImportBy;
use tfkit_test::{Action, Harness, unknown};
use zenml_api::workspace::component;
use zenml_api::workspace::stack::{self as api, StackCreate, StackQuery, StackUpdate};
use zenml_api::{ComponentId, Patch, StackId, WorkspaceId};
use zenml_client::{Api, Optional as _};

use crate::world::{World, under_each_host};

const S: &str = "zenml_stack.s";

/// A workspace with components, and its API.
struct Scene {
    world: World,
    workspace: WorkspaceId,
    server: Api,
    orchestrator: ComponentId,
    store: ComponentId,
}

impl Scene {
    async fn new() -> Self {
        Self::of(World::start().await).await
    }

    async fn of(world: World) -> Self {
        let workspace = world.workspace("alpha").await;
        let server = world.server(workspace).await;
        let orchestrator = component(&server, "one", "orchestrator", "local", json!({})).await;
        let store = component(&server, "one", "artifact_store", "local", json!({})).await;
        Self { world, workspace, server, orchestrator, store }
    }

    async fn alerter(&self, name: &str) -> ComponentId {
        let configuration = json!({ "slack_token": "token", "default_slack_channel_id": "channel" });
        component(&self.server, name, "alerter", "slack", configuration).await
    }

    /// Returns a configuration in this workspace, with components besides the two required ones.
    fn config(&self, more: Json) -> Json {
        let mut components = json!({ "orchestrator": self.orchestrator.to_string(), "artifact_store": self.store.to_string() });
        let Json::Object(more) = more else { panic!("the components must be an object") };
        components.as_object_mut().unwrap().extend(more);
        json!({ "workspace_id": self.workspace.to_string(), "name": "dev", "components": components })
    }

    /// The components in a slot of the stack on the server.
    async fn slot(&self, harness: &Harness, kind: &str) -> Vec<ComponentId> {
        let stack = self.server.call(&api::GET, id(harness)).await.unwrap();
        let components = stack.metadata.unwrap().components;
        components.get(kind).into_iter().flatten().map(|component| component.id).collect()
    }

    /// Changes the slots of the stack outside of Terraform.
    async fn put(&self, harness: &Harness, more: Json) {
        let mut components = json!({ "orchestrator": [self.orchestrator], "artifact_store": [self.store] });
        let Json::Object(more) = more else { panic!("the components must be an object") };
        components.as_object_mut().unwrap().extend(more);
        let components = Some(serde_json::from_value(components).unwrap());
        let change = StackUpdate { components, ..StackUpdate::default() };
        self.server.send(&api::UPDATE, id(harness), (), change).await.unwrap();
    }

    /// Stacks besides the default one.
    async fn count(&self) -> usize {
        let stacks = self.server.list_all(&api::LIST, (), StackQuery::default()).await.unwrap();
        stacks.iter().filter(|stack| stack.name != "default").count()
    }
}

async fn component(server: &Api, name: &str, kind: &str, flavor: &str, configuration: Json) -> ComponentId {
    let create = json!({ "name": name, "type": kind, "flavor": flavor, "configuration": configuration });
    server.send(&component::CREATE, (), (), serde_json::from_value(create).unwrap()).await.unwrap().id
}

fn id(harness: &Harness) -> StackId {
    harness.state(S).unwrap().attribute("id").as_str().unwrap().parse().unwrap()
}

fn managed<'a>(harness: &'a Harness, kind: &str) -> &'a Dyn {
    harness.state(S).unwrap().attribute("components").attribute(kind)
}

#[tokio::test]
async fn all_components_are_exchanged_in_place() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    harness.apply(S, scene.config(json!({}))).await.unwrap();
    let before = id(&harness);
    for (kind, flavor) in [("orchestrator", "local"), ("artifact_store", "local")] {
        let other = component(&scene.server, "two", kind, flavor, json!({})).await;
        let mut more = json!({});
        more[kind] = json!(other.to_string());
        assert_eq!(harness.apply(S, scene.config(more)).await.unwrap().action, Action::Update);
        assert_eq!(scene.slot(&harness, kind).await, [other]);
    }
    let late = component(&scene.server, "three", "orchestrator", "local", json!({})).await;
    let config = |orchestrator: Json| scene.config(json!({ "orchestrator": orchestrator }));
    let applied = harness.apply_late(S, config(unknown()), config(json!(late.to_string()))).await.unwrap();
    assert_eq!(applied.action, Action::Update);
    assert_eq!(id(&harness), before);
    scene.world.stop().await;
}

#[tokio::test]
async fn a_component_of_another_type_is_rejected_before_anything_is_sent() {
    let scene = Scene::new().await;
    let alerter = scene.alerter("slack").await;
    let nobody = "0f4c3b1e-6a52-4f0e-9d6b-2f1f0d3c7a11";
    let mut harness = scene.world.harness().await;
    let wrong = scene.config(json!({ "model_registry": alerter.to_string() }));
    let failure = harness.plan(S, wrong.clone()).await.unwrap_err();
    assert_eq!(failure.summaries(), ["The component \"slack\" is not of the type \"model_registry\""]);
    assert_eq!(failure.places()[0].to_string(), "components[\"model_registry\"]");
    assert!(failure.to_string().contains("Its type is \"alerter\""), "{failure}");
    // An id that is unknown in the plan is checked before the stack is created or changed.
    let early = scene.config(json!({ "model_registry": unknown() }));
    for exists in [false, true] {
        let failure = harness.apply_late(S, early.clone(), wrong.clone()).await.unwrap_err();
        assert_eq!(failure.summaries(), ["The component \"slack\" is not of the type \"model_registry\""]);
        assert_eq!(scene.count().await, usize::from(exists));
        if !exists {
            harness.apply(S, scene.config(json!({}))).await.unwrap();
        }
    }
    assert!(scene.slot(&harness, "alerter").await.is_empty());
    let failure = harness.plan(S, scene.config(json!({ "alerter": nobody }))).await.unwrap_err();
    assert_eq!(failure.summaries(), [format!("There is no stack component {nobody}")]);
    assert_eq!(failure.places()[0].to_string(), "components[\"alerter\"]");
    scene.world.stop().await;
}

#[tokio::test]
async fn contradictions_are_rejected_before_anything_is_sent() {
    let scene = Scene::new().await;
    let harness = scene.world.harness().await;
    let cases = [
        (json!({ "artifact_store": null }), "components", Some("The stack has no artifact_store")),
        (json!({ "orchestrator": null }), "components", Some("The stack has no orchestrator")),
        (json!({ "alerter": "" }), "components[\"alerter\"]", None),
        (json!({ "alerter": "slack" }), "components[\"alerter\"]", None),
    ];
    for (more, place, summary) in cases {
        let failure = harness.plan(S, scene.config(more)).await.unwrap_err();
        let places: Vec<String> = failure.places().iter().map(ToString::to_string).collect();
        assert_eq!(places, [place], "{failure}");
        if let Some(summary) = summary {
            assert_eq!(failure.summaries(), [summary]);
        }
    }
    for name in ["", "two\nlines", &"n".repeat(256)] {
        let mut config = scene.config(json!({}));
        config["name"] = json!(name);
        assert_eq!(harness.plan(S, config).await.unwrap_err().places()[0].to_string(), "name", "{name:?}");
    }
    let mut nothing = scene.config(json!({}));
    nothing["components"] = json!({});
    let failure = harness.plan(S, nothing).await.unwrap_err();
    assert_eq!(failure.summaries(), ["The stack has no orchestrator", "The stack has no artifact_store"]);
    // Unknown values may turn out to be valid.
    let waiting = scene.config(json!({ "orchestrator": unknown(), "artifact_store": unknown() }));
    assert_eq!(harness.plan(S, waiting).await.unwrap().action, Action::Create);
    scene.world.stop().await;
}

#[tokio::test]
async fn other_components_of_a_type_are_never_dropped() {
    let scene = Scene::new().await;
    let (one, two, three) =
        (scene.alerter("one").await, scene.alerter("two").await, scene.alerter("three").await);
    let mut harness = scene.world.harness().await;
    let with = |alerter: ComponentId| scene.config(json!({ "alerter": alerter.to_string() }));
    harness.apply(S, with(one)).await.unwrap();
    scene.put(&harness, json!({ "alerter": [two, one] })).await;
    assert_eq!(harness.plan(S, with(one)).await.unwrap().action, Action::NoOp);
    harness.apply(S, with(three)).await.unwrap();
    assert_eq!(scene.slot(&harness, "alerter").await, [two, three]);
    let mut renamed = with(three);
    renamed["name"] = json!("renamed");
    harness.apply(S, renamed).await.unwrap();
    assert_eq!(scene.slot(&harness, "alerter").await, [two, three]);
    // Two components of an unmanaged type also stay, and are not a difference.
    scene.put(&harness, json!({ "alerter": [two] })).await;
    harness.apply(S, with(two)).await.unwrap();
    harness.apply(S, scene.config(json!({}))).await.unwrap();
    scene.put(&harness, json!({ "alerter": [one, two] })).await;
    assert_eq!(harness.plan(S, scene.config(json!({}))).await.unwrap().action, Action::NoOp);
    let mut described = scene.config(json!({}));
    described["description"] = json!("with two alerters");
    harness.apply(S, described).await.unwrap();
    assert_eq!(scene.slot(&harness, "alerter").await, [one, two]);
    scene.world.stop().await;
}

#[tokio::test]
async fn a_null_component_and_empty_labels_stay_as_they_are_configured() {
    let scene = Scene::new().await;
    let alerter = scene.alerter("slack").await;
    let mut harness = scene.world.harness().await;
    let mut config = scene.config(json!({ "alerter": null }));
    for (labels, description) in
        [(json!({}), json!("")), (json!(null), json!(null)), (json!({ "a": "b" }), json!("d"))]
    {
        config["labels"] = labels;
        config["description"] = description;
        harness.apply(S, config.clone()).await.unwrap();
        assert_eq!(managed(&harness, "alerter"), &Dyn::Null);
    }
    harness.apply(S, scene.config(json!({ "alerter": alerter.to_string() }))).await.unwrap();
    assert_eq!(scene.slot(&harness, "alerter").await, [alerter]);
    harness.apply(S, config).await.unwrap();
    assert!(scene.slot(&harness, "alerter").await.is_empty());
    scene.world.stop().await;
}

#[tokio::test]
async fn changes_from_outside_are_repaired() {
    let scene = Scene::new().await;
    let alerter = scene.alerter("slack").await;
    let other = component(&scene.server, "two", "orchestrator", "local", json!({})).await;
    let mut harness = scene.world.harness().await;
    let mut config = scene.config(json!({}));
    config["description"] = json!("mine");
    harness.apply(S, config.clone()).await.unwrap();
    scene.put(&harness, json!({ "orchestrator": [other], "alerter": [alerter] })).await;
    let change = StackUpdate {
        name: Patch::Set("other".to_owned()),
        description: Patch::Set("somebody's".to_owned()),
        labels: Patch::Set([("by".to_owned(), json!(1))].into()),
        ..StackUpdate::default()
    };
    scene.server.send(&api::UPDATE, id(&harness), (), change).await.unwrap();
    let planned = harness.plan(S, config.clone()).await.unwrap();
    assert_eq!(planned.changes(), ["components", "description", "labels", "name"]);
    harness.apply(S, config).await.unwrap();
    assert_eq!(scene.slot(&harness, "orchestrator").await, [scene.orchestrator]);
    assert!(scene.slot(&harness, "alerter").await.is_empty());
    scene.world.stop().await;
}

#[tokio::test]
async fn an_existing_stack_is_not_adopted_but_can_be_imported() {
    let scene = Scene::new().await;
    let components = json!({ "orchestrator": [scene.orchestrator], "artifact_store": [scene.store] });
    let components = serde_json::from_value(components).unwrap();
    let create = StackCreate { name: "dev".to_owned(), components, ..StackCreate::default() };
    let there = scene.server.send(&api::CREATE, (), (), create).await.unwrap().id;
    let mut harness = scene.world.harness().await;
    let config = scene.config(json!({}));
    let failure = harness.apply(S, config.clone()).await.unwrap_err();
    assert_eq!(failure.summaries(), ["Stack \"dev\" already exists"]);
    let workspace = scene.workspace;
    let command = format!("terraform import zenml_stack.NAME {workspace}/{there}");
    assert!(failure.to_string().contains(&command), "{failure}");
    for text in [format!("{workspace}/{there}"), "alpha/dev".to_owned()] {
        harness.import(S, ImportBy::Id(text)).await.unwrap();
        assert_eq!(harness.plan(S, config.clone()).await.unwrap().action, Action::NoOp);
        harness.forget(S);
    }
    let failure = harness.import(S, ImportBy::Id("alpha/nope".to_owned())).await.unwrap_err();
    assert_eq!(failure.summaries(), ["There is no stack \"nope\""]);
    // A change to the name of another stack is also rejected.
    let mut other = config;
    other["name"] = json!("other");
    harness.apply(S, other.clone()).await.unwrap();
    other["name"] = json!("dev");
    let failure = harness.apply(S, other).await.unwrap_err();
    assert_eq!(failure.summaries(), ["Stack \"dev\" already exists"]);
    scene.world.stop().await;
}

#[tokio::test]
async fn components_without_read_permission_stay_in_the_stack() {
    let scene = Scene::new().await;
    let alerter = scene.alerter("slack").await;
    let mut harness = scene.world.harness().await;
    let config = scene.config(json!({ "alerter": alerter.to_string() }));
    harness.apply(S, config.clone()).await.unwrap();
    let mut seen = serde_json::to_value(scene.server.call(&api::GET, id(&harness)).await.unwrap()).unwrap();
    for slot in seen["metadata"]["components"].as_object_mut().unwrap().values_mut() {
        let id = slot[0]["id"].clone();
        *slot = json!([{ "id": id, "name": "", "permission_denied": true, "body": null, "metadata": null,
            "resources": null }]);
    }
    scene.world.inject(json!({ "rules": [
        { "method": "GET", "route": "/w/*/stacks/{stack_id}", "effect": { "status": 200, "body": seen } },
    ] }));
    assert_eq!(harness.plan(S, config.clone()).await.unwrap().action, Action::NoOp);
    let fewer = scene.config(json!({}));
    assert_eq!(harness.plan(S, fewer).await.unwrap().changes(), ["components"]);
    // A stack of which only the name can be read stays in the state.
    let stub = json!({ "id": id(&harness).to_string(), "name": "dev", "permission_denied": true, "body": null,
        "metadata": null, "resources": null });
    scene.world.inject(json!({ "rules": [
        { "method": "GET", "route": "/w/*/stacks/{stack_id}", "effect": { "status": 200, "body": stub } },
    ] }));
    let failure = harness.plan(S, config).await.unwrap_err();
    assert_eq!(failure.summaries(), ["Cannot read the stack \"dev\": no access"]);
    scene.world.stop().await;
}

#[tokio::test]
async fn after_a_lost_response_the_new_stack_is_taken_over() {
    let scene = Scene::new().await;
    scene.world.inject(json!({ "rules": [
        { "method": "POST", "route": "/w/*/stacks", "phase": "after_commit", "effect": "drop" },
    ] }));
    let mut harness = scene.world.harness().await;
    harness.apply(S, scene.config(json!({}))).await.unwrap();
    assert_eq!(scene.count().await, 1);
    scene.world.stop().await;
}

#[tokio::test]
async fn the_state_of_an_earlier_release_plans_empty() {
    let scene = Scene::new().await;
    let mut block = scene.world.block();
    block["workspace_id"] = json!("alpha");
    let mut harness = scene.world.harness_with(block).await;
    let mut config = scene.config(json!({ "alerter": null }));
    config.as_object_mut().unwrap().remove("workspace_id");
    config["labels"] = json!({});
    harness.apply(S, config.clone()).await.unwrap();
    let mut state = config.clone();
    state["id"] = json!(id(&harness).to_string());
    harness.forget(S);
    harness.adopt(S, 0, &state).await.unwrap();
    let planned = harness.plan(S, config.clone()).await.unwrap();
    assert_eq!((planned.action, planned.changes()), (Action::NoOp, vec![]));
    // Some have empty labels if none are configured, and labels that are no longer configured are still removed.
    config["labels"] = json!(null);
    assert_eq!(harness.plan(S, config.clone()).await.unwrap().action, Action::NoOp);
    config["labels"] = json!({ "a": "b" });
    harness.apply(S, config.clone()).await.unwrap();
    config["labels"] = json!(null);
    assert_eq!(harness.plan(S, config).await.unwrap().changes(), ["labels"]);
    scene.world.stop().await;
}

#[tokio::test]
async fn a_stack_and_its_components_pass_their_life_cycle_under_real_hosts() {
    under_each_host(async |world, host| {
        let scene = Scene::of(world).await;
        let main = |name: &str, flavor: &str| {
            format!(
                "locals {{\n  workspace = \"{}\"\n}}\n\n\
                 resource \"zenml_stack_component\" \"k\" {{\n  workspace_id = local.workspace\n  name = \"{flavor}\"\n  \
                 type = \"orchestrator\"\n  flavor = \"{flavor}\"\n  lifecycle {{\n    create_before_destroy = true\n  \
                 }}\n}}\n\n\
                 resource \"zenml_stack_component\" \"r\" {{\n  workspace_id = local.workspace\n  name = \"mine\"\n  \
                 type = \"container_registry\"\n  flavor = \"default\"\n  configuration = {{ uri = \
                 \"registry.example.com\" }}\n}}\n\n\
                 resource \"zenml_stack\" \"s\" {{\n  workspace_id = local.workspace\n  name = \"{name}\"\n  \
                 components = {{\n    orchestrator = zenml_stack_component.k.id\n    artifact_store = \"{}\"\n    \
                 container_registry = zenml_stack_component.r.id\n  }}\n}}\n",
                scene.workspace, scene.store
            )
        };
        host.write("main.tf", &main("dev", "local")).unwrap();
        host.apply().await.unwrap();
        let attributes = host.attributes(S).await.unwrap();
        let there: StackId = attributes["id"].as_str().unwrap().parse().unwrap();
        host.import_equals_state(S, &format!("{}/{there}", scene.workspace), &[]).await.unwrap();
        host.import_equals_state(S, "alpha/dev", &[]).await.unwrap();
        // Not by the exit code: Terraform writes the names of several sensitive attributes in random order, and
        // reports another order as a change.
        let refreshed = host.run(&["plan", "-refresh-only"]).await.unwrap();
        assert!(refreshed.stdout.contains("No changes"), "{}", refreshed.stdout);
        host.write("main.tf", &main("renamed", "local")).unwrap();
        assert_eq!(host.apply().await.unwrap().action(S), Some(Action::Update));
        // The new orchestrator is added before the old one is deleted.
        host.write("main.tf", &main("renamed", "local_docker")).unwrap();
        let exchanged = host.apply().await.unwrap();
        assert_eq!(exchanged.action("zenml_stack_component.k"), Some(Action::Replace));
        assert_eq!(exchanged.action(S), Some(Action::Update));
        assert_eq!(host.attributes(S).await.unwrap()["id"], attributes["id"]);
        let change = StackUpdate { name: Patch::Set("outside".to_owned()), ..StackUpdate::default() };
        scene.server.send(&api::UPDATE, there, (), change).await.unwrap();
        assert_eq!(host.apply().await.unwrap().action(S), Some(Action::Update));
        scene.server.call(&api::DELETE, there).await.unwrap();
        assert_eq!(host.apply().await.unwrap().action(S), Some(Action::Create));
        host.destroy().await.unwrap();
        assert_eq!(scene.count().await, 0);
        assert!(scene.server.call(&api::GET, there).await.optional().unwrap().is_none());
        scene.world.stop().await;
    })
    .await;
}
