//! Code repositories.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use tfkit::engine::ImportBy;
use tfkit_test::{Action, Harness};
use zenml_api::workspace::code_repository::{
    self as api, CodeRepository, CodeRepositoryQuery, CodeRepositoryUpdate,
};
use zenml_api::workspace::project;
use zenml_api::{CodeRepositoryId, IdOrName, ProjectId, Sensitive, WorkspaceId};
use zenml_client::{Api, Optional as _};

use crate::world::{World, under_each_host};

const R: &str = "zenml_code_repository.r";

/// A value that must not appear anywhere.
const TOKEN: &str = "canary-token";

/// A workspace with a project, and its API.
struct Scene {
    world: World,
    workspace: WorkspaceId,
    project: ProjectId,
    server: Api,
}

impl Scene {
    async fn new() -> Self {
        Self::of(World::start().await).await
    }

    async fn of(world: World) -> Self {
        let workspace = world.workspace("alpha").await;
        let project = world.project(workspace, "vision").await;
        let server = world.server(workspace).await;
        Self { world, workspace, project, server }
    }

    /// Returns a configuration of a repository on GitHub, merged with `more`. Null values in `more` remove arguments.
    fn config(&self, more: Json) -> Json {
        let mut config = json!({
            "workspace_id": self.workspace.to_string(), "project_id": self.project.to_string(), "name": "training",
            "type": "github", "config": { "owner": "acme", "token": TOKEN },
        });
        let Json::Object(more) = more else { panic!("`more` must be an object") };
        config.as_object_mut().unwrap().extend(more);
        config
    }

    async fn look(&self, id: CodeRepositoryId) -> Option<CodeRepository> {
        self.server.call(&api::GET, id).await.optional().unwrap()
    }

    /// Returns the configuration on the server.
    async fn stored(&self, id: CodeRepositoryId) -> Json {
        serde_json::to_value(self.look(id).await.unwrap().metadata.unwrap().config).unwrap()
    }

    async fn all(&self) -> Vec<CodeRepository> {
        let query =
            CodeRepositoryQuery { project: vec!["vision".to_owned()], ..CodeRepositoryQuery::default() };
        self.server.list_all(&api::LIST, (), query).await.unwrap()
    }
}

fn id(harness: &Harness) -> CodeRepositoryId {
    harness.state(R).unwrap().attribute("id").as_str().unwrap().parse().unwrap()
}

const SPELLED_OUT: &str = "zenml.integrations.github.code_repositories.github_code_repository";

#[tokio::test]
async fn a_type_selects_the_class_of_zenml() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    harness.apply(R, scene.config(json!({}))).await.unwrap();
    let source = scene.look(id(&harness)).await.unwrap().body.unwrap().source;
    let found = (source.module.as_str(), source.attribute.as_deref(), source.kind.as_str());
    assert_eq!(found, (SPELLED_OUT, Some("GitHubCodeRepository"), "internal"));
    // The class in full is the same, and nothing is replaced.
    let source = json!({ "module": SPELLED_OUT, "attribute": "GitHubCodeRepository", "type": "internal" });
    let spelled_out = scene.config(json!({ "type": null, "source": source }));
    assert_eq!(harness.apply(R, spelled_out.clone()).await.unwrap().action, Action::Update);
    assert!(harness.refresh(R).await.unwrap(), "the object must exist");
    assert_eq!(harness.plan(R, spelled_out).await.unwrap().action, Action::NoOp);
    let other = json!({ "module": "acme.repositories", "attribute": "Archive" });
    for more in [json!({ "type": null, "source": other }), json!({ "type": "gitlab" })] {
        let planned = harness.plan(R, scene.config(more.clone())).await.unwrap();
        assert_eq!(planned.action, Action::Replace, "{more}");
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn a_configuration_is_replaced_as_a_whole_and_never_shown() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    for config in [json!({ "owner": "acme", "token": TOKEN }), json!({ "owner": "other" })] {
        let applied = harness.apply(R, scene.config(json!({ "config": config }))).await.unwrap();
        assert!(matches!(applied.action, Action::Create | Action::Update), "{config}");
        assert_eq!(scene.stored(id(&harness)).await, config);
    }
    // A server's message can repeat the request.
    let refusal =
        json!(["ValueError", format!("1 validation error:\n  {{'input': '{TOKEN}'}}\n\n    PUT /api/v1")]);
    scene.world.inject(json!({ "rules": [
        { "method": "PUT", "route": "/w/*/code_repositories/{code_repository_id}", "effect": { "status": 422, "body": refusal } },
    ] }));
    let failure = harness.apply(R, scene.config(json!({}))).await.unwrap_err();
    assert!(failure.summaries()[0].starts_with("Cannot change code repository \"training\""), "{failure}");
    assert!(!format!("{failure} {failure:?}").contains(TOKEN), "{failure}");
    scene.world.stop().await;
}

/// A server ignores updates to empty values.
#[tokio::test]
async fn a_removal_that_is_impossible_in_place_is_a_replacement_with_a_warning() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    let full = json!({ "description": "d", "logo_url": "l" });
    for (change, named) in [
        (json!({ "description": null, "logo_url": "l" }), "description"),
        (json!({ "description": "d", "logo_url": "" }), "logo_url"),
        (json!({ "description": "d", "logo_url": "l", "config": null, "config_wo": {} }), "config"),
        (json!({ "description": "d", "logo_url": "l", "config": {} }), "config"),
    ] {
        harness.apply(R, scene.config(full.clone())).await.unwrap();
        let before = id(&harness);
        let planned = harness.plan(R, scene.config(change.clone())).await.unwrap();
        assert_eq!(planned.action, Action::Replace, "{change}");
        let told = planned.told().join("\n");
        assert!(
            told.contains("will be replaced: an attribute cannot be removed in place"),
            "{change}: {told}"
        );
        harness.apply(R, scene.config(change.clone())).await.unwrap();
        let now = scene.look(id(&harness)).await.unwrap();
        assert_ne!(now.id, before, "{named}");
        assert_eq!(scene.all().await.len(), 1, "{named}");
        let planned = harness.plan(R, scene.config(change.clone())).await.unwrap();
        assert_eq!(planned.action, Action::NoOp, "{change}: {:?}", planned.changes());
        harness.destroy(R).await.unwrap();
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn an_omitted_configuration_stays_and_cannot_be_emptied_unseen() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    harness.apply(R, scene.config(json!({}))).await.unwrap();
    let left_out = json!({ "config": null });
    assert_eq!(harness.apply(R, scene.config(left_out.clone())).await.unwrap().action, Action::Update);
    assert_eq!(scene.stored(id(&harness)).await, json!({ "owner": "acme", "token": TOKEN }));
    assert!(harness.state(R).unwrap().attribute("config").is_null());
    for (more, place) in [
        (json!({ "config": {} }), "config"),
        (json!({ "config": null, "config_wo": {}, "config_wo_version": 1 }), "config_wo"),
    ] {
        let failure = harness.apply(R, scene.config(more.clone())).await.unwrap_err();
        let summary = "The configuration of code repository \"training\" cannot be emptied";
        assert_eq!(failure.summaries(), [summary], "{more}");
        assert_eq!(failure.places()[0].to_string(), place, "{more}");
    }
    assert_eq!(harness.plan(R, scene.config(left_out)).await.unwrap().action, Action::NoOp);
    scene.world.stop().await;
}

#[tokio::test]
async fn strings_are_changed_in_place() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    harness.apply(R, scene.config(json!({}))).await.unwrap();
    let before = id(&harness);
    for more in [
        json!({ "description": "d" }),
        json!({ "description": "e", "logo_url": "l" }),
        json!({ "name": "renamed", "description": "e", "logo_url": "m" }),
    ] {
        assert_eq!(
            harness.apply(R, scene.config(more.clone())).await.unwrap().action,
            Action::Update,
            "{more}"
        );
        assert_eq!(id(&harness), before);
        let now = scene.look(before).await.unwrap();
        assert_eq!(now.metadata.unwrap().description.as_deref(), more["description"].as_str(), "{more}");
        assert_eq!(now.body.unwrap().logo_url.as_deref(), more["logo_url"].as_str(), "{more}");
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn a_repository_is_imported_by_id_and_by_project_and_name() {
    let scene = Scene::new().await;
    let mut block = scene.world.block();
    block["workspace_id"] = "alpha".into();
    let mut harness = scene.world.harness_with(block).await;
    harness.apply(R, scene.config(json!({ "description": "d" }))).await.unwrap();
    let (id, project, workspace) = (id(&harness), scene.project, scene.workspace);
    for spelling in [
        id.to_string(),
        format!("{workspace}/{id}"),
        "vision/training".to_owned(),
        format!("{project}/training"),
        "alpha/vision/training".to_owned(),
        format!("{workspace}/{project}/training"),
    ] {
        harness.import_equals_state(R, ImportBy::Id(spelling), &[]).await.unwrap();
    }
    for (spelling, summary) in [
        ("training", "Invalid import id \"training\""),
        ("a/b/c/d", "Invalid import id \"a/b/c/d\""),
        ("/training", "Invalid import id \"/training\""),
        ("nowhere/training", "There is no project \"nowhere\""),
        ("vision/nothing", "There is no code repository \"nothing\""),
    ] {
        let by = ImportBy::Id(spelling.to_owned());
        let failure = harness.import("zenml_code_repository.other", by).await.unwrap_err();
        assert_eq!(failure.summaries(), [summary], "{spelling}");
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn a_taken_name_is_an_error_with_the_import_command() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    harness.apply(R, scene.config(json!({}))).await.unwrap();
    let import = format!("terraform import zenml_code_repository.NAME {}/{}", scene.workspace, id(&harness));
    let failure = harness.apply("zenml_code_repository.second", scene.config(json!({}))).await.unwrap_err();
    assert!(failure.to_string().contains(&import), "{failure}");
    assert!(!failure.to_string().contains(TOKEN), "{failure}");
    assert_eq!(failure.places()[0].to_string(), "name");
    // The name is free in another project.
    let other = scene.world.project(scene.workspace, "other").await;
    let config = scene.config(json!({ "project_id": other.to_string() }));
    harness.apply("zenml_code_repository.second", config).await.unwrap();
    scene.world.stop().await;
}

#[tokio::test]
async fn a_missing_project_is_reported_at_its_attribute() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    let nowhere = ProjectId::random().to_string();
    let failure = harness.apply(R, scene.config(json!({ "project_id": nowhere }))).await.unwrap_err();
    assert_eq!(failure.summaries(), [format!("There is no project \"{nowhere}\"")]);
    assert_eq!(failure.places()[0].to_string(), "project_id");
    scene.world.stop().await;
}

#[tokio::test]
async fn a_repository_is_gone_with_its_project_and_with_its_workspace() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    harness.apply(R, scene.config(json!({}))).await.unwrap();
    scene.server.call(&project::DELETE, IdOrName::Id(scene.project)).await.unwrap();
    harness.refresh(R).await.unwrap();
    assert!(harness.state(R).is_none());
    let project = scene.world.project(scene.workspace, "vision").await.to_string();
    harness.apply(R, scene.config(json!({ "project_id": project }))).await.unwrap();
    scene.world.remove_workspace(scene.workspace).await;
    harness.refresh(R).await.unwrap();
    assert!(harness.state(R).is_none());
    scene.world.stop().await;
}

#[tokio::test]
async fn bad_input_is_rejected_at_its_attribute_and_shows_no_token() {
    let scene = Scene::new().await;
    let harness = scene.world.harness().await;
    let source = json!({ "module": "m", "attribute": "A" });
    let with = |member: &str, value: Json| {
        let mut source = source.clone();
        source[member] = value;
        json!({ "type": null, "source": source })
    };
    let cases = [
        (json!({ "name": "" }), "name"),
        (json!({ "name": "n".repeat(256) }), "name"),
        (json!({ "type": "bitbucket" }), "type"),
        (json!({ "project_id": "vision" }), "project_id"),
        (with("module", "".into()), "source.module"),
        (with("type", "boat".into()), "source.type"),
        (json!({ "config": { "token": TOKEN, "owner": null } }), "config[\"owner\"]"),
        (json!({ "description": "d".repeat(65536) }), "description"),
    ];
    for (more, place) in cases {
        let failure = harness.plan(R, scene.config(more.clone())).await.unwrap_err();
        assert_eq!(failure.places()[0].to_string(), place, "{place}: {failure}");
        assert!(!failure.to_string().contains(TOKEN), "{failure}");
    }
    for more in [json!({ "source": source }), json!({ "type": null })] {
        let failure = harness.plan(R, scene.config(more.clone())).await.unwrap_err();
        let shown = failure.to_string();
        assert!(shown.contains("type") && shown.contains("source"), "{more}: {failure}");
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn the_data_source_finds_a_repository_by_id_and_by_project_and_name() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    harness.apply(R, scene.config(json!({ "description": "d" }))).await.unwrap();
    let (id, project) = (id(&harness).to_string(), scene.project.to_string());
    for wanted in [json!({ "id": id }), json!({ "project_id": project, "name": "training" })] {
        let mut config = wanted.clone();
        config["workspace_id"] = scene.workspace.to_string().into();
        let found = harness.read_data_source("zenml_code_repository", config).await.unwrap();
        for (name, value) in
            [("id", id.as_str()), ("project_id", &project), ("type", "github"), ("description", "d")]
        {
            assert_eq!(found.attribute(name).as_str(), Some(value), "{wanted}");
        }
        assert_eq!(found.attribute("source").attribute("module").as_str(), Some(SPELLED_OUT));
        assert_eq!(found.attribute("config").attribute("token").as_str(), Some(TOKEN));
    }
    for (wanted, summary) in [
        (json!({ "project_id": project, "name": "nothing" }), "There is no code repository \"nothing\""),
        (json!({ "name": "training" }), "Attribute \"name\" requires \"project_id\""),
        (json!({ "project_id": project }), "None of `id`, `name` is set"),
    ] {
        let mut config = wanted;
        config["workspace_id"] = scene.workspace.to_string().into();
        let failure = harness.read_data_source("zenml_code_repository", config).await.unwrap_err();
        assert_eq!(failure.summaries(), [summary]);
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn a_code_repository_passes_its_life_cycle_under_a_real_host() {
    under_each_host(async |world, mut host| {
        let scene = Scene::of(world).await;
        let main = |name: &str| {
            format!(
                "variable \"token\" {{\n  type = string\n  sensitive = true\n}}\n\nresource \"zenml_code_repository\" \
                 \"r\" {{\n  workspace_id = \"{}\"\n  project_id = \"{}\"\n  name = \"{name}\"\n  description = \"d\"\n  \
                 type = \"github\"\n  config = {{ owner = \"acme\", token = var.token }}\n}}\n",
                scene.workspace, scene.project
            )
        };
        host.set_variable("token", &json!(TOKEN));
        host.write("main.tf", &main("training")).unwrap();
        assert_eq!(host.apply().await.unwrap().action(R), Some(Action::Create));
        host.import_equals_state(R, "alpha/vision/training", &[]).await.unwrap();
        host.run(&["plan", "-refresh-only", "-detailed-exitcode"]).await.unwrap();
        host.write("main.tf", &main("renamed")).unwrap();
        assert_eq!(host.apply().await.unwrap().action(R), Some(Action::Update));
        let id: CodeRepositoryId = host.attributes(R).await.unwrap()["id"].as_str().unwrap().parse().unwrap();
        let config = BTreeMap::from([("owner".to_owned(), json!(5)), ("more".to_owned(), json!(["x"]))]);
        let outside =
            CodeRepositoryUpdate { config: Some(Sensitive::new(config)), ..CodeRepositoryUpdate::default() };
        scene.server.send(&api::UPDATE, id, (), outside).await.unwrap();
        let shown = host.run(&["plan"]).await.unwrap().words();
        assert!(shown.contains("config") && !shown.contains(TOKEN), "{shown}");
        assert_eq!(host.apply().await.unwrap().action(R), Some(Action::Update));
        assert_eq!(scene.stored(id).await, json!({ "owner": "acme", "token": TOKEN }));
        scene.server.call(&api::DELETE, id).await.unwrap();
        assert_eq!(host.apply().await.unwrap().action(R), Some(Action::Create));
        host.destroy().await.unwrap();
        assert!(scene.all().await.is_empty());
        scene.world.stop().await;
    })
    .await;
}
