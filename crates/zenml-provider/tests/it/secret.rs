//! Secrets.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use tfkit::engine::ImportBy;
use tfkit_test::{Action, Harness};
use zenml_api::workspace::current_user;
use zenml_api::workspace::secret::{
    self as api, Secret, SecretCreate, SecretQuery, SecretUpdate, UpdateQuery,
};
use zenml_api::{SecretId, Sensitive, UserId, WorkspaceId};
use zenml_client::{Api, Optional as _};

use crate::world::{World, under_each_host};

const S: &str = "zenml_secret.s";

/// A value that must not appear anywhere.
const VALUE: &str = "canary-value";

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

    fn config(&self, values: &Json) -> Json {
        json!({ "workspace_id": self.workspace.to_string(), "name": "login", "values": values })
    }

    async fn look(&self, id: SecretId) -> Option<Secret> {
        self.server.call(&api::GET, id).await.optional().unwrap()
    }

    /// The values on the server.
    async fn values(&self, id: SecretId) -> Json {
        let body = self.look(id).await.unwrap().body.unwrap();
        serde_json::to_value(&body.values).unwrap()
    }
}

fn values(of: &[(&str, &str)]) -> Sensitive<BTreeMap<String, Option<String>>> {
    Sensitive::new(of.iter().map(|(key, value)| ((*key).to_owned(), Some((*value).to_owned()))).collect())
}

fn id(harness: &Harness) -> SecretId {
    harness.state(S).unwrap().attribute("id").as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn values_are_replaced_as_a_whole_and_can_be_none() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    for values in [json!({ "user": "u", "password": VALUE }), json!({ "password": "other" }), json!({})] {
        harness.apply(S, scene.config(&values)).await.unwrap();
        assert_eq!(scene.values(id(&harness)).await, values);
        let before = harness.state(S).cloned();
        assert!(harness.refresh(S).await.unwrap(), "the object must exist");
        assert_eq!(harness.state(S).cloned(), before);
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn a_secret_is_imported_by_id_and_by_name() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    harness.apply(S, scene.config(&json!({ "password": VALUE }))).await.unwrap();
    for name in [id(&harness).to_string(), "login".to_owned()] {
        let spelling = format!("{}/{name}", scene.workspace);
        harness.import_equals_state(S, ImportBy::Id(spelling), &[]).await.unwrap();
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn a_taken_name_is_an_error_that_shows_no_value() {
    let scene = Scene::new().await;
    let create = SecretCreate { name: "login".to_owned(), private: false, values: values(&[("a", "b")]) };
    let existing = scene.server.send(&api::CREATE, (), (), create).await.unwrap().id;
    let mut harness = scene.world.harness().await;
    let failure = harness.apply(S, scene.config(&json!({ "password": VALUE }))).await.unwrap_err();
    let import = format!("terraform import zenml_secret.NAME {}/{existing}", scene.workspace);
    assert!(failure.to_string().contains(&import), "{failure}");
    assert!(!failure.to_string().contains(VALUE), "{failure}");
    assert_eq!(failure.places()[0].to_string(), "name");
    assert!(harness.state(S).is_none());
    assert_eq!(scene.values(existing).await, json!({ "a": "b" }));
    scene.world.stop().await;
}

#[tokio::test]
async fn a_secret_whose_creation_got_no_response_is_created_once_and_is_in_the_state() {
    let scene = Scene::new().await;
    scene.world.inject(json!({ "rules": [
        { "method": "POST", "route": "/w/*/secrets", "phase": "after_commit", "effect": "drop" },
    ] }));
    let mut harness = scene.world.harness().await;
    harness.apply(S, scene.config(&json!({ "password": VALUE }))).await.unwrap();
    let secrets = scene.server.list_all(&api::LIST, (), SecretQuery::default()).await.unwrap();
    assert_eq!(secrets.iter().map(|secret| secret.id).collect::<Vec<_>>(), [id(&harness)]);
    scene.world.stop().await;
}

#[tokio::test]
async fn changes_and_deletions_from_outside_are_repaired() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    let config = scene.config(&json!({ "password": VALUE }));
    harness.apply(S, config.clone()).await.unwrap();
    let change = SecretUpdate { values: Some(values(&[("password", "outside")])), ..SecretUpdate::default() };
    scene.server.send(&api::UPDATE, id(&harness), UpdateQuery::default(), change).await.unwrap();
    assert_eq!(harness.apply(S, config.clone()).await.unwrap().action, Action::Update);
    assert_eq!(scene.values(id(&harness)).await, json!({ "password": VALUE }));
    scene.server.call(&api::DELETE, id(&harness)).await.unwrap();
    assert_eq!(harness.apply(S, config).await.unwrap().action, Action::Create);
    let id = id(&harness);
    harness.destroy(S).await.unwrap();
    assert!(scene.look(id).await.is_none());
    scene.world.stop().await;
}

#[tokio::test]
async fn values_without_read_permission_stay_in_the_state_with_one_warning() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    let config = scene.config(&json!({ "password": VALUE }));
    harness.apply(S, config.clone()).await.unwrap();
    let mut held_back = serde_json::to_value(scene.look(id(&harness)).await.unwrap()).unwrap();
    held_back["body"]["values"] = json!({});
    scene.world.inject(json!({ "rules": [
        { "method": "GET", "route": "/w/*/secrets/{secret_id}", "effect": { "status": 200, "body": held_back } },
    ] }));
    let planned = harness.plan(S, config.clone()).await.unwrap();
    assert_eq!(
        (planned.action, planned.told()),
        (Action::NoOp, vec!["The values of secret \"login\" cannot be read"])
    );
    assert!(harness.plan(S, config).await.unwrap().told().is_empty(), "the warning appeared already");
    // New values are written nevertheless.
    let changed = harness.apply(S, scene.config(&json!({ "password": "new" }))).await.unwrap();
    assert_eq!(changed.action, Action::Update);
    scene.world.inject(json!({}));
    assert_eq!(scene.values(id(&harness)).await, json!({ "password": "new" }));
    scene.world.stop().await;
}

#[tokio::test]
async fn another_account_does_not_take_a_private_secret_for_deleted() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    let mut config = scene.config(&json!({ "password": VALUE }));
    config["private"] = true.into();
    harness.apply(S, config.clone()).await.unwrap();
    let mut other = serde_json::to_value(scene.server.call(&current_user::GET, ()).await.unwrap()).unwrap();
    other["id"] = UserId::random().to_string().into();
    let gone = json!({ "detail": ["KeyError", "no such secret"] });
    let secret = "/w/*/secrets/{secret_id}";
    let hidden = json!({ "route": secret, "effect": { "status": 404, "body": gone } });
    let stranger = json!({ "route": "/w/*/current-user", "effect": { "status": 200, "body": other } });
    scene.world.inject(json!({ "rules": [hidden, stranger] }));
    for failure in [harness.refresh(S).await.unwrap_err(), harness.destroy(S).await.unwrap_err()] {
        assert!(failure.summaries()[0].starts_with("Cannot tell whether the secret"), "{failure}");
    }
    assert!(harness.state(S).is_some());
    // Its owner knows that it is gone.
    scene.world.inject(json!({ "rules": [hidden] }));
    harness.refresh(S).await.unwrap();
    assert!(harness.state(S).is_none());
    scene.world.stop().await;
}

#[tokio::test]
async fn a_private_secret_may_have_the_name_of_a_public_one() {
    let scene = Scene::new().await;
    let create = SecretCreate { name: "login".to_owned(), private: false, values: values(&[("a", "b")]) };
    scene.server.send(&api::CREATE, (), (), create).await.unwrap();
    let mut harness = scene.world.harness().await;
    let mut config = scene.config(&json!({ "password": VALUE }));
    config["private"] = true.into();
    harness.apply(S, config).await.unwrap();
    harness.forget(S);
    let ambiguous = ImportBy::Id(format!("{}/login", scene.workspace));
    let failure = harness.import(S, ambiguous).await.unwrap_err();
    assert_eq!(failure.summaries(), ["There is more than one secret \"login\""]);
    scene.world.stop().await;
}

#[tokio::test]
async fn a_rejection_that_repeats_the_request_shows_no_value() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    // A server's rejection can contain everything that was sent.
    let refusal = json!([
        "ValueError",
        format!(
            "1 validation error:\n  {{'type': 'string_type', 'loc': ('body', 'values', 'password'), 'msg': 'Input should be \
         a valid string', 'input': '{VALUE}'}}\n\n  File \"secrets.py\", line 1, in create_secret\n    POST /api/v1/secrets"
        )
    ]);
    scene.world.inject(json!({ "rules": [
        { "method": "POST", "route": "/w/*/secrets", "effect": { "status": 422, "body": refusal } },
    ] }));
    let failure = harness.apply(S, scene.config(&json!({ "password": VALUE }))).await.unwrap_err();
    let shown = format!("{failure} {failure:?}");
    assert!(shown.contains("Input should be a valid string"), "{shown}");
    assert!(!shown.contains(VALUE), "{shown}");
    scene.world.stop().await;
}

#[tokio::test]
async fn state_of_the_go_provider_gets_its_workspace_and_plans_nothing() {
    let scene = Scene::new().await;
    let create = SecretCreate { name: "login".to_owned(), private: false, values: values(&[("a", "b")]) };
    let existing = scene.server.send(&api::CREATE, (), (), create).await.unwrap().id;
    let mut block = scene.world.block();
    block["workspace_id"] = "alpha".into();
    let mut harness = scene.world.harness_with(block).await;
    let state =
        json!({ "id": existing.to_string(), "name": "login", "private": false, "values": { "a": "b" } });
    harness.adopt(S, 0, &state).await.unwrap();
    for config in [json!({ "name": "login", "values": { "a": "b" } }), scene.config(&json!({ "a": "b" }))] {
        assert_eq!(harness.plan(S, config).await.unwrap().action, Action::NoOp);
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn bad_input_is_rejected_at_its_attribute_and_shows_no_value() {
    let scene = Scene::new().await;
    let harness = scene.world.harness().await;
    let values = json!({ "password": VALUE });
    let cases = [
        (json!({ "name": "", "values": values }), "name"),
        (json!({ "name": "a".repeat(256), "values": values }), "name"),
        (json!({ "name": "login", "values": { "password": VALUE, "other": null } }), "values[\"other\"]"),
        (json!({ "name": "login", "values": values, "workspace_id": "alpha" }), "workspace_id"),
    ];
    for (config, place) in cases {
        let failure = harness.plan(S, config.clone()).await.unwrap_err();
        assert_eq!(failure.places()[0].to_string(), place, "{config}: {failure}");
        assert!(!failure.to_string().contains(VALUE), "{failure}");
    }
    scene.world.stop().await;
}

/// A creation once left a mark in the private state that the first refresh removed, so that `-refresh-only` reported
/// a change that it could not show.
#[tokio::test]
async fn a_refresh_after_a_creation_changes_nothing_under_a_real_host() {
    under_each_host(async |world, mut host| {
        let scene = Scene::of(world).await;
        let main = |name: &str| {
            format!(
                "variable \"value\" {{\n  type = string\n  sensitive = true\n}}\n\n\
                 resource \"zenml_secret\" \"s\" {{\n  workspace_id = \"{}\"\n  name = \"{name}\"\n  values = {{ \
                 password = var.value }}\n}}\n",
                scene.workspace
            )
        };
        host.set_variable("value", &json!(VALUE));
        host.write("main.tf", &main("login")).unwrap();
        assert_eq!(host.apply().await.unwrap().action(S), Some(Action::Create));
        host.run(&["plan", "-refresh-only", "-detailed-exitcode"]).await.unwrap();
        host.import_equals_state(S, "alpha/login", &[]).await.unwrap();
        host.write("main.tf", &main("renamed")).unwrap();
        assert_eq!(host.apply().await.unwrap().action(S), Some(Action::Update));
        host.write("main.tf", &main("again")).unwrap();
        let shown = host.run(&["plan"]).await.unwrap().words();
        assert!(shown.contains("again") && !shown.contains(VALUE), "{shown}");
        let id: SecretId = host.attributes(S).await.unwrap()["id"].as_str().unwrap().parse().unwrap();
        host.destroy().await.unwrap();
        assert!(scene.look(id).await.is_none());
        scene.world.stop().await;
    })
    .await;
}
