//! Stack components.

use serde_json::{Value as Json, json};
use tfkit::Dyn;
use tfkit::engine::ImportBy;
use tfkit_test::{Action, Harness, unknown};
use zenml_api::workspace::component::{self as api, Component, ComponentQuery, ComponentUpdate};
use zenml_api::workspace::stack::{StackCreate, StackQuery};
use zenml_api::workspace::{connector, stack};
use zenml_api::{ComponentId, ConnectorId, Patch, Sensitive, WorkspaceId};
use zenml_client::Api;
use zenml_local::audit::Entry;

use crate::world::{World, engine, under_each_host};

const C: &str = "zenml_stack_component.c";

/// A workspace of its own, and its API.
struct Scene {
    world: World,
    workspace: WorkspaceId,
    server: Api,
}

impl Scene {
    async fn new() -> Self {
        Self::of(World::start().await).await
    }

    async fn of(world: World) -> Self {
        let workspace = world.workspace("alpha").await;
        let server = world.server(workspace).await;
        Self { world, workspace, server }
    }

    /// A configuration in this workspace with these arguments.
    fn config(&self, special: Json) -> Json {
        let mut config = json!({
            "workspace_id": self.workspace.to_string(), "name": "store", "type": "artifact_store", "flavor": "s3",
            "configuration": { "path": "s3://bucket" },
        });
        let Json::Object(special) = special else { panic!("the configuration must be an object") };
        config.as_object_mut().unwrap().extend(special);
        config
    }

    async fn make(&self, create: Json) -> ComponentId {
        self.server.send(&api::CREATE, (), (), serde_json::from_value(create).unwrap()).await.unwrap().id
    }

    async fn connector(&self, name: &str) -> ConnectorId {
        let create = json!({
            "name": name, "connector_type": "aws", "auth_method": "iam-role", "resource_types": [],
            "configuration": { "aws_access_key_id": "AKIA", "aws_secret_access_key": "hidden", "region": "eu-west-1",
                "role_arn": "arn:aws:iam::000000000000:role/x" },
        });
        let create = serde_json::from_value(create).unwrap();
        self.server.send(&connector::CREATE, (), (), create).await.unwrap().id
    }

    /// A stack with these components, and with its own orchestrator and artifact store.
    async fn stack(&self, name: &str, more: Json) {
        let orchestrator = self
            .make(json!({ "name": name, "type": "orchestrator", "flavor": "local", "configuration": {} }))
            .await;
        let store = self
            .make(json!({ "name": name, "type": "artifact_store", "flavor": "local", "configuration": {} }))
            .await;
        let mut components = json!({ "orchestrator": [orchestrator], "artifact_store": [store] });
        let Json::Object(more) = more else { panic!("the components must be an object") };
        components.as_object_mut().unwrap().extend(more);
        let components = serde_json::from_value(components).unwrap();
        let create = StackCreate { name: name.to_owned(), components, ..StackCreate::default() };
        self.server.send(&stack::CREATE, (), (), create).await.unwrap();
    }

    /// The number of components of each stack, by name.
    async fn sizes(&self) -> Vec<(String, usize)> {
        let query = StackQuery { hydrate: Some(true), ..StackQuery::default() };
        let stacks = self.server.list_all(&stack::LIST, (), query).await.unwrap();
        let size =
            |stack: &stack::Stack| stack.metadata.as_ref().unwrap().components.values().flatten().count();
        let mut sizes: Vec<_> = stacks.iter().map(|stack| (stack.name.clone(), size(stack))).collect();
        sizes.sort();
        sizes
    }

    async fn count(&self, kind: &str) -> usize {
        let query = ComponentQuery { kind: vec![kind.to_owned()], ..ComponentQuery::default() };
        self.server.list_all(&api::LIST, (), query).await.unwrap().len()
    }

    async fn look(&self, harness: &Harness) -> Component {
        self.server.call(&api::GET, id(harness)).await.unwrap()
    }
}

fn id(harness: &Harness) -> ComponentId {
    harness.state(C).unwrap().attribute("id").as_str().unwrap().parse().unwrap()
}

fn setting<'a>(harness: &'a Harness, name: &str) -> &'a Dyn {
    harness.state(C).unwrap().attribute("configuration").attribute(name)
}

fn stored(component: &Component) -> Json {
    serde_json::to_value(component.metadata.as_ref().unwrap().configuration.expose()).unwrap()
}

#[tokio::test]
async fn settings_keep_the_users_spelling_in_any_stored_form() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    let config = |special: Json| {
        let mut config = scene.config(json!({ "type": "orchestrator", "flavor": "kubernetes" }));
        config["configuration"] = special;
        config
    };
    let written = json!({
        "synchronous": "True", "max_parallelism": "4", "kubernetes_namespace": "zenml",
        "fail_on_container_waiting_reasons": "[\"a\",  \"b\"]", "kubernetes_context": null,
    });
    harness.apply(C, config(written)).await.unwrap();
    let expected = json!({
        "synchronous": true, "max_parallelism": 4, "kubernetes_namespace": "zenml",
        "fail_on_container_waiting_reasons": ["a", "b"],
    });
    assert_eq!(stored(&scene.look(&harness).await), expected);
    assert_eq!(setting(&harness, "synchronous"), &Dyn::string("True"));
    // Another spelling of the same value is not a change.
    let respelled = json!({
        "synchronous": "true", "max_parallelism": "4.0", "kubernetes_namespace": "zenml",
        "fail_on_container_waiting_reasons": "[\"a\",\"b\"]", "kubernetes_context": null,
    });
    let planned = harness.plan(C, config(respelled)).await.unwrap();
    assert_eq!((planned.action, planned.changes()), (Action::NoOp, vec![]));
    // An omitted setting is removed.
    let fewer = json!({ "kubernetes_namespace": "zenml" });
    assert_eq!(harness.apply(C, config(fewer)).await.unwrap().action, Action::Update);
    assert_eq!(stored(&scene.look(&harness).await), json!({ "kubernetes_namespace": "zenml" }));
    scene.world.stop().await;
}

#[tokio::test]
async fn settings_that_the_server_adds_are_ignored_and_changes_from_outside_are_not() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    let role = "arn:aws:iam::000000000000:role/x";
    let config = scene.config(json!({ "type": "orchestrator", "flavor": "sagemaker", "configuration": {
        "execution_role": role, "volume_size_in_gb": "100" } }));
    harness.apply(C, config.clone()).await.unwrap();
    assert!(
        stored(&scene.look(&harness).await)["instance_type"].is_string(),
        "this must be the case under test"
    );
    let put = async |configuration: Json| {
        let configuration = Patch::Set(Sensitive::new(serde_json::from_value(configuration).unwrap()));
        let change = ComponentUpdate { configuration, ..ComponentUpdate::default() };
        scene.server.send(&api::UPDATE, id(&harness), (), change).await.unwrap();
    };
    // A change of something else reads the settings again, and finds no difference.
    put(json!({ "execution_role": role, "volume_size_in_gb": 100, "region": "eu-west-1" })).await;
    assert_eq!(harness.plan(C, config.clone()).await.unwrap().action, Action::NoOp);
    put(json!({ "execution_role": role, "volume_size_in_gb": 200 })).await;
    assert_eq!(harness.plan(C, config.clone()).await.unwrap().action, Action::Update);
    put(json!({ "execution_role": role })).await;
    assert_eq!(harness.plan(C, config.clone()).await.unwrap().action, Action::Update);
    harness.apply(C, config).await.unwrap();
    assert_eq!(stored(&scene.look(&harness).await)["volume_size_in_gb"], 100);
    scene.world.stop().await;
}

#[tokio::test]
async fn settings_that_the_server_ignores_stay_and_are_named_once() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    // A server that ignores unknown settings.
    let answer = json!({
        "id": "0f4c3b1e-6a52-4f0e-9d6b-2f1f0d3c7a11", "name": "store", "permission_denied": false,
        "body": { "created": "2026-01-01T00:00:00", "updated": "2026-01-01T00:00:00", "type": "artifact_store",
            "flavor_name": "s3" },
        "metadata": { "configuration": { "path": "s3://bucket" } },
    });
    // It does not describe its settings, like a custom flavor.
    let flavor = json!({ "id": "0f4c3b1e-6a52-4f0e-9d6b-2f1f0d3c7a12", "name": "s3", "permission_denied": false,
        "body": { "created": "2026-01-01T00:00:00", "updated": "2026-01-01T00:00:00", "type": "artifact_store",
            "source": "stores.Own", "is_custom": true },
        "metadata": { "config_schema": {} } });
    let flavors = json!({ "index": 1, "max_size": 20, "total_pages": 1, "total": 1, "items": [flavor] });
    scene.world.inject(json!({ "rules": [
        { "method": "GET", "route": "/w/*/flavors", "effect": { "status": 200, "body": flavors } },
        { "method": "POST", "route": "/w/*/components", "effect": { "status": 200, "body": answer } },
        { "method": "GET", "route": "/w/*/components/{component_id}", "effect": { "status": 200, "body": answer } },
    ] }));
    let config = scene.config(json!({ "configuration": { "path": "s3://bucket", "unkept": "x" } }));
    let applied = harness.apply(C, config.clone()).await.unwrap();
    assert_eq!(applied.told(), ["The server ignored settings of \"store\""]);
    assert_eq!(setting(&harness, "unkept"), &Dyn::string("x"));
    // Also after the component was changed outside.
    let mut later = answer;
    later["body"]["updated"] = json!("2026-01-02T00:00:00");
    scene.world.inject(json!({ "rules": [
        { "method": "GET", "route": "/w/*/components/{component_id}", "effect": { "status": 200, "body": later } },
    ] }));
    assert_eq!(harness.plan(C, config).await.unwrap().told(), Vec::<&str>::new());
    harness.refresh(C).await.unwrap();
    assert_eq!(setting(&harness, "unkept"), &Dyn::string("x"));
    scene.world.stop().await;
}

#[tokio::test]
async fn a_connector_is_attached_replaced_and_detached_in_place() {
    let scene = Scene::new().await;
    let (one, two) = (scene.connector("one").await, scene.connector("two").await);
    let mut harness = scene.world.harness().await;
    let linked = async |harness: &Harness| {
        let metadata = scene.look(harness).await.metadata.unwrap();
        (metadata.connector.map(|connector| connector.id), metadata.connector_resource_id)
    };
    let with = |connector: ConnectorId| json!({ "connector_id": connector.to_string(), "connector_resource_id": "s3://bucket" });
    let resource = Some("s3://bucket".to_owned());
    harness.apply(C, scene.config(json!({}))).await.unwrap();
    let before = id(&harness);
    assert_eq!(harness.apply(C, scene.config(with(one))).await.unwrap().action, Action::Update);
    assert_eq!(linked(&harness).await, (Some(one), resource.clone()));
    assert_eq!(harness.apply(C, scene.config(with(two))).await.unwrap().action, Action::Update);
    assert_eq!(linked(&harness).await, (Some(two), resource.clone()));
    // A change of something else keeps the connector, which the server would remove.
    let mut renamed = scene.config(with(two));
    renamed["name"] = json!("other");
    assert_eq!(harness.apply(C, renamed).await.unwrap().action, Action::Update);
    assert_eq!(linked(&harness).await, (Some(two), resource));
    assert_eq!(harness.apply(C, scene.config(json!({}))).await.unwrap().action, Action::Update);
    assert_eq!(linked(&harness).await, (None, None));
    assert_eq!(id(&harness), before);
    scene.world.stop().await;
}

#[tokio::test]
async fn a_connector_without_read_permission_stays_linked() {
    let scene = Scene::new().await;
    let connector = scene.connector("one").await;
    let mut harness = scene.world.harness().await;
    let config = scene.config(json!({ "connector_id": connector.to_string() }));
    harness.apply(C, config.clone()).await.unwrap();
    let mut seen = serde_json::to_value(scene.look(&harness).await).unwrap();
    seen["metadata"]["connector"] = json!({ "id": connector, "name": "one", "permission_denied": true, "body": null,
        "metadata": null, "resources": null });
    scene.world.inject(json!({ "rules": [
        { "method": "GET", "route": "/w/*/components/{component_id}", "effect": { "status": 200, "body": seen } },
    ] }));
    assert_eq!(harness.plan(C, config).await.unwrap().action, Action::NoOp);
    scene.world.stop().await;
}

#[tokio::test]
async fn no_labels_and_empty_labels_both_stay_as_they_are_configured() {
    let scene = Scene::new().await;
    for labels in [json!(null), json!({}), json!({ "team": "alpha" })] {
        let mut harness = scene.world.harness().await;
        harness.apply(C, scene.config(json!({ "labels": labels }))).await.unwrap();
        harness.apply(C, scene.config(json!({ "labels": null }))).await.unwrap();
        harness.apply(C, scene.config(json!({ "labels": {} }))).await.unwrap();
        harness.destroy(C).await.unwrap();
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn what_a_server_rejects_is_an_error_at_its_attribute_and_shows_no_value() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    let nobody = "0f4c3b1e-6a52-4f0e-9d6b-2f1f0d3c7a11";
    let orchestrator = |configuration: Json| json!({ "type": "orchestrator", "flavor": "kubernetes", "configuration": configuration });
    let cases = [
        (json!({ "flavor": "nope" }), "flavor", "There is no flavor \"nope\" of the type \"artifact_store\""),
        (
            json!({ "configuration": { "path": "s3://bucket", "nonsense": "hush-hush" } }),
            "configuration[\"nonsense\"]",
            "The flavor \"s3\" has no setting \"nonsense\"",
        ),
        (json!({ "configuration": {} }), "configuration", "The flavor \"s3\" requires the setting \"path\""),
        (
            orchestrator(json!({ "max_parallelism": "hush-hush" })),
            "configuration[\"max_parallelism\"]",
            "Cannot create stack component \"store\": the workspace rejected the request",
        ),
        (
            json!({ "configuration": { "path": "gs://hush-hush" } }),
            "configuration",
            "Cannot create stack component \"store\": the workspace failed",
        ),
        (
            json!({ "type": "experiment_tracker", "flavor": "mlflow", "configuration": {
                "tracking_uri": "https://mlflow.example.com", "tracking_username": "hush-hush",
                "tracking_password": "{{missing.password}}" } }),
            "configuration[\"tracking_password\"]",
            "Cannot create stack component \"store\": not found",
        ),
        (
            json!({ "connector_id": nobody }),
            "connector_id",
            "Cannot create stack component \"store\": not found",
        ),
    ];
    for (special, place, summary) in cases {
        let failure = harness.apply(C, scene.config(special)).await.unwrap_err();
        let places: Vec<String> = failure.places().iter().map(ToString::to_string).collect();
        assert_eq!((failure.summaries(), places), (vec![summary], vec![place.to_owned()]), "{failure}");
        assert!(!failure.to_string().contains("hush-hush"), "{failure}");
        assert!(harness.state(C).is_none());
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn contradictions_are_rejected_before_anything_is_sent() {
    let scene = Scene::new().await;
    let harness = scene.world.harness().await;
    let cases = [
        (json!({ "name": "" }), "name"),
        (json!({ "name": "n".repeat(256) }), "name"),
        (json!({ "name": "two\nlines" }), "name"),
        (json!({ "workspace_id": "alpha" }), "workspace_id"),
        (json!({ "connector_id": "aws" }), "connector_id"),
        (json!({ "connector_resource_id": "s3://bucket" }), "connector_id"),
    ];
    for (special, place) in cases {
        let failure = harness.plan(C, scene.config(special)).await.unwrap_err();
        let places: Vec<String> = failure.places().iter().map(ToString::to_string).collect();
        assert_eq!(places, [place], "{failure}");
    }
    let waiting = json!({ "connector_id": unknown(), "connector_resource_id": "s3://bucket" });
    assert_eq!(harness.plan(C, scene.config(waiting)).await.unwrap().action, Action::Create);
    // A newer server may support more types than this provider, so the type is checked on the server.
    let teleporter = scene.config(json!({ "type": "teleporter", "flavor": "beam" }));
    let failure = harness.plan(C, teleporter.clone()).await.unwrap_err();
    assert_eq!(failure.summaries(), ["There is no stack component type \"teleporter\""]);
    assert_eq!(failure.places()[0].to_string(), "type");
    scene.world.inject(json!({ "rules": [{ "method": "GET", "route": "/w/*/component-types", "effect": {
        "status": 200, "body": ["orchestrator", "teleporter"] } }] }));
    let planned = harness.plan(C, teleporter).await.unwrap();
    assert_eq!(planned.told(), ["Unknown stack component type \"teleporter\""]);
    scene.world.stop().await;
}

#[tokio::test]
async fn an_existing_component_is_not_adopted_but_can_be_imported() {
    let scene = Scene::new().await;
    let there = scene
        .make(json!({ "name": "store", "type": "artifact_store", "flavor": "s3",
            "configuration": { "path": "s3://bucket" } }))
        .await;
    // Another type can have the same name.
    scene
        .make(json!({ "name": "store", "type": "orchestrator", "flavor": "local", "configuration": {} }))
        .await;
    let mut harness = scene.world.harness().await;
    let failure = harness.apply(C, scene.config(json!({}))).await.unwrap_err();
    assert_eq!(failure.summaries(), ["Stack component \"store\" already exists"]);
    let workspace = scene.workspace;
    let command = format!("terraform import zenml_stack_component.NAME {workspace}/{there}");
    assert!(failure.to_string().contains(&command), "{failure}");
    for text in [
        format!("{workspace}/{there}"),
        format!("alpha/{there}"),
        format!("{workspace}/artifact_store/store"),
        "alpha/artifact_store/store".to_owned(),
    ] {
        harness.import(C, ImportBy::Id(text)).await.unwrap();
        assert_eq!(id(&harness), there);
        assert_eq!(harness.plan(C, scene.config(json!({}))).await.unwrap().action, Action::NoOp);
        harness.forget(C);
    }
    // With a default workspace it can be omitted.
    let mut block = scene.world.block();
    block["workspace_id"] = json!("alpha");
    let mut harness = scene.world.harness_with(block).await;
    for text in [there.to_string(), "artifact_store/store".to_owned()] {
        harness.import(C, ImportBy::Id(text)).await.unwrap();
        assert_eq!(harness.plan(C, scene.config(json!({}))).await.unwrap().action, Action::NoOp);
        harness.forget(C);
    }
    for (text, summary) in [
        ("store", "Invalid import id \"store\""),
        ("artifact_store/other", "There is no stack component \"other\""),
    ] {
        let failure = harness.import(C, ImportBy::Id(text.to_owned())).await.unwrap_err();
        assert_eq!(failure.summaries(), [summary]);
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn after_a_lost_response_the_new_component_is_taken_over() {
    let scene = Scene::new().await;
    scene.world.inject(json!({ "rules": [
        { "method": "POST", "route": "/w/*/components", "phase": "after_commit", "effect": "drop" },
    ] }));
    let mut harness = scene.world.harness().await;
    let before = scene.count("artifact_store").await;
    harness.apply(C, scene.config(json!({}))).await.unwrap();
    assert_eq!(scene.count("artifact_store").await, before + 1);
    scene.world.stop().await;
}

#[tokio::test]
async fn a_component_leaves_its_stacks_before_it_is_deleted() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    let config = scene.config(json!({ "type": "container_registry", "flavor": "default",
        "configuration": { "uri": "registry.example.com" } }));
    harness.apply(C, config).await.unwrap();
    let registry = id(&harness);
    scene.stack("one", json!({ "container_registry": [registry] })).await;
    scene.stack("two", json!({ "container_registry": [registry] })).await;
    let sizes = |size: usize| vec![("one".to_owned(), size), ("two".to_owned(), size)];
    let own = |sizes: Vec<(String, usize)>| {
        sizes.into_iter().filter(|(name, _)| name != "default").collect::<Vec<_>>()
    };
    assert_eq!(own(scene.sizes().await), sizes(3));
    harness.destroy(C).await.unwrap();
    assert_eq!(own(scene.sizes().await), sizes(2));
    assert_eq!(scene.count("container_registry").await, 0);
    scene.world.stop().await;
}

#[tokio::test]
async fn a_component_that_a_stack_requires_stays_and_a_warning_shows_how_to_delete_it() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    harness.apply(C, scene.config(json!({}))).await.unwrap();
    scene.stack("one", json!({ "artifact_store": [id(&harness)] })).await;
    let there = scene.count("artifact_store").await;
    let warnings = harness.destroy(C).await.unwrap();
    let [warning] = warnings.as_slice() else { panic!("{warnings:?}") };
    assert_eq!(warning.summary, "The stack component \"store\" is still in use");
    for words in ["the stack \"one\"", "its name is now \"store (replaced "] {
        assert!(format!("{warning:?}").contains(&words.replace('"', "\\\"")), "{words}: {warning:?}");
    }
    assert_eq!((scene.count("artifact_store").await, harness.state(C).is_none()), (there, true));
    // A new one with this name replaces it.
    harness.apply(C, scene.config(json!({}))).await.unwrap();
    assert_eq!(scene.count("artifact_store").await, there);
    let failure = harness.destroy(C).await.unwrap();
    assert_eq!(failure.len(), 1, "{failure:?}");
    scene.world.stop().await;
}

#[tokio::test]
async fn a_component_is_gone_with_its_workspace() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    harness.apply(C, scene.config(json!({}))).await.unwrap();
    scene.world.remove_workspace(scene.workspace).await;
    // Another run, which has not read the workspace yet.
    harness.restart(engine(), scene.world.block()).await.unwrap();
    assert!(!harness.refresh(C).await.unwrap());
    scene.world.stop().await;
}

#[tokio::test]
async fn the_state_of_an_earlier_release_plans_empty() {
    let scene = Scene::new().await;
    let mut block = scene.world.block();
    block["workspace_id"] = json!("alpha");
    let mut harness = scene.world.harness_with(block).await;
    let there = scene
        .make(json!({ "name": "k8s", "type": "orchestrator", "flavor": "kubernetes", "configuration": {
            "synchronous": "true", "fail_on_container_waiting_reasons": "[\"a\", \"b\"]" } }))
        .await;
    let configuration =
        json!({ "synchronous": "true", "fail_on_container_waiting_reasons": "[\"a\", \"b\"]" });
    let state = json!({
        "id": there.to_string(), "name": "k8s", "type": "orchestrator", "flavor": "kubernetes",
        "configuration": configuration, "connector_id": null, "connector_resource_id": null, "labels": {},
        "created": null, "updated": null, "workspace": "default",
    });
    harness.adopt(C, 0, &state).await.unwrap();
    let config = json!({ "name": "k8s", "type": "orchestrator", "flavor": "kubernetes",
        "configuration": configuration, "labels": {} });
    let planned = harness.plan(C, config).await.unwrap();
    assert_eq!((planned.action, planned.changes()), (Action::NoOp, vec![]));
    // Some have empty maps if nothing is configured.
    let there = scene
        .make(json!({ "name": "builder", "type": "image_builder", "flavor": "local", "configuration": {} }))
        .await;
    let state = json!({
        "id": there.to_string(), "name": "builder", "type": "image_builder", "flavor": "local", "configuration": {},
        "connector_id": null, "connector_resource_id": null, "labels": {}, "created": null, "updated": null,
    });
    harness.forget(C);
    harness.adopt(C, 0, &state).await.unwrap();
    let config = json!({ "name": "builder", "type": "image_builder", "flavor": "local" });
    let planned = harness.plan(C, config).await.unwrap();
    assert_eq!((planned.action, planned.changes()), (Action::NoOp, vec![]));
    scene.world.stop().await;
}

#[tokio::test]
async fn a_component_passes_its_life_cycle_under_real_hosts() {
    under_each_host(async |world, host| {
        let before = world.platform.census().await.unwrap();
        let scene = Scene::of(world).await;
        let inside = scene.count("artifact_store").await;
        let main = |name: &str, path: &str| {
            format!(
                "resource \"zenml_stack_component\" \"c\" {{\n  workspace_id = \"{}\"\n  name = \"{name}\"\n  type = \
                 \"artifact_store\"\n  flavor = \"s3\"\n  configuration = {{\n    path = \"{path}\"\n  }}\n}}\n",
                scene.workspace
            )
        };
        host.write("main.tf", &main("store", "s3://one")).unwrap();
        host.apply().await.unwrap();
        let component = host.attributes(C).await.unwrap()["id"].as_str().unwrap().to_owned();
        host.import_equals_state(C, &format!("alpha/{component}"), &[]).await.unwrap();
        host.write("main.tf", &main("renamed", "s3://two")).unwrap();
        assert_eq!(host.apply().await.unwrap().action(C), Some(Action::Update));
        let there: ComponentId = component.parse().unwrap();
        let change = ComponentUpdate { name: Patch::Set("outside".to_owned()), ..ComponentUpdate::default() };
        scene.server.send(&api::UPDATE, there, (), change).await.unwrap();
        assert_eq!(host.apply().await.unwrap().action(C), Some(Action::Update));
        scene.server.call(&api::DELETE, there).await.unwrap();
        assert_eq!(host.apply().await.unwrap().action(C), Some(Action::Create));
        host.destroy().await.unwrap();
        assert_eq!(scene.count("artifact_store").await, inside);
        scene.world.remove_workspace(scene.workspace).await;
        assert_eq!(scene.world.platform.census().await.unwrap(), before);
        scene.world.stop().await;
    })
    .await;
}

#[tokio::test]
async fn components_that_are_deleted_at_the_same_time_leave_a_stack_together() {
    under_each_host(async |world, host| {
        let scene = Scene::of(world).await;
        let settings = json!({ "slack_token": "token", "default_slack_channel_id": "channel" });
        let alerter =
            json!({ "name": "stays", "type": "alerter", "flavor": "slack", "configuration": settings });
        let stays = scene.make(alerter).await;
        let main = format!(
            "resource \"zenml_stack_component\" \"c\" {{\n  count = 20\n  workspace_id = \"{}\"\n  name = \
             \"alerter-${{count.index}}\"\n  type = \"alerter\"\n  flavor = \"slack\"\n  configuration = {{\n    \
             slack_token = \"token\"\n    default_slack_channel_id = \"channel\"\n  }}\n}}\n",
            scene.workspace
        );
        host.write("main.tf", &main).unwrap();
        host.apply().await.unwrap();
        let query = ComponentQuery { kind: vec!["alerter".to_owned()], ..ComponentQuery::default() };
        let all = scene.server.list_all(&api::LIST, (), query).await.unwrap();
        let all: Vec<ComponentId> = all.iter().map(|component| component.id).collect();
        assert!(all.len() == 21 && all.contains(&stays));
        scene.stack("one", json!({ "alerter": all })).await;
        // A slow list, so that all deletions have begun before the first one writes the stack.
        scene.world.inject(json!({ "rules": [
            { "method": "GET", "route": "/w/*/stacks", "effect": { "latency_ms": 1000 } },
        ] }));
        host.run(&["destroy", "-auto-approve", "-parallelism=20"]).await.unwrap();
        scene.world.inject(json!({ "rules": [] }));
        let sizes = scene.sizes().await;
        assert!(sizes.contains(&("one".to_owned(), 3)), "{sizes:?}");
        assert_eq!(scene.count("alerter").await, 1);
        let trail = scene.world.platform.audit().await.unwrap();
        let is_write = |entry: &&Entry| entry.action == "update" && entry.object_name.as_deref() == Some("one");
        let writes = trail.iter().filter(is_write).count();
        assert!((1..=3).contains(&writes), "{writes} writes of the stack");
        scene.world.stop().await;
    })
    .await;
}
