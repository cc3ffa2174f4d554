//! Tags.

use serde_json::{Value as Json, json};
use tfkit::engine::ImportBy;
use tfkit_test::{Action, Harness};
use zenml_api::workspace::tag::{self as api, COLORS, Tag, TagCreate, TagQuery, TagUpdate};
use zenml_api::{Patch, TagId, WorkspaceId};
use zenml_client::{Api, Optional as _};

use crate::world::{World, under_each_host};

const T: &str = "zenml_tag.t";

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
        let mut config = json!({ "workspace_id": self.workspace.to_string(), "name": "champion" });
        let Json::Object(more) = more else { panic!("`more` must be an object") };
        config.as_object_mut().unwrap().extend(more);
        config
    }

    async fn make(&self, name: &str) -> TagId {
        let create = TagCreate { name: name.to_owned(), color: Some("red".to_owned()), exclusive: true };
        self.server.send(&api::CREATE, (), (), create).await.unwrap().id
    }

    async fn look(&self, id: TagId) -> Option<Tag> {
        self.server.call(&api::GET, id).await.optional().unwrap()
    }
}

fn id(harness: &Harness) -> TagId {
    harness.state(T).unwrap().attribute("id").as_str().unwrap().parse().unwrap()
}

fn color(harness: &Harness) -> String {
    harness.state(T).unwrap().attribute("color").as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_color_that_the_server_chose_stays_until_another_one_is_set() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    harness.apply(T, scene.config(json!({}))).await.unwrap();
    let drawn = color(&harness);
    assert!(COLORS.contains(&drawn.as_str()), "{drawn}");
    assert_eq!(harness.plan(T, scene.config(json!({}))).await.unwrap().action, Action::NoOp);
    let exclusive = scene.config(json!({ "exclusive": true }));
    assert_eq!(harness.apply(T, exclusive).await.unwrap().action, Action::Update);
    assert_eq!(color(&harness), drawn);
    let other = COLORS.iter().find(|color| **color != drawn).unwrap();
    harness.apply(T, scene.config(json!({ "color": other }))).await.unwrap();
    // Omitted again, it stays; `exclusive` returns to its default.
    assert_eq!(harness.plan(T, scene.config(json!({}))).await.unwrap().action, Action::NoOp);
    let body = scene.look(id(&harness)).await.unwrap().body.unwrap();
    assert_eq!((body.color.as_deref(), body.exclusive), (Some(*other), false));
    scene.world.stop().await;
}

#[tokio::test]
async fn a_tag_is_imported_by_id_and_by_name() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    harness.apply(T, scene.config(json!({ "color": "lime", "exclusive": true }))).await.unwrap();
    for name in [id(&harness).to_string(), "champion".to_owned()] {
        let spelling = ImportBy::Id(format!("alpha/{name}"));
        harness.import_equals_state(T, spelling, &[]).await.unwrap();
    }
    let nobody = ImportBy::Id("alpha/nobody".to_owned());
    let failure = harness.import("zenml_tag.other", nobody).await.unwrap_err();
    assert_eq!(failure.summaries(), ["There is no tag \"nobody\""]);
    scene.world.stop().await;
}

#[tokio::test]
async fn a_taken_name_is_an_error_with_the_import_command() {
    let scene = Scene::new().await;
    let existing = scene.make("champion").await;
    let import = format!("terraform import zenml_tag.NAME {}/{existing}", scene.workspace);
    let mut harness = scene.world.harness().await;
    let failure = harness.apply(T, scene.config(json!({}))).await.unwrap_err();
    assert!(failure.to_string().contains(&import), "{failure}");
    assert_eq!(failure.places()[0].to_string(), "name");
    assert!(harness.state(T).is_none());
    // The same for a tag that is renamed.
    harness.apply(T, scene.config(json!({ "name": "other" }))).await.unwrap();
    let failure = harness.apply(T, scene.config(json!({}))).await.unwrap_err();
    assert!(failure.to_string().contains(&import), "{failure}");
    scene.world.stop().await;
}

#[tokio::test]
async fn changes_and_deletions_from_outside_are_repaired() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    let config = scene.config(json!({ "color": "teal" }));
    harness.apply(T, config.clone()).await.unwrap();
    let outside = TagUpdate {
        name: Patch::Set("outside".to_owned()),
        color: Patch::Set("grey".to_owned()),
        exclusive: Patch::Set(true),
    };
    scene.server.send(&api::UPDATE, id(&harness), (), outside).await.unwrap();
    assert_eq!(harness.apply(T, config.clone()).await.unwrap().action, Action::Update);
    let tag = scene.look(id(&harness)).await.unwrap();
    let body = tag.body.unwrap();
    assert_eq!((tag.name.as_str(), body.color.as_deref(), body.exclusive), ("champion", Some("teal"), false));
    scene.server.call(&api::DELETE, id(&harness)).await.unwrap();
    assert_eq!(harness.apply(T, config).await.unwrap().action, Action::Create);
    // It is already deleted, so the deletion succeeds.
    scene.server.call(&api::DELETE, id(&harness)).await.unwrap();
    harness.destroy(T).await.unwrap();
    let left = scene.server.list_all(&api::LIST, (), TagQuery::default()).await.unwrap();
    assert!(left.is_empty(), "{left:?}");
    scene.world.stop().await;
}

#[tokio::test]
async fn a_tag_is_gone_with_its_workspace() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    harness.apply(T, scene.config(json!({}))).await.unwrap();
    scene.world.remove_workspace(scene.workspace).await;
    harness.refresh(T).await.unwrap();
    assert!(harness.state(T).is_none());
    scene.world.stop().await;
}

#[tokio::test]
async fn bad_input_is_rejected_at_its_attribute() {
    let scene = Scene::new().await;
    let harness = scene.world.harness().await;
    let cases = [
        (json!({ "name": "" }), "name"),
        (json!({ "name": "n".repeat(256) }), "name"),
        (json!({ "name": "a\tb" }), "name"),
        (json!({ "name": "11111111-1111-4111-8111-111111111111" }), "name"),
        (json!({ "name": "11111111111141118111111111111111" }), "name"),
        (json!({ "color": "pink" }), "color"),
        (json!({ "color": "" }), "color"),
        (json!({ "workspace_id": "alpha" }), "workspace_id"),
    ];
    for (more, place) in cases {
        let failure = harness.plan(T, scene.config(more.clone())).await.unwrap_err();
        assert_eq!(failure.places()[0].to_string(), place, "{more}: {failure}");
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn the_data_source_finds_a_tag_by_id_and_by_name() {
    let scene = Scene::new().await;
    // A name that looks like a filter is a name like any other.
    let made = scene.make("contains:m").await;
    scene.make("m").await;
    let harness = scene.world.harness().await;
    let workspace = scene.workspace.to_string();
    for wanted in [json!({ "id": made.to_string() }), json!({ "name": "contains:m" })] {
        let mut config = wanted.clone();
        config["workspace_id"] = json!(workspace);
        let found = harness.read_data_source("zenml_tag", config).await.unwrap();
        for (attribute, value) in
            [("id", made.to_string().as_str()), ("name", "contains:m"), ("color", "red")]
        {
            assert_eq!(found.attribute(attribute).as_str(), Some(value), "{wanted}");
        }
    }
    let config = json!({ "workspace_id": workspace, "name": "nobody" });
    let failure = harness.read_data_source("zenml_tag", config).await.unwrap_err();
    assert_eq!(failure.summaries(), ["There is no tag \"nobody\""]);
    assert_eq!(failure.places()[0].to_string(), "name");
    scene.world.stop().await;
}

#[tokio::test]
async fn a_tag_passes_its_life_cycle_under_a_real_host() {
    under_each_host(async |world, host| {
        let scene = Scene::of(world).await;
        let main = |name: &str| {
            format!(
                "resource \"zenml_tag\" \"t\" {{\n  workspace_id = \"{}\"\n  name = \"{name}\"\n}}\n",
                scene.workspace
            )
        };
        host.write("main.tf", &main("champion")).unwrap();
        assert_eq!(host.apply().await.unwrap().action(T), Some(Action::Create));
        let id: TagId = host.attributes(T).await.unwrap()["id"].as_str().unwrap().parse().unwrap();
        host.import_equals_state(T, "alpha/champion", &[]).await.unwrap();
        host.run(&["plan", "-refresh-only", "-detailed-exitcode"]).await.unwrap();
        host.write("main.tf", &main("renamed")).unwrap();
        assert_eq!(host.apply().await.unwrap().action(T), Some(Action::Update));
        let outside = TagUpdate { name: Patch::Set("outside".to_owned()), ..TagUpdate::default() };
        scene.server.send(&api::UPDATE, id, (), outside).await.unwrap();
        assert_eq!(host.apply().await.unwrap().action(T), Some(Action::Update));
        scene.server.call(&api::DELETE, id).await.unwrap();
        assert_eq!(host.apply().await.unwrap().action(T), Some(Action::Create));
        host.destroy().await.unwrap();
        let left = scene.server.list_all(&api::LIST, (), TagQuery::default()).await.unwrap();
        assert!(left.is_empty(), "{left:?}");
        scene.world.stop().await;
    })
    .await;
}
