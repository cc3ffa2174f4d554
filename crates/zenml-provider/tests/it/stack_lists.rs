//! Stacks with several components of a type, and what runs receive from a stack.

use serde_json::{Value as Json, json};
use tfkit::Dyn;
use tfkit::engine::ImportBy;
use tfkit_test::{Action, Harness, unknown};
use zenml_api::workspace::stack::{self as api, Stack, StackUpdate};
use zenml_api::workspace::{component, secret};
use zenml_api::{ComponentId, Patch, SecretId, StackId, WorkspaceId};
use zenml_client::Api;

use crate::world::World;

const S: &str = "zenml_stack.s";

/// A workspace with the required components of a stack, and three alerters.
struct Scene {
    world: World,
    workspace: WorkspaceId,
    server: Api,
    orchestrator: ComponentId,
    store: ComponentId,
    alerters: [ComponentId; 3],
}

impl Scene {
    async fn new() -> Self {
        let world = World::start().await;
        let workspace = world.workspace("alpha").await;
        let server = world.server(workspace).await;
        let make = async |name: &str, kind: &str, flavor: &str| {
            let mut configuration = json!({});
            if kind == "alerter" {
                configuration = json!({ "slack_token": "token", "default_slack_channel_id": "channel" });
            }
            let create =
                json!({ "name": name, "type": kind, "flavor": flavor, "configuration": configuration });
            server.send(&component::CREATE, (), (), serde_json::from_value(create).unwrap()).await.unwrap().id
        };
        let orchestrator = make("one", "orchestrator", "local").await;
        let store = make("one", "artifact_store", "local").await;
        let alerters = [
            make("a", "alerter", "slack").await,
            make("b", "alerter", "slack").await,
            make("c", "alerter", "slack").await,
        ];
        Self { world, workspace, server, orchestrator, store, alerters }
    }

    /// Returns a configuration with the required components and more.
    fn lists(&self, more: Json) -> Json {
        let mut lists = json!({ "orchestrator": [self.orchestrator.to_string()], "artifact_store": [self.store.to_string()] });
        let Json::Object(more) = more else { panic!("the lists must be an object") };
        lists.as_object_mut().unwrap().extend(more);
        json!({ "workspace_id": self.workspace.to_string(), "name": "dev", "component_lists": lists })
    }

    fn components(&self, more: Json) -> Json {
        let mut components = json!({ "orchestrator": self.orchestrator.to_string(), "artifact_store": self.store.to_string() });
        let Json::Object(more) = more else { panic!("the components must be an object") };
        components.as_object_mut().unwrap().extend(more);
        json!({ "workspace_id": self.workspace.to_string(), "name": "dev", "components": components })
    }

    /// Ids of these alerters for a configuration.
    fn texts(&self, places: &[usize]) -> Json {
        places.iter().map(|place| json!(self.alerters[*place].to_string())).collect()
    }

    async fn look(&self, harness: &Harness) -> Stack {
        self.server.call(&api::GET, id(harness)).await.unwrap()
    }

    /// Returns the alerters of the stack on the server, in its order.
    async fn alerters(&self, harness: &Harness) -> Vec<usize> {
        let components = self.look(harness).await.metadata.unwrap().components;
        let found = components.get("alerter").into_iter().flatten();
        let place = |id: ComponentId| self.alerters.iter().position(|alerter| *alerter == id).unwrap();
        found.map(|component| place(component.id)).collect()
    }

    async fn secret(&self, name: &str) -> SecretId {
        let create = json!({ "name": name, "private": false, "values": { "KEY": "hidden" } });
        self.server.send(&secret::CREATE, (), (), serde_json::from_value(create).unwrap()).await.unwrap().id
    }
}

fn id(harness: &Harness) -> StackId {
    harness.state(S).unwrap().attribute("id").as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn several_components_of_a_type_stay_in_their_order() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    for order in [&[2, 0, 1][..], &[0, 2], &[1], &[]] {
        let config = scene.lists(json!({ "alerter": scene.texts(order), "model_registry": null }));
        harness.apply(S, config.clone()).await.unwrap();
        assert_eq!(scene.alerters(&harness).await, order);
        assert_eq!(harness.plan(S, config).await.unwrap().action, Action::NoOp);
    }
    let kept = harness.state(S).unwrap().attribute("component_lists").attribute("alerter");
    assert_eq!(kept, &Dyn::list([]));
    // Components that are added, removed or moved outside are a difference.
    let config = scene.lists(json!({ "alerter": scene.texts(&[0, 1]) }));
    harness.apply(S, config.clone()).await.unwrap();
    for order in [&[1, 0][..], &[0, 1, 2], &[1], &[]] {
        let mut components = json!({ "orchestrator": [scene.orchestrator], "artifact_store": [scene.store] });
        components["alerter"] = scene.texts(order);
        let components = Some(serde_json::from_value(components).unwrap());
        let change = StackUpdate { components, ..StackUpdate::default() };
        scene.server.send(&api::UPDATE, id(&harness), (), change).await.unwrap();
        assert_eq!(harness.plan(S, config.clone()).await.unwrap().changes(), ["component_lists"]);
        harness.apply(S, config.clone()).await.unwrap();
        assert_eq!(scene.alerters(&harness).await, [0, 1]);
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn single_components_and_lists_replace_each_other_in_place() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    harness.apply(S, scene.components(json!({ "alerter": scene.texts(&[0])[0] }))).await.unwrap();
    let before = id(&harness);
    let unchanged = scene.look(&harness).await;
    let lists = scene.lists(json!({ "alerter": scene.texts(&[0]) }));
    assert_eq!(harness.apply(S, lists).await.unwrap().action, Action::Update);
    assert_eq!(scene.look(&harness).await, unchanged, "the same in the other form is not sent");
    harness.apply(S, scene.lists(json!({ "alerter": scene.texts(&[1, 0]) }))).await.unwrap();
    assert_eq!(scene.alerters(&harness).await, [1, 0]);
    harness.apply(S, scene.components(json!({ "alerter": scene.texts(&[0])[0] }))).await.unwrap();
    assert_eq!(
        scene.alerters(&harness).await,
        [0],
        "a managed component that is no longer set leaves the stack"
    );
    assert_eq!(id(&harness), before);
    scene.world.stop().await;
}

#[tokio::test]
async fn an_import_uses_lists_only_if_a_type_has_several_components() {
    let scene = Scene::new().await;
    for (order, form) in [(&[0][..], "components"), (&[1, 0], "component_lists")] {
        let mut harness = scene.world.harness().await;
        let config = match order {
            [_] => scene.components(json!({ "alerter": scene.texts(order)[0] })),
            _ => scene.lists(json!({ "alerter": scene.texts(order) })),
        };
        harness.apply(S, config.clone()).await.unwrap();
        let state = harness.state(S).unwrap().clone();
        let there = format!("{}/{}", scene.workspace, id(&harness));
        harness.forget(S);
        harness.import(S, ImportBy::Id(there)).await.unwrap();
        assert_eq!(harness.state(S).unwrap(), &state, "{form}");
        assert!(!state.attribute(form).is_null());
        assert_eq!(harness.plan(S, config).await.unwrap().action, Action::NoOp);
        harness.destroy(S).await.unwrap();
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn contradictory_lists_are_rejected_before_anything_is_sent() {
    let scene = Scene::new().await;
    let harness = scene.world.harness().await;
    let (one, alerter) = (scene.orchestrator.to_string(), scene.alerters[0].to_string());
    let both = {
        let mut both = scene.lists(json!({}));
        both["components"] = scene.components(json!({}))["components"].clone();
        both
    };
    let neither = json!({ "workspace_id": scene.workspace.to_string(), "name": "dev" });
    let single = |more: Json| scene.components(more);
    let list = |more: Json| scene.lists(more);
    let cases = [
        (both, "component_lists", "The components of the stack are specified twice"),
        (neither, "components", "The stack has no components"),
        (list(json!({ "orchestrator": [] })), "component_lists", "The stack has no orchestrator"),
        (list(json!({ "artifact_store": null })), "component_lists", "The stack has no artifact_store"),
        (
            list(json!({ "orchestrator": [one, alerter] })),
            "component_lists[\"orchestrator\"][1]",
            "A stack can have only one orchestrator",
        ),
        (
            list(json!({ "alerter": [alerter, alerter] })),
            "component_lists[\"alerter\"][1]",
            &format!("The component {alerter} is in the stack twice"),
        ),
        (
            list(json!({ "step_operator": [alerter] })),
            "component_lists[\"step_operator\"][0]",
            "The component \"a\" is not of the type \"step_operator\"",
        ),
        (
            list(json!({ "alerter": [format!(" {alerter}")] })),
            "component_lists[\"alerter\"][0]",
            "Attribute \"component_lists\" must be the id of a stack component, which is a UUID",
        ),
        (
            single(json!({ "alerter": format!("{alerter} ") })),
            "components[\"alerter\"]",
            "Attribute \"components\" must be the id of a stack component, which is a UUID",
        ),
    ];
    for (config, place, summary) in cases {
        let failure = harness.plan(S, config).await.unwrap_err();
        let places: Vec<String> = failure.places().iter().map(ToString::to_string).collect();
        assert_eq!((failure.summaries(), places), (vec![summary], vec![place.to_owned()]), "{failure}");
    }
    // Unknown values may turn out to be valid.
    for waiting in [
        json!({ "workspace_id": scene.workspace.to_string(), "name": "dev", "component_lists": unknown() }),
        list(json!({ "alerter": [unknown(), alerter] })),
        list(json!({ "alerter": unknown() })),
    ] {
        assert_eq!(harness.plan(S, waiting).await.unwrap().action, Action::Create);
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn environment_and_secrets_are_set_changed_and_cleared() {
    let scene = Scene::new().await;
    let secrets = [scene.secret("one").await, scene.secret("two").await];
    let mut harness = scene.world.harness().await;
    let config = |environment: Json, chosen: &[usize]| {
        let mut config = scene.components(json!({}));
        config["environment"] = environment;
        config["secrets"] = match chosen {
            [] => json!([]),
            chosen => chosen.iter().map(|place| json!(secrets[*place].to_string())).collect(),
        };
        config
    };
    for (environment, chosen) in [
        (json!({ "A": "1" }), &[0][..]),
        (json!({ "A": "2", "B": "3" }), &[0, 1]),
        (json!({ "B": "3" }), &[1]),
        (json!({}), &[]),
    ] {
        harness.apply(S, config(environment.clone(), chosen)).await.unwrap();
        let metadata = scene.look(&harness).await.metadata.unwrap();
        assert_eq!(serde_json::to_value(metadata.environment).unwrap(), environment);
        let mut linked = metadata.secrets;
        linked.sort();
        let mut wanted: Vec<SecretId> = chosen.iter().map(|place| secrets[*place]).collect();
        wanted.sort();
        assert_eq!(linked, wanted);
    }
    // Empty ones can be null or empty and are not sent; additions from outside are a difference.
    let before = scene.look(&harness).await;
    let mut empty = scene.components(json!({}));
    empty["environment"] = json!({});
    empty["secrets"] = json!([]);
    harness.apply(S, empty).await.unwrap();
    assert_eq!(scene.look(&harness).await, before);
    let change = StackUpdate {
        environment: Patch::Set([("X".to_owned(), "y".to_owned())].into()),
        add_secrets: Some(vec![secrets[0].to_string()]),
        ..StackUpdate::default()
    };
    scene.server.send(&api::UPDATE, id(&harness), (), change).await.unwrap();
    let planned = harness.plan(S, config(json!({}), &[])).await.unwrap();
    assert_eq!(planned.changes(), ["environment", "secrets"]);
    // If they are omitted, additions from outside stay.
    let planned = harness.plan(S, scene.components(json!({}))).await.unwrap();
    assert_eq!(planned.action, Action::NoOp);
    harness.apply(S, config(json!(null), &[0])).await.unwrap();
    // A deleted secret is unlinked by the server, so a secret to remove may already be gone.
    scene.server.call(&secret::DELETE, secrets[0]).await.unwrap();
    harness.apply(S, config(json!(null), &[])).await.unwrap();
    let failure = harness.apply(S, config(json!(null), &[0])).await.unwrap_err();
    assert_eq!(failure.places().first().map(ToString::to_string).as_deref(), Some("secrets"), "{failure}");
    scene.world.stop().await;
}

#[tokio::test]
async fn labels_that_are_not_strings_are_shown_as_json_and_left_alone() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    let config = |labels: Json| {
        let mut config = scene.components(json!({}));
        config["labels"] = labels;
        config
    };
    harness.apply(S, config(json!({ "n": "1" }))).await.unwrap();
    let change =
        StackUpdate { labels: Patch::Set([("n".to_owned(), json!(1))].into()), ..StackUpdate::default() };
    scene.server.send(&api::UPDATE, id(&harness), (), change).await.unwrap();
    let mut described = config(json!({ "n": "1" }));
    assert_eq!(harness.plan(S, described.clone()).await.unwrap().action, Action::NoOp);
    described["description"] = json!("changed");
    harness.apply(S, described).await.unwrap();
    assert_eq!(scene.look(&harness).await.metadata.unwrap().labels.unwrap()["n"], json!(1));
    // No labels are an empty map on the server, never null.
    harness.apply(S, config(json!(null))).await.unwrap();
    assert_eq!(scene.look(&harness).await.metadata.unwrap().labels, Some([].into_iter().collect()));
    scene.world.stop().await;
}
