//! Projects.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use tfkit::Dyn;
use tfkit::engine::ImportBy;
use tfkit_test::{Action, Harness};
use zenml_api::workspace::project::{self as api, Project, ProjectQuery, ProjectUpdate};
use zenml_api::{IdOrName, Patch, ProjectId, WorkspaceId};
use zenml_client::{Api, Optional as _};

use crate::world::{World, under_each_host};

const P: &str = "zenml_project.p";

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

    /// Returns a configuration in this workspace.
    fn config(&self, more: Json) -> Json {
        let mut config = json!({ "workspace_id": self.workspace.to_string(), "name": "vision" });
        let Json::Object(more) = more else { panic!("the configuration must be an object") };
        config.as_object_mut().unwrap().extend(more);
        config
    }

    async fn look(&self, id: ProjectId) -> Option<Project> {
        self.server.call(&api::GET, IdOrName::Id(id)).await.optional().unwrap()
    }
}

fn id(harness: &Harness) -> ProjectId {
    harness.state(P).unwrap().attribute("id").as_str().unwrap().parse().unwrap()
}

fn attribute<'a>(harness: &'a Harness, name: &str) -> &'a Dyn {
    harness.state(P).unwrap().attribute(name)
}

#[tokio::test]
async fn an_omitted_attribute_has_the_value_of_the_server_or_none() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    harness.apply(P, scene.config(json!({}))).await.unwrap();
    assert_eq!(attribute(&harness, "display_name").as_str(), Some("vision"));
    for absent in ["description", "metadata", "tags", "deletion_protection"] {
        assert!(attribute(&harness, absent).is_null(), "{absent}");
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn a_description_is_set_and_removed_and_keeps_its_spelling() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    for (description, stored) in [(json!("d"), "d"), (json!(""), ""), (json!("e"), "e"), (Json::Null, "")] {
        harness.apply(P, scene.config(json!({ "description": description }))).await.unwrap();
        let project = scene.look(id(&harness)).await.unwrap();
        assert_eq!(project.metadata.unwrap().description, stored, "{description}");
        assert_eq!(attribute(&harness, "description").as_str(), description.as_str());
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn metadata_is_stored_replaced_and_cleared() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    for metadata in [json!({ "a": "1", "b": "2" }), json!({ "b": "3" }), json!({})] {
        harness.apply(P, scene.config(json!({ "metadata": metadata }))).await.unwrap();
        let project = scene.look(id(&harness)).await.unwrap();
        assert_eq!(Json::Object(project.metadata.unwrap().project_metadata.into_iter().collect()), metadata);
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn tags_stay_in_the_state_and_the_plan_says_so() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    let config = scene.config(json!({ "tags": ["gpu"] }));
    let planned = harness.plan(P, config.clone()).await.unwrap();
    assert_eq!(planned.told(), ["Tags of projects are stored only in the Terraform state"]);
    harness.apply(P, config).await.unwrap();
    assert_eq!(attribute(&harness, "tags"), &Dyn::List(vec![Dyn::String("gpu".to_owned())]));
    scene.world.stop().await;
}

#[tokio::test]
async fn a_project_is_imported_by_id_by_name_and_with_its_workspace() {
    let scene = Scene::new().await;
    let mut block = scene.world.block();
    block["workspace_id"] = json!(scene.workspace.to_string());
    let mut harness = scene.world.harness_with(block).await;
    harness.apply(P, scene.config(json!({ "description": "d", "metadata": { "a": "1" } }))).await.unwrap();
    let (id, workspace) = (id(&harness), scene.workspace);
    let spellings = [
        id.to_string(),
        "vision".to_owned(),
        format!("{workspace}/{id}"),
        format!("{workspace}/vision"),
        "alpha/vision".to_owned(),
    ];
    for spelling in spellings {
        harness.import_equals_state(P, ImportBy::Id(spelling), &[]).await.unwrap();
    }
    let failure =
        harness.import("zenml_project.q", ImportBy::Id("alpha/nobody".to_owned())).await.unwrap_err();
    assert!(failure.summaries()[0].contains("nobody"), "{failure}");
    scene.world.stop().await;
}

#[tokio::test]
async fn a_taken_name_is_an_error_with_the_import_command() {
    let scene = Scene::new().await;
    let existing = scene.world.project(scene.workspace, "vision").await;
    let mut harness = scene.world.harness().await;
    let failure = harness.apply(P, scene.config(json!({}))).await.unwrap_err();
    assert!(
        failure.to_string().contains(&format!("terraform import zenml_project.NAME {}/", scene.workspace)),
        "{failure}"
    );
    assert!(failure.to_string().contains(&existing.to_string()), "{failure}");
    assert_eq!(failure.places()[0].to_string(), "name");
    assert!(harness.state(P).is_none());
    scene.world.stop().await;
}

#[tokio::test]
async fn a_malformed_name_is_rejected_before_anything_is_sent() {
    let scene = Scene::new().await;
    let harness = scene.world.harness().await;
    for name in ["Vision", "vi sion", "", &"x".repeat(51)] {
        let failure = harness.plan(P, scene.config(json!({ "name": name }))).await.unwrap_err();
        assert_eq!(failure.places()[0].to_string(), "name", "{name:?}");
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn a_protected_project_is_not_deleted_until_the_protection_is_removed_by_an_apply() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    harness.apply(P, scene.config(json!({ "deletion_protection": true }))).await.unwrap();
    let id = id(&harness);
    let failure = harness.destroy(P).await.unwrap_err();
    assert_eq!(failure.summaries()[0], "Project \"vision\" is protected from deletion");
    assert!(scene.look(id).await.is_some());
    harness.apply(P, scene.config(json!({ "deletion_protection": false }))).await.unwrap();
    harness.destroy(P).await.unwrap();
    assert!(scene.look(id).await.is_none());
    scene.world.stop().await;
}

#[tokio::test]
async fn a_project_whose_creation_got_no_response_is_created_once_and_is_in_the_state() {
    let scene = Scene::new().await;
    scene.world.inject(json!({ "rules": [
        { "method": "POST", "route": "/w/*/projects", "phase": "after_commit", "effect": "drop" },
    ] }));
    let mut harness = scene.world.harness().await;
    harness.apply(P, scene.config(json!({}))).await.unwrap();
    let projects = scene.server.list_all(&api::LIST, (), ProjectQuery::default()).await.unwrap();
    assert_eq!(projects.iter().map(|project| project.id).collect::<Vec<_>>(), [id(&harness)]);
    scene.world.stop().await;
}

#[tokio::test]
async fn null_and_empty_values_work_as_documented() {
    // The first configuration, the second, and the effect of the second.
    let cases = [
        (json!({ "description": "" }), json!({}), Action::NoOp),
        (json!({ "description": "d" }), json!({ "description": "" }), Action::Update),
        (json!({ "description": "d" }), json!({}), Action::Update),
        (json!({ "metadata": { "a": "1" } }), json!({ "metadata": {} }), Action::Update),
        (json!({ "display_name": "Vision" }), json!({}), Action::NoOp),
        (json!({ "tags": ["a"] }), json!({ "tags": [] }), Action::Update),
    ];
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    for (first, then, action) in cases {
        harness.apply(P, scene.config(first.clone())).await.unwrap();
        let applied = harness.apply(P, scene.config(then.clone())).await.unwrap();
        assert_eq!(applied.action, action, "{first} to {then}");
        harness.destroy(P).await.unwrap();
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn omitted_metadata_is_managed_elsewhere() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    harness.apply(P, scene.config(json!({}))).await.unwrap();
    let project = id(&harness);
    let metadata = BTreeMap::from([("runs".to_owned(), json!(3))]);
    let outside = ProjectUpdate { project_metadata: Some(metadata.clone()), ..ProjectUpdate::default() };
    scene.server.send(&api::UPDATE, project, (), outside).await.unwrap();
    harness.apply(P, scene.config(json!({ "description": "d" }))).await.unwrap();
    assert_eq!(scene.look(project).await.unwrap().metadata.unwrap().project_metadata, metadata);
    // An import reads them, with any JSON as a string.
    harness.forget(P);
    harness.import(P, ImportBy::Id(format!("alpha/{project}"))).await.unwrap();
    let same = scene.config(json!({ "description": "d", "metadata": { "runs": "3" } }));
    assert_eq!(harness.plan(P, same).await.unwrap().action, Action::NoOp);
    scene.world.stop().await;
}

/// The Go provider stored an empty description if none was configured.
#[tokio::test]
async fn state_of_the_go_provider_gets_its_workspace_and_plans_nothing() {
    let scene = Scene::new().await;
    let project = scene.world.project(scene.workspace, "vision").await.to_string();
    let mut block = scene.world.block();
    block["workspace_id"] = "alpha".into();
    let mut harness = scene.world.harness_with(block).await;
    for display_name in [json!("vision"), json!(""), Json::Null] {
        let state =
            json!({ "id": project, "name": "vision", "display_name": display_name, "description": "" });
        harness.adopt(P, 0, &state).await.unwrap();
        for config in [json!({ "name": "vision" }), scene.config(json!({}))] {
            let planned = harness.plan(P, config).await.unwrap();
            assert_eq!(planned.action, Action::NoOp, "{display_name}: {:?}", planned.changes());
        }
        harness.forget(P);
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn only_a_workspace_in_the_state_can_replace_the_project() {
    let scene = Scene::new().await;
    let project = scene.world.project(scene.workspace, "vision").await.to_string();
    let elsewhere = scene.world.workspace("beta").await.to_string();
    let mut block = scene.world.block();
    block["workspace_id"] = "alpha".into();
    let mut harness = scene.world.harness_with(block).await;
    let state = json!({ "id": project, "name": "vision", "display_name": "vision" });
    harness.adopt(P, 0, &state).await.unwrap();
    let moved = scene.config(json!({ "workspace_id": elsewhere }));
    assert_eq!(harness.plan_without_refresh(P, moved.clone()).await.unwrap().action, Action::Update);
    harness.refresh(P).await.unwrap();
    assert_eq!(harness.plan(P, moved).await.unwrap().action, Action::Replace);
    scene.world.stop().await;
}

#[tokio::test]
async fn a_project_is_gone_with_its_workspace() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    harness.apply(P, scene.config(json!({}))).await.unwrap();
    scene.world.remove_workspace(scene.workspace).await;
    harness.refresh(P).await.unwrap();
    assert!(harness.state(P).is_none());
    scene.world.stop().await;
}

#[tokio::test]
async fn the_provider_waits_for_a_workspace_that_is_being_deployed() {
    let world = World::start().await;
    world.inject(json!({ "deployments": { "slow": { "pending_seconds": 1 } } }));
    let mut harness = world.harness().await;
    let config = json!({ "name": "slow", "timeouts": { "create": "100ms" } });
    harness.apply_unsettled("zenml_workspace.w", config.clone(), config).await.unwrap();
    let workspace = harness.state("zenml_workspace.w").unwrap().attribute("id").as_str().unwrap().to_owned();
    let early = json!({ "name": "vision", "workspace_id": tfkit_test::unknown() });
    let late = json!({ "name": "vision", "workspace_id": workspace });
    harness.apply_late(P, early, late).await.unwrap();
    assert_eq!(attribute(&harness, "workspace_id").as_str(), Some(workspace.as_str()));
    world.stop().await;
}

#[tokio::test]
async fn the_data_source_finds_a_project_by_id_and_by_name() {
    let scene = Scene::new().await;
    let harness = scene.world.harness().await;
    let id = scene.world.project(scene.workspace, "vision").await;
    let workspace = scene.workspace.to_string();
    for wanted in [json!({ "id": id.to_string() }), json!({ "name": "vision" })] {
        let mut config = wanted.clone();
        config["workspace_id"] = json!(workspace);
        let found = harness.read_data_source("zenml_project", config).await.unwrap();
        assert_eq!(found.attribute("id").as_str(), Some(id.to_string().as_str()), "{wanted}");
        assert_eq!(found.attribute("name").as_str(), Some("vision"), "{wanted}");
    }
    let config = json!({ "workspace_id": workspace, "name": "nobody" });
    let failure = harness.read_data_source("zenml_project", config).await.unwrap_err();
    assert_eq!(failure.summaries(), ["There is no project \"nobody\""]);
    assert_eq!(failure.places()[0].to_string(), "name");
    scene.world.stop().await;
}

#[tokio::test]
async fn a_project_passes_its_life_cycle_under_a_real_host() {
    under_each_host(async |world, host| {
        let scene = Scene::of(world).await;
        let main = |name: &str| {
            format!(
                "resource \"zenml_project\" \"p\" {{\n  workspace_id = \"{}\"\n  name = \"{name}\"\n  description = \
                 \"d\"\n  metadata = {{ tier = \"gold\" }}\n}}\n",
                scene.workspace
            )
        };
        host.write("main.tf", &main("vision")).unwrap();
        assert_eq!(host.apply().await.unwrap().action(P), Some(Action::Create));
        let id: ProjectId = host.attributes(P).await.unwrap()["id"].as_str().unwrap().parse().unwrap();
        host.import_equals_state(P, "alpha/vision", &[]).await.unwrap();
        host.run(&["plan", "-refresh-only", "-detailed-exitcode"]).await.unwrap();
        host.write("main.tf", &main("renamed")).unwrap();
        assert_eq!(host.apply().await.unwrap().action(P), Some(Action::Update));
        let change = ProjectUpdate { description: Patch::Set("outside".to_owned()), ..ProjectUpdate::default() };
        scene.server.send(&api::UPDATE, id, (), change).await.unwrap();
        assert_eq!(host.apply().await.unwrap().action(P), Some(Action::Update));
        assert_eq!(scene.look(id).await.unwrap().metadata.unwrap().description, "d");
        scene.server.call(&api::DELETE, IdOrName::Id(id)).await.unwrap();
        assert_eq!(host.apply().await.unwrap().action(P), Some(Action::Create));
        let id: ProjectId = host.attributes(P).await.unwrap()["id"].as_str().unwrap().parse().unwrap();
        host.destroy().await.unwrap();
        assert!(scene.look(id).await.is_none());
        scene.world.stop().await;
    })
    .await;
}
