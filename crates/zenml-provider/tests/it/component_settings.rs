//! Typed settings, and how the plan checks settings on the server.

use serde_json::{Value as Json, json};
use tfkit::engine::ImportBy;
use tfkit_test::{Action, Harness, unknown};
use zenml_api::workspace::component::{self as api, Component, ComponentUpdate};
use zenml_api::workspace::{connector, secret};
use zenml_api::{ComponentId, ConnectorId, Patch, SecretId, Sensitive, WorkspaceId};
use zenml_client::Api;

use crate::world::{World, engine};

const C: &str = "zenml_stack_component.c";

/// A workspace of its own, and its API.
struct Scene {
    world: World,
    workspace: WorkspaceId,
    server: Api,
}

impl Scene {
    async fn new() -> Self {
        let world = World::start().await;
        let workspace = world.workspace("alpha").await;
        let server = world.server(workspace).await;
        Self { world, workspace, server }
    }

    /// A component in this workspace with these arguments.
    fn config(&self, special: Json) -> Json {
        let mut config = json!({ "workspace_id": self.workspace.to_string(), "name": "c" });
        let Json::Object(special) = special else { panic!("the configuration must be an object") };
        config.as_object_mut().unwrap().extend(special);
        config
    }

    fn kubernetes(&self, settings: &Json) -> Json {
        self.config(json!({ "type": "orchestrator", "flavor": "kubernetes", "settings": settings }))
    }

    async fn look(&self, harness: &Harness) -> Component {
        self.server.call(&api::GET, id(harness)).await.unwrap()
    }

    async fn stored(&self, harness: &Harness) -> Json {
        serde_json::to_value(self.look(harness).await.metadata.unwrap().configuration.expose()).unwrap()
    }

    /// Changes the settings outside of Terraform.
    async fn put(&self, harness: &Harness, configuration: Json) {
        let configuration = Patch::Set(Sensitive::new(serde_json::from_value(configuration).unwrap()));
        let change = ComponentUpdate { configuration, ..ComponentUpdate::default() };
        self.server.send(&api::UPDATE, id(harness), (), change).await.unwrap();
    }

    async fn connector(&self, kind: &str) -> ConnectorId {
        let create = json!({ "name": kind, "connector_type": kind, "auth_method": "password", "resource_types": [],
            "configuration": { "username": "u", "password": "hidden", "server": "s", "cluster_name": "c" } });
        self.server
            .send(&connector::CREATE, (), (), serde_json::from_value(create).unwrap())
            .await
            .unwrap()
            .id
    }

    async fn secret(&self, name: &str) -> SecretId {
        let create = json!({ "name": name, "private": false, "values": { "KEY": "hidden" } });
        self.server.send(&secret::CREATE, (), (), serde_json::from_value(create).unwrap()).await.unwrap().id
    }
}

fn id(harness: &Harness) -> ComponentId {
    harness.state(C).unwrap().attribute("id").as_str().unwrap().parse().unwrap()
}

/// A typed value, as in states and configurations.
fn typed(ty: &Json, value: &Json) -> Json {
    json!({ "type": ty, "value": value })
}

#[tokio::test]
async fn typed_settings_reach_the_server_with_their_types_and_stay_as_written() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    let ty = json!(["object", { "synchronous": "bool", "max_parallelism": "number", "job_monitoring_delay": "number",
        "fail_on_container_waiting_reasons": ["tuple", ["string", "string"]], "kubernetes_context": "string" }]);
    let written = typed(
        &ty,
        &json!({ "synchronous": true, "max_parallelism": 4, "job_monitoring_delay": 0.5,
            "fail_on_container_waiting_reasons": ["a", "b"], "kubernetes_context": null }),
    );
    harness.apply(C, scene.kubernetes(&written)).await.unwrap();
    let expected = json!({ "synchronous": true, "max_parallelism": 4, "job_monitoring_delay": 0.5,
        "fail_on_container_waiting_reasons": ["a", "b"] });
    assert_eq!(scene.stored(&harness).await, expected);
    // Other spellings and types of the same values are not a change.
    let respelled = typed(
        &json!(["object", { "synchronous": "string", "max_parallelism": "string", "job_monitoring_delay": "number",
            "fail_on_container_waiting_reasons": ["list", "string"] }]),
        &json!({ "synchronous": "True", "max_parallelism": "4", "job_monitoring_delay": 0.5,
            "fail_on_container_waiting_reasons": ["a", "b"] }),
    );
    assert_eq!(harness.plan(C, scene.kubernetes(&respelled)).await.unwrap().action, Action::NoOp);
    // Settings that a server adds are ignored, and changes from outside are not.
    let mut outside = expected.clone();
    outside["kubernetes_namespace"] = json!("zenml");
    scene.put(&harness, outside.clone()).await;
    assert_eq!(harness.plan(C, scene.kubernetes(&written)).await.unwrap().action, Action::NoOp);
    outside["max_parallelism"] = json!(9);
    scene.put(&harness, outside).await;
    let planned = harness.plan(C, scene.kubernetes(&written)).await.unwrap();
    assert_eq!(planned.changes(), ["settings", "updated"]);
    harness.apply(C, scene.kubernetes(&written)).await.unwrap();
    assert_eq!(scene.stored(&harness).await, expected);
    scene.world.stop().await;
}

#[tokio::test]
async fn equivalent_string_and_typed_settings_replace_each_other_without_a_request() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    let texts = scene.config(json!({ "type": "orchestrator", "flavor": "kubernetes",
        "configuration": { "max_parallelism": "4", "synchronous": "true" } }));
    let values = scene.kubernetes(&typed(
        &json!(["object", { "max_parallelism": "number", "synchronous": "bool" }]),
        &json!({ "max_parallelism": 4, "synchronous": true }),
    ));
    harness.apply(C, texts.clone()).await.unwrap();
    let before = scene.look(&harness).await;
    for config in [&values, &texts] {
        let planned = harness.plan(C, config.clone()).await.unwrap();
        assert_eq!(planned.changes(), ["configuration", "settings"], "the time of the last update stays");
        assert_eq!(harness.apply(C, config.clone()).await.unwrap().action, Action::Update);
        assert_eq!(scene.look(&harness).await, before);
    }
    // An import uses strings, and equivalent typed settings can replace them.
    let there = format!("{}/{}", scene.workspace, id(&harness));
    harness.forget(C);
    harness.import(C, ImportBy::Id(there)).await.unwrap();
    assert_eq!(harness.plan(C, texts).await.unwrap().action, Action::NoOp);
    harness.apply(C, values).await.unwrap();
    assert_eq!(scene.look(&harness).await, before);
    scene.world.stop().await;
}

#[tokio::test]
async fn settings_that_the_server_added_do_not_change_the_plan_of_an_imported_component() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    let config = scene.config(json!({ "type": "orchestrator", "flavor": "sagemaker",
        "configuration": { "execution_role": "arn:aws:iam::000000000000:role/x" } }));
    harness.apply(C, config.clone()).await.unwrap();
    assert!(scene.stored(&harness).await["instance_type"].is_string(), "this must be the case under test");
    let (there, state) = (id(&harness), harness.state(C).unwrap().clone());
    harness.forget(C);
    harness.import(C, ImportBy::Id(format!("alpha/{there}"))).await.unwrap();
    assert_eq!(harness.state(C).unwrap(), &state);
    assert_eq!(harness.plan(C, config).await.unwrap().action, Action::NoOp);
    scene.world.stop().await;
}

#[tokio::test]
async fn unknown_and_missing_settings_of_a_flavor_are_errors_of_the_plan() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    let store = |special: Json| {
        let mut config = scene.config(json!({ "type": "artifact_store", "flavor": "s3" }));
        config.as_object_mut().unwrap().extend(special.as_object().unwrap().clone());
        config
    };
    let empty = typed(&json!(["object", {}]), &json!({}));
    let wrong = typed(
        &json!(["object", { "path": "string", "size": "number" }]),
        &json!({ "path": "s3://b", "size": 1 }),
    );
    let cases = [
        (store(json!({})), "configuration", "The flavor \"s3\" requires the setting \"path\""),
        (
            store(json!({ "configuration": { "path": null } })),
            "configuration",
            "The flavor \"s3\" requires the setting \"path\"",
        ),
        (store(json!({ "settings": empty })), "settings", "The flavor \"s3\" requires the setting \"path\""),
        (store(json!({ "settings": wrong })), "settings.size", "The flavor \"s3\" has no setting \"size\""),
        (
            store(json!({ "configuration": { "path": "s3://b", "size": unknown() } })),
            "configuration[\"size\"]",
            "The flavor \"s3\" has no setting \"size\"",
        ),
        (
            store(json!({ "configuration": { "path": "s3://b" }, "flavor": "s4" })),
            "flavor",
            "There is no flavor \"s4\" of the type \"artifact_store\"",
        ),
        (
            store(json!({ "configuration": { "path": "s3://b" }, "settings": empty })),
            "settings",
            "The settings of the component are specified twice",
        ),
        (
            store(json!({ "settings": typed(&json!("string"), &json!("text")) })),
            "settings",
            "Attribute \"settings\" must be an object",
        ),
    ];
    for (config, place, summary) in cases {
        let failure = harness.plan(C, config).await.unwrap_err();
        let places: Vec<String> = failure.places().iter().map(ToString::to_string).collect();
        assert_eq!((failure.summaries(), places), (vec![summary], vec![place.to_owned()]), "{failure}");
    }
    let failure = harness.plan(C, store(json!({ "flavor": "s4" }))).await.unwrap_err();
    assert!(failure.to_string().contains("azure, b2, digitalocean, gcp, local, s3"), "{failure}");
    // Unknown values, and values that cannot be checked yet, are not errors.
    let late = typed(&json!(["object", { "path": "string" }]), &json!({ "path": unknown() }));
    for waiting in [
        store(json!({ "configuration": unknown() })),
        store(json!({ "configuration": { "path": unknown() } })),
        store(json!({ "settings": late })),
        store(json!({ "settings": unknown() })),
        store(json!({ "flavor": unknown() })),
        store(json!({ "workspace_id": unknown(), "flavor": "s4" })),
    ] {
        assert_eq!(harness.plan(C, waiting).await.unwrap().action, Action::Create);
    }
    scene.world.inject(json!({ "rules": [
        { "method": "GET", "route": "/w/*/flavors", "effect": { "status": 403, "body": { "detail": "no" } } },
    ] }));
    let another_run = World::harness(&scene.world).await;
    let planned = another_run.plan(C, store(json!({ "flavor": "s4" }))).await.unwrap();
    assert_eq!((planned.action, planned.told()), (Action::Create, vec![]));
    // A flavor that the same run creates counts as existing.
    scene.world.inject(json!({ "rules": [] }));
    let flavor = json!({ "workspace_id": scene.workspace.to_string(), "name": "own", "type": "artifact_store",
        "source": "stores.OwnStore", "integration": "own" });
    let own = store(json!({ "flavor": "own", "configuration": { "anything": "x" } }));
    assert_eq!(harness.plan(C, own.clone()).await.unwrap_err().places()[0].to_string(), "flavor");
    harness.plan("zenml_flavor.own", flavor).await.unwrap();
    assert_eq!(harness.plan(C, own).await.unwrap().action, Action::Create);
    // Only changes are checked on the server.
    scene.world.inject(json!({ "rules": [] }));
    harness.apply(C, store(json!({ "configuration": { "path": "s3://b" } }))).await.unwrap();
    harness.restart(engine(), scene.world.block()).await.unwrap();
    let failure =
        harness.plan(C, store(json!({ "configuration": { "path": "s3://b", "x": "y" } }))).await.unwrap_err();
    assert_eq!(failure.summaries(), ["The flavor \"s3\" has no setting \"x\""]);
    scene.world.stop().await;
}

#[tokio::test]
async fn a_connector_type_that_the_flavor_does_not_accept_is_a_warning() {
    let scene = Scene::new().await;
    let harness = scene.world.harness().await;
    let (docker, kubernetes) = (scene.connector("docker").await, scene.connector("kubernetes").await);
    let registry = |connector: ConnectorId| {
        scene.config(json!({ "type": "container_registry", "flavor": "dockerhub",
            "configuration": { "uri": "docker.io" }, "connector_id": connector.to_string() }))
    };
    assert_eq!(harness.plan(C, registry(docker)).await.unwrap().told(), Vec::<&str>::new());
    let planned = harness.plan(C, registry(kubernetes)).await.unwrap();
    assert_eq!(
        planned.told(),
        ["The flavor \"dockerhub\" does not take connectors of the type \"kubernetes\""]
    );
    scene.world.stop().await;
}

#[tokio::test]
async fn environment_secrets_and_labels_are_set_changed_and_cleared() {
    let scene = Scene::new().await;
    let secrets = [scene.secret("one").await, scene.secret("two").await];
    let mut harness = scene.world.harness().await;
    let config = |environment: Json, chosen: &[usize], labels: Json| {
        let chosen: Json = match chosen {
            [] => json!([]),
            chosen => chosen.iter().map(|place| json!(secrets[*place].to_string())).collect(),
        };
        scene.config(json!({ "type": "orchestrator", "flavor": "local", "environment": environment,
            "secrets": chosen, "labels": labels }))
    };
    for (environment, chosen, labels) in [
        (json!({ "A": "1" }), &[0][..], json!({ "l": "1" })),
        (json!({ "A": "2" }), &[0, 1], json!({ "l": "2" })),
        (json!({ "B": "3" }), &[1], json!({})),
        (json!({}), &[], json!(null)),
    ] {
        harness.apply(C, config(environment.clone(), chosen, labels.clone())).await.unwrap();
        let metadata = scene.look(&harness).await.metadata.unwrap();
        let or_empty = |value: Json| if value.is_null() { json!({}) } else { value };
        assert_eq!(or_empty(serde_json::to_value(metadata.environment).unwrap()), or_empty(environment));
        assert_eq!(or_empty(serde_json::to_value(metadata.labels).unwrap()), or_empty(labels));
        let mut linked = metadata.secrets;
        linked.sort();
        let mut wanted: Vec<SecretId> = chosen.iter().map(|place| secrets[*place]).collect();
        wanted.sort();
        assert_eq!(linked, wanted);
    }
    let nothing = config(json!({}), &[], json!({}));
    let before = scene.look(&harness).await;
    harness.apply(C, nothing.clone()).await.unwrap();
    assert_eq!(scene.look(&harness).await, before, "empty ones are not sent");
    let change = ComponentUpdate {
        environment: Patch::Set([("X".to_owned(), "y".to_owned())].into()),
        add_secrets: Some(vec![secrets[0].to_string()]),
        ..ComponentUpdate::default()
    };
    scene.server.send(&api::UPDATE, id(&harness), (), change).await.unwrap();
    let planned = harness.plan(C, nothing.clone()).await.unwrap();
    assert_eq!(planned.changes(), ["environment", "secrets", "updated"]);
    harness.apply(C, config(json!(null), &[0], json!(null))).await.unwrap();
    // A deleted secret is unlinked by the server, so a secret to remove may already be gone.
    scene.server.call(&secret::DELETE, secrets[0]).await.unwrap();
    harness.apply(C, nothing).await.unwrap();
    let failure = harness.apply(C, config(json!(null), &[0], json!(null))).await.unwrap_err();
    assert_eq!(failure.places().first().map(ToString::to_string).as_deref(), Some("secrets"), "{failure}");
    scene.world.stop().await;
}

#[tokio::test]
async fn an_empty_connector_id_means_none_and_removes_a_connector_from_outside_in_place() {
    let scene = Scene::new().await;
    let connector = scene.connector("docker").await;
    let mut harness = scene.world.harness().await;
    let config = |connector_id: Json| {
        scene.config(json!({ "type": "container_registry", "flavor": "default",
            "configuration": { "uri": "registry.example.com" }, "connector_id": connector_id }))
    };
    for none in [json!(""), json!(null)] {
        harness.apply(C, config(none.clone())).await.unwrap();
        let change = ComponentUpdate {
            connector: Some(connector),
            connector_resource_id: Some("registry.example.com".to_owned()),
            ..ComponentUpdate::default()
        };
        scene.server.send(&api::UPDATE, id(&harness), (), change).await.unwrap();
        let before = id(&harness);
        let planned = harness.plan(C, config(none.clone())).await.unwrap();
        assert_eq!(planned.action, Action::Update);
        assert_eq!(planned.changes(), ["connector_id", "connector_resource_id", "updated"]);
        harness.apply(C, config(none)).await.unwrap();
        let metadata = scene.look(&harness).await.metadata.unwrap();
        assert_eq!((metadata.connector, metadata.connector_resource_id), (None, None));
        assert_eq!(id(&harness), before);
    }
    let mut resource = config(json!(""));
    resource["connector_resource_id"] = json!("registry.example.com");
    let failure = harness.plan(C, resource).await.unwrap_err();
    assert_eq!(failure.places()[0].to_string(), "connector_id");
    scene.world.stop().await;
}
