//! Flavors.

use serde_json::{Value as Json, json};
use tfkit::Dyn;
use tfkit::engine::ImportBy;
use tfkit_test::{Action, Harness};
use zenml_api::workspace::component::{self, ComponentCreate};
use zenml_api::workspace::flavor::{self as api, Flavor, FlavorCreate, FlavorUpdate};
use zenml_api::{FlavorId, Patch, WorkspaceId};
use zenml_client::{Api, Optional as _};

use crate::world::{World, under_each_host};

const F: &str = "zenml_flavor.f";

/// A workspace and its API.
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

    fn config(&self, more: Json) -> Json {
        let mut config = json!({
            "workspace_id": self.workspace.to_string(), "name": "files", "type": "artifact_store",
            "source": "acme.FilesFlavor",
        });
        let Json::Object(more) = more else { panic!("`more` must be an object") };
        config.as_object_mut().unwrap().extend(more);
        config
    }

    async fn look(&self, id: FlavorId) -> Option<Flavor> {
        self.server.call(&api::GET, id).await.optional().unwrap()
    }

    async fn component(&self, flavor: &str) -> zenml_api::ComponentId {
        let create = ComponentCreate {
            name: "shared".to_owned(),
            kind: "artifact_store".to_owned(),
            flavor: flavor.to_owned(),
            ..ComponentCreate::default()
        };
        self.server.send(&component::CREATE, (), (), create).await.unwrap().id
    }
}

fn id(harness: &Harness) -> FlavorId {
    attribute(harness, "id").as_str().unwrap().parse().unwrap()
}

fn attribute<'a>(harness: &'a Harness, name: &str) -> &'a Dyn {
    harness.state(F).unwrap().attribute(name)
}

#[tokio::test]
async fn an_omitted_attribute_has_its_default_or_a_value_from_the_server() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    harness.apply(F, scene.config(json!({ "name": "my_files" }))).await.unwrap();
    for (name, value) in [("display_name", "My Files"), ("integration", "custom"), ("config_schema", "{}")] {
        assert_eq!(attribute(&harness, name).as_str(), Some(value), "{name}");
    }
    for name in ["connector_type", "logo_url", "docs_url"] {
        assert!(attribute(&harness, name).is_null(), "{name}");
    }
    scene.world.stop().await;
}

/// A server ignores the display name when a flavor is created.
#[tokio::test]
async fn a_display_name_is_set_at_creation_and_stays() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    harness.apply(F, scene.config(json!({ "display_name": "Shared" }))).await.unwrap();
    let shown = |flavor: Flavor| flavor.body.unwrap().display_name;
    assert_eq!(shown(scene.look(id(&harness)).await.unwrap()).as_deref(), Some("Shared"));
    assert_eq!(harness.plan(F, scene.config(json!({}))).await.unwrap().action, Action::NoOp);
    harness.apply(F, scene.config(json!({ "display_name": "Other" }))).await.unwrap();
    assert_eq!(shown(scene.look(id(&harness)).await.unwrap()).as_deref(), Some("Other"));
    scene.world.stop().await;
}

#[tokio::test]
async fn a_schema_is_compared_as_json() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    let with = |schema: &str| scene.config(json!({ "config_schema": schema }));
    let written = "{\n  \"type\": \"object\",\n  \"required\": [\"path\"]\n}";
    harness.apply(F, with(written)).await.unwrap();
    assert!(harness.refresh(F).await.unwrap(), "the object must exist");
    assert_eq!(attribute(&harness, "config_schema").as_str(), Some(written));
    let same = with("{\"required\":[\"path\"],\"type\":\"object\"}");
    assert_eq!(harness.plan(F, same).await.unwrap().action, Action::NoOp);
    assert_eq!(harness.apply(F, with("{\"type\":\"object\"}")).await.unwrap().action, Action::Update);
    let stored = scene.look(id(&harness)).await.unwrap().metadata.unwrap().config_schema;
    assert_eq!(stored, json!({ "type": "object" }));
    scene.world.stop().await;
}

#[tokio::test]
async fn every_string_is_changed_in_place_and_cleared() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    let texts = [
        "connector_type",
        "connector_resource_type",
        "connector_resource_id_attr",
        "logo_url",
        "docs_url",
        "sdk_docs_url",
    ];
    let all = |value: Json| {
        let members = texts.iter().map(|name| ((*name).to_owned(), value.clone())).collect();
        scene.config(Json::Object(members))
    };
    harness.apply(F, all(json!("one"))).await.unwrap();
    let made = id(&harness);
    for (value, stored) in [(json!("two"), Some("two")), (Json::Null, None), (json!("three"), Some("three"))]
    {
        assert_eq!(harness.apply(F, all(value.clone())).await.unwrap().action, Action::Update, "{value}");
        let flavor = scene.look(made).await.unwrap();
        let (body, metadata) = (flavor.body.unwrap(), flavor.metadata.unwrap());
        let found = [
            metadata.connector_type,
            metadata.connector_resource_type,
            metadata.connector_resource_id_attr,
            body.logo_url,
            metadata.docs_url,
            metadata.sdk_docs_url,
        ];
        assert!(found.iter().all(|text| text.as_deref() == stored), "{value}: {found:?}");
    }
    let other =
        scene.config(json!({ "source": "acme.Other", "integration": "acme", "connector_type": "three" }));
    harness.apply(F, other).await.unwrap();
    let body = scene.look(made).await.unwrap().body.unwrap();
    assert_eq!((body.source.as_str(), body.integration.as_deref()), ("acme.Other", Some("acme")));
    scene.world.stop().await;
}

/// With another name the components of the flavor could not even be read.
#[tokio::test]
async fn a_new_name_or_type_replaces_the_flavor() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    harness.apply(F, scene.config(json!({}))).await.unwrap();
    for more in [json!({ "name": "renamed" }), json!({ "type": "orchestrator" })] {
        let planned = harness.plan(F, scene.config(more.clone())).await.unwrap();
        assert_eq!(planned.action, Action::Replace, "{more}");
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn a_flavor_in_use_stays_and_a_warning_names_its_components() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    harness.apply(F, scene.config(json!({}))).await.unwrap();
    let user = scene.component("files").await;
    let made = id(&harness);
    let warnings = harness.destroy(F).await.unwrap();
    let [warning] = warnings.as_slice() else { panic!("{warnings:?}") };
    assert_eq!(warning.summary, "The flavor \"files\" is still in use");
    assert!(format!("{warning:?}").contains("the artifact_store \\\"shared\\\""), "{warning:?}");
    // A new one with this name and type is the same object again.
    harness.apply(F, scene.config(json!({}))).await.unwrap();
    assert_eq!(id(&harness), made);
    scene.server.call(&component::DELETE, user).await.unwrap();
    harness.destroy(F).await.unwrap();
    assert!(scene.look(made).await.is_none());
    scene.world.stop().await;
}

#[tokio::test]
async fn a_built_in_flavor_is_not_created_imported_or_deleted() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    let built_in = "The flavor \"s3\" of type \"artifact_store\" is built in";
    let failure = harness.apply(F, scene.config(json!({ "name": "s3" }))).await.unwrap_err();
    assert_eq!(failure.summaries(), [built_in]);
    assert!(!failure.to_string().contains("terraform import"), "{failure}");
    let by_name = ImportBy::Id("alpha/artifact_store/s3".to_owned());
    let failure = harness.import(F, by_name).await.unwrap_err();
    assert_eq!(failure.summaries(), [built_in]);
    assert!(harness.state(F).is_none());
    // As if a state contained it nevertheless.
    harness.apply(F, scene.config(json!({}))).await.unwrap();
    let mut told = serde_json::to_value(scene.look(id(&harness)).await.unwrap()).unwrap();
    told["body"]["is_custom"] = false.into();
    scene.world.inject(json!({ "rules": [
        { "method": "GET", "route": "/w/*/flavors/{flavor_id}", "effect": { "status": 200, "body": told } },
    ] }));
    let failure = harness.destroy(F).await.unwrap_err();
    assert_eq!(failure.summaries(), ["The flavor \"files\" of type \"artifact_store\" is built in"]);
    scene.world.inject(json!({}));
    assert!(scene.look(id(&harness)).await.is_some());
    scene.world.stop().await;
}

#[tokio::test]
async fn a_flavor_is_imported_by_id_and_by_type_and_name() {
    let scene = Scene::new().await;
    let mut block = scene.world.block();
    block["workspace_id"] = "alpha".into();
    let mut harness = scene.world.harness_with(block).await;
    let schema = "{\"type\":\"object\"}";
    harness.apply(F, scene.config(json!({ "config_schema": schema, "docs_url": "d" }))).await.unwrap();
    let id = id(&harness);
    for spelling in [
        id.to_string(),
        format!("alpha/{id}"),
        "artifact_store/files".to_owned(),
        "alpha/artifact_store/files".to_owned(),
    ] {
        harness.import_equals_state(F, ImportBy::Id(spelling), &[]).await.unwrap();
    }
    for (spelling, summary) in [
        ("files", "Invalid import id \"files\""),
        ("alpha/files", "Invalid import id \"alpha/files\""),
        ("orchestrator/files", "There is no flavor \"files\""),
    ] {
        let by = ImportBy::Id(spelling.to_owned());
        let failure = harness.import("zenml_flavor.other", by).await.unwrap_err();
        assert_eq!(failure.summaries(), [summary], "{spelling}");
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn a_taken_name_is_an_error_with_the_import_command() {
    let scene = Scene::new().await;
    let create = FlavorCreate {
        name: "files".to_owned(),
        kind: "artifact_store".to_owned(),
        source: "acme.Flavor".to_owned(),
        integration: Some("custom".to_owned()),
        ..FlavorCreate::default()
    };
    let existing = scene.server.send(&api::CREATE, (), (), create).await.unwrap().id;
    let mut harness = scene.world.harness().await;
    let failure = harness.apply(F, scene.config(json!({}))).await.unwrap_err();
    let import = format!("terraform import zenml_flavor.NAME {}/{existing}", scene.workspace);
    assert!(failure.to_string().contains(&import), "{failure}");
    assert_eq!(failure.places()[0].to_string(), "name");
    // The name is free for another type.
    harness.apply(F, scene.config(json!({ "type": "orchestrator" }))).await.unwrap();
    scene.world.stop().await;
}

#[tokio::test]
async fn bad_input_is_rejected_at_its_attribute() {
    let scene = Scene::new().await;
    let harness = scene.world.harness().await;
    let long = "n".repeat(256);
    let cases = [
        (json!({ "name": "" }), "name"),
        (json!({ "name": long }), "name"),
        (json!({ "type": "boat" }), "type"),
        (json!({ "source": "" }), "source"),
        (json!({ "source": long }), "source"),
        (json!({ "config_schema": "[]" }), "config_schema"),
        (json!({ "config_schema": "{" }), "config_schema"),
        (json!({ "connector_type": long }), "connector_type"),
        (json!({ "integration": "" }), "integration"),
    ];
    for (more, place) in cases {
        let failure = harness.plan(F, scene.config(more.clone())).await.unwrap_err();
        assert_eq!(failure.places()[0].to_string(), place, "{more}: {failure}");
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn the_data_source_reads_built_in_flavors_too() {
    let scene = Scene::new().await;
    let harness = scene.world.harness().await;
    let workspace = scene.workspace.to_string();
    let by_name = json!({ "workspace_id": workspace, "type": "artifact_store", "name": "s3" });
    let found = harness.read_data_source("zenml_flavor", by_name).await.unwrap();
    assert_eq!(found.attribute("is_custom"), &Dyn::Bool(false));
    assert_eq!(found.attribute("connector_resource_type").as_str(), Some("s3-bucket"));
    let schema: Json = serde_json::from_str(found.attribute("config_schema").as_str().unwrap()).unwrap();
    assert_eq!(schema["required"], json!(["path"]));
    let id = found.attribute("id").as_str().unwrap().to_owned();
    let by_id = json!({ "workspace_id": workspace, "id": id });
    let same = harness.read_data_source("zenml_flavor", by_id).await.unwrap();
    assert_eq!(same.attribute("name").as_str(), Some("s3"));
    for (config, summary) in [
        (json!({ "type": "artifact_store", "name": "nothing" }), "There is no flavor \"nothing\""),
        (json!({ "name": "local" }), "There is more than one flavor \"local\""),
    ] {
        let mut config = config;
        config["workspace_id"] = workspace.clone().into();
        let failure = harness.read_data_source("zenml_flavor", config).await.unwrap_err();
        assert_eq!(failure.summaries(), [summary]);
    }
    scene.world.stop().await;
}

/// If the component refers to the flavor, a real host keeps the order that a server requires.
#[tokio::test]
async fn a_flavor_and_its_component_pass_their_life_cycle_under_a_real_host() {
    under_each_host(async |world, host| {
        let scene = Scene::of(world).await;
        let main = |name: &str, url: &str| {
            format!(
                "resource \"zenml_flavor\" \"f\" {{\n  workspace_id = \"{workspace}\"\n  name = \"{name}\"\n  type = \
                 \"artifact_store\"\n  source = \"acme.Flavor\"\n  display_name = \"Shared\"\n  docs_url = \"{url}\"\n  \
                 config_schema = jsonencode({{ type = \"object\" }})\n}}\n\nresource \"zenml_stack_component\" \"c\" \
                 {{\n  workspace_id = \"{workspace}\"\n  name = \"shared\"\n  type = zenml_flavor.f.type\n  flavor = \
                 zenml_flavor.f.name\n  configuration = {{ anything = \"goes\" }}\n}}\n",
                workspace = scene.workspace
            )
        };
        host.write("main.tf", &main("files", "one")).unwrap();
        assert_eq!(host.apply().await.unwrap().action(F), Some(Action::Create));
        host.import_equals_state(F, "alpha/artifact_store/files", &[]).await.unwrap();
        host.run(&["plan", "-refresh-only", "-detailed-exitcode"]).await.unwrap();
        host.write("main.tf", &main("files", "two")).unwrap();
        assert_eq!(host.apply().await.unwrap().action(F), Some(Action::Update));
        let id: FlavorId = host.attributes(F).await.unwrap()["id"].as_str().unwrap().parse().unwrap();
        let outside = FlavorUpdate { docs_url: Patch::Clear, ..FlavorUpdate::default() };
        scene.server.send(&api::UPDATE, id, (), outside).await.unwrap();
        assert_eq!(host.apply().await.unwrap().action(F), Some(Action::Update));
        host.write("main.tf", &main("renamed", "two")).unwrap();
        assert_eq!(host.apply().await.unwrap().action(F), Some(Action::Replace));
        assert!(scene.look(id).await.is_none());
        host.destroy().await.unwrap();
        scene.world.stop().await;
    })
    .await;
}
