//! `zenml_service_account`: its whole life, and what is refused.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use tfkit::Dyn;
use tfkit::engine::ImportBy;
use tfkit_test::{Action, Harness};
use tokio::task::JoinSet;
use zenml_api::control::service_account::{
    self as api, ApiKeyCreate, ServiceAccountCreate, ServiceAccountUpdate,
};
use zenml_api::{IdOrName, Patch, ServiceAccountId, UserId};
use zenml_client::Optional as _;

use crate::many::counted;
use crate::world::{World, engine, under_each_host};

const A: &str = "zenml_service_account.a";

fn text(state: &Dyn, name: &str) -> String {
    state.attribute(name).as_str().unwrap_or_default().to_owned()
}

fn id(harness: &Harness) -> ServiceAccountId {
    text(harness.state(A).unwrap(), "id").parse().unwrap()
}

fn config(more: &Json) -> Json {
    let mut config = json!({ "name": "robot" });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    config
}

async fn look(world: &World, name: &str) -> Option<api::ServiceAccount> {
    let of = (world.organization(), IdOrName::Name(name.to_owned()));
    world.control().call(&api::GET, of).await.optional().unwrap()
}

async fn create(world: &World, name: &str) -> api::ServiceAccount {
    let new = ServiceAccountCreate { username: name.to_owned(), ..ServiceAccountCreate::default() };
    world.control().send(&api::CREATE, world.organization(), (), new).await.unwrap()
}

#[tokio::test]
async fn an_account_is_changed_in_place_except_for_its_name() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    harness.apply(A, config(&json!({}))).await.unwrap();
    let before = id(&harness);
    let all = json!({ "display_name": "Robot", "description": "Runs pipelines.", "active": false });
    assert_eq!(harness.apply(A, config(&all.clone())).await.unwrap().action, Action::Update);
    let now = look(&world, "robot").await.unwrap();
    assert_eq!((now.id, now.name.as_deref()), (before, Some("Robot")));
    assert_eq!((now.description.as_deref(), now.is_active), (Some("Runs pipelines."), false));
    // The display name stays, because the API cannot say that it was never set.
    let planned = harness.plan(A, config(&json!({}))).await.unwrap();
    assert_eq!(
        (planned.action, planned.changes()),
        (Action::Update, vec!["active", "description", "updated"])
    );
    harness.apply(A, config(&json!({}))).await.unwrap();
    let now = look(&world, "robot").await.unwrap();
    assert_eq!((now.name.as_deref(), now.description, now.is_active), (Some("Robot"), None, true));
    assert_eq!(harness.apply(A, json!({ "name": "other" })).await.unwrap().action, Action::Replace);
    assert_ne!(id(&harness), before);
    harness.destroy(A).await.unwrap();
    assert!(look(&world, "other").await.is_none());
    world.stop().await;
}

#[tokio::test]
async fn a_deactivated_account_cannot_log_in_until_it_is_active_again() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    harness.apply(A, config(&json!({}))).await.unwrap();
    let of = (world.organization(), IdOrName::Id(id(&harness)));
    let new = ApiKeyCreate { name: "ci".to_owned(), ..ApiKeyCreate::default() };
    let key = world.control().send(&api::CREATE_API_KEY, of, (), new).await.unwrap().key.unwrap();
    for active in [false, true] {
        harness.apply(A, config(&json!({ "active": active }))).await.unwrap();
        let mut block = world.block();
        block["service_account_key"] = json!(key.expose());
        let failure = Harness::start(engine(), block).await.err().map(|error| error.to_string());
        let is_refused = failure.is_some_and(|failure| failure.contains("rejected the credential"));
        assert_eq!(is_refused, !active);
    }
    world.stop().await;
}

#[tokio::test]
async fn an_account_that_was_changed_or_deleted_outside_is_brought_back() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    let wanted = config(&json!({ "description": "ours" }));
    harness.apply(A, wanted.clone()).await.unwrap();
    let of = (world.organization(), IdOrName::Id(id(&harness)));
    let change = ServiceAccountUpdate {
        is_active: Some(false),
        description: Patch::Set("theirs".to_owned()),
        name: Patch::Set("Theirs".to_owned()),
    };
    world.control().send(&api::UPDATE, of.clone(), (), change).await.unwrap();
    let planned = harness.plan(A, wanted.clone()).await.unwrap();
    assert_eq!(planned.changes(), ["active", "description", "updated"]);
    harness.apply(A, wanted.clone()).await.unwrap();
    let now = look(&world, "robot").await.unwrap();
    assert!(now.is_active && now.description.as_deref() == Some("ours"), "{now:?}");
    assert_eq!(now.name.as_deref(), Some("Theirs"), "a display name that is not configured is left alone");

    world.control().call(&api::DELETE, of).await.unwrap();
    assert_eq!(harness.apply(A, wanted).await.unwrap().action, Action::Create);
    assert!(look(&world, "robot").await.is_some());
    world.stop().await;
}

#[tokio::test]
async fn an_existing_account_is_not_adopted_but_can_be_imported_by_id_and_by_name() {
    let world = World::start().await;
    let existing = create(&world, "robot").await;
    let mut harness = world.harness().await;
    let failure = harness.apply(A, config(&json!({}))).await.unwrap_err();
    assert_eq!(failure.summaries(), ["Service account \"robot\" already exists"]);
    assert_eq!(failure.places()[0].to_string(), "name");
    let organization = world.organization();
    let import = format!("{organization}/{}", existing.id);
    assert!(
        failure.to_string().contains(&format!("terraform import zenml_service_account.NAME {import}")),
        "{failure}"
    );
    let name = world.control().call(&zenml_api::control::organization::GET, IdOrName::Id(organization)).await;
    let name = name.unwrap().name;
    for text in [
        import,
        existing.id.to_string(),
        "robot".to_owned(),
        format!("{organization}/robot"),
        format!("{name}/robot"),
    ] {
        harness.import(A, ImportBy::Id(text.clone())).await.unwrap();
        assert_eq!(harness.plan(A, config(&json!({}))).await.unwrap().action, Action::NoOp, "{text}");
        harness.forget(A);
    }
    for (text, summary) in [
        ("", "Invalid import id \"\""),
        ("a/b/c", "Invalid import id \"a/b/c\""),
        ("/robot", "Invalid import id \"/robot\""),
        ("nobody", "There is no service account \"nobody\""),
        ("elsewhere/robot", "There is no organization \"elsewhere\""),
    ] {
        let failure = harness.import(A, ImportBy::Id(text.to_owned())).await.unwrap_err();
        assert_eq!(failure.summaries(), [summary]);
    }
    world.stop().await;
}

#[tokio::test]
async fn a_name_that_a_person_has_and_an_invalid_name_are_refused() {
    let world = World::start().await;
    world.person("robot").await;
    let mut harness = world.harness().await;
    let failure = harness.apply(A, config(&json!({}))).await.unwrap_err();
    assert_eq!(failure.summaries(), ["Service account \"robot\" already exists"]);
    assert!(
        failure.to_string().contains("A person, or a service account of another organization"),
        "{failure}"
    );
    for name in ["", "with space", "slash/slash", &"x".repeat(51)] {
        let failure = harness.plan(A, json!({ "name": name })).await.unwrap_err();
        assert_eq!(failure.places()[0].to_string(), "name", "{failure}");
    }
    world.stop().await;
}

#[tokio::test]
async fn the_account_of_the_provider_itself_is_neither_deactivated_nor_deleted() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    harness.import(A, ImportBy::Id("platform-admin".to_owned())).await.unwrap();
    let own = |more: Json| {
        let mut config = json!({ "name": "platform-admin" });
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        config
    };
    let summary = "The provider itself uses the service account \"platform-admin\"";
    for refused in [own(json!({ "active": false })), json!({ "name": "renamed" })] {
        let failure = harness.plan(A, refused).await.unwrap_err();
        assert!(failure.summaries().contains(&summary), "{failure}");
    }
    assert_eq!(harness.destroy(A).await.unwrap_err().summaries(), [summary]);
    harness.apply(A, own(json!({ "description": "Made on the first start." }))).await.unwrap();
    world.stop().await;
}

#[tokio::test]
async fn a_reader_without_permission_gets_an_error_and_keeps_the_state() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    harness.apply(A, config(&json!({}))).await.unwrap();
    // An account with a role that sees the organization, but no service accounts.
    let viewer = create(&world, "viewer").await;
    world.join(UserId::from(viewer.id)).await;
    let of = (world.organization(), IdOrName::Id(viewer.id));
    let new = ApiKeyCreate { name: "ci".to_owned(), ..ApiKeyCreate::default() };
    let key = world.control().send(&api::CREATE_API_KEY, of, (), new).await.unwrap().key.unwrap();
    let mut block = world.block();
    block["service_account_key"] = json!(key.expose());
    harness.restart(engine(), block).await.unwrap();
    let failure = harness.plan(A, config(&json!({}))).await.unwrap_err();
    assert_eq!(failure.summaries(), ["Cannot list the service accounts: not allowed"]);
    assert!(harness.state(A).is_some());
    world.stop().await;
}

#[tokio::test]
async fn a_new_account_without_a_role_can_get_one_and_join_a_team() {
    let world = World::start().await;
    let workspace = world.workspace("home").await.to_string();
    let mut harness = world.harness().await;
    harness.apply(A, config(&json!({}))).await.unwrap();
    let account = id(&harness).to_string();
    let role = json!({ "workspace_id": workspace, "service_account_id": account, "role": "developer" });
    harness.apply("zenml_workspace_role_assignment.r", role.clone()).await.unwrap();
    for name in [account.as_str(), "robot"] {
        let team = json!({ "name": "robots", "members": [name] });
        harness.apply("zenml_team.t", team).await.unwrap();
    }
    harness.destroy("zenml_team.t").await.unwrap();
    harness.destroy("zenml_workspace_role_assignment.r").await.unwrap();
    // A lookup that fails proves nothing.
    let route = "/organizations/{organization_id}/service_accounts/{service_account_id_or_name}";
    let effect = json!({ "status": 403, "body": { "detail": "not today" } });
    world.inject(json!({ "rules": [{ "method": "GET", "route": route, "effect": effect }] }));
    harness.plan("zenml_workspace_role_assignment.r", role.clone()).await.unwrap();
    let team = json!({ "name": "robots", "members": ["robot"] });
    let failure = harness.plan("zenml_team.t", team).await.unwrap_err();
    assert_eq!(failure.summaries(), ["Cannot read service account \"robot\": the control plane refused it"]);
    world.inject(json!({}));
    harness.destroy(A).await.unwrap();
    let failure = harness.plan("zenml_workspace_role_assignment.r", role).await.unwrap_err();
    assert_eq!(failure.summaries(), [format!("The service account {account} is not in the organization")]);
    world.stop().await;
}

#[tokio::test]
async fn data_sources_find_one_account_and_several() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    harness.apply(A, config(&json!({ "display_name": "Robot" }))).await.unwrap();
    create(&world, "other").await;
    for config in [json!({ "id": id(&harness).to_string() }), json!({ "name": "robot" })] {
        let found = harness.read_data_source("zenml_service_account", config).await.unwrap();
        assert_eq!(
            (text(&found, "id"), text(&found, "display_name")),
            (id(&harness).to_string(), "Robot".into())
        );
        assert_eq!(found.attribute("active"), &Dyn::Bool(true));
    }
    let failure =
        harness.read_data_source("zenml_service_account", json!({ "name": "nobody" })).await.unwrap_err();
    assert_eq!(failure.summaries(), ["There is no service account \"nobody\""]);

    harness.apply(A, config(&json!({ "active": false }))).await.unwrap();
    for (filter, expected) in [
        (json!({}), vec!["other", "platform-admin", "robot"]),
        (json!({ "name_prefix": "ro" }), vec!["robot"]),
        (json!({ "active": false }), vec!["robot"]),
        (json!({ "active": true }), vec!["other", "platform-admin"]),
        (json!({ "name_prefix": "x" }), vec![]),
    ] {
        let found = harness.read_data_source("zenml_service_accounts", filter.clone()).await.unwrap();
        let Dyn::Map(accounts) = found.attribute("service_accounts") else { panic!("{found:?}") };
        assert_eq!(accounts.keys().collect::<Vec<_>>(), expected, "{filter}");
    }
    world.stop().await;
}

#[tokio::test]
async fn many_accounts_are_read_with_one_list() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    for number in 0..20 {
        let config = json!({ "name": format!("robot-{number}") });
        harness.apply(&format!("zenml_service_account.a{number}"), config).await.unwrap();
    }
    let (engine, requests) = counted();
    harness.restart(engine, world.block()).await.unwrap();
    let before = requests.seen().len();
    let harness = Arc::new(harness);
    let mut plans = JoinSet::new();
    for number in 0..20 {
        let (harness, config) = (Arc::clone(&harness), json!({ "name": format!("robot-{number}") }));
        plans.spawn(async move {
            harness.plan(&format!("zenml_service_account.a{number}"), config).await.unwrap().action
        });
    }
    assert!(plans.join_all().await.into_iter().all(|action| action == Action::NoOp));
    let sent = requests.seen().len() - before;
    assert!(sent <= 3, "{sent} requests");
    world.stop().await;
}

#[tokio::test]
async fn an_account_passes_its_life_cycle_under_real_hosts() {
    under_each_host(async |world, host| {
        let before = world.platform.census().await.unwrap();
        let main = |more: &str| {
            format!("resource \"zenml_service_account\" \"a\" {{\n  name = \"robot\"\n{more}}}\n")
        };
        host.write("main.tf", &main("")).unwrap();
        host.apply().await.unwrap();
        host.must_be_settled().await.unwrap();
        host.write("main.tf", &main("  display_name = \"Robot\"\n  active = false\n")).unwrap();
        let plan = host.plan().await.unwrap();
        assert_eq!(plan.action(A), Some(Action::Update));
        host.apply_saved(&plan).await.unwrap();
        host.must_be_settled().await.unwrap();
        host.import_equals_state(A, "robot", &[]).await.unwrap();
        host.destroy().await.unwrap();
        assert_eq!(world.platform.census().await.unwrap(), before);
        world.stop().await;
    })
    .await;
}
