//! Applies in which the connection drops around the request that creates the object, or in which a server or a proxy
//! responds with a failure although the object was created.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tfkit_test::{Action, Failure, Harness};
use zenml_api::workspace::tag::{self, TagQuery};

use crate::world::{World, types_without};

/// A value that no message may contain.
const MARKED: &str = "a-marked-secret";

/// A resource, and the request that creates it.
pub(crate) struct Row {
    pub(crate) address: &'static str,
    pub(crate) route: &'static str,
    /// The name of the object in errors.
    name: String,
    pub(crate) config: Json,
}

/// Somebody who has not accepted an invitation yet.
const INVITED: &str = "invited@example.com";

/// The same types as in other rows, for somebody who is only invited.
fn of_an_invitation(workspace: &str, project: &str, team: &str) -> Vec<Row> {
    let roles = "/roles/{role_id}/assignments";
    let rows = [
        ("zenml_organization_role_assignment.e", roles, json!({ "email": INVITED, "role": "viewer" })),
        (
            "zenml_workspace_role_assignment.e",
            roles,
            json!({ "workspace_id": workspace, "email": INVITED, "role": "viewer" }),
        ),
        (
            "zenml_project_role_assignment.e",
            roles,
            json!({ "workspace_id": workspace, "project_id": project, "email": INVITED, "role": "viewer" }),
        ),
        ("zenml_team_membership.e", "/teams/{team_id}/members", json!({ "team_id": team, "email": INVITED })),
    ];
    let row = |(address, route, config)| Row { address, route, name: INVITED.to_owned(), config };
    rows.into_iter().map(row).collect()
}

/// A platform with the objects that the rows refer to.
pub(crate) async fn scene() -> (World, Vec<Row>) {
    let world = World::start().await;
    let workspace = world.workspace("home").await;
    let team = world.team("holders").await;
    let account = world.service_account("robot").await;
    let person = world.person("member@example.com").await;
    let project = world.project(workspace, "around").await;
    world.invite(INVITED).await;
    let server = world.server(workspace).await;
    let mut components = BTreeMap::new();
    for kind in ["orchestrator", "artifact_store"] {
        let create = json!({ "name": "one", "type": kind, "flavor": "local", "configuration": {} });
        let create = serde_json::from_value(create).unwrap();
        let made = server.send(&zenml_api::workspace::component::CREATE, (), (), create).await.unwrap();
        components.insert(kind, made.id.to_string());
    }
    let inside = |more: Json| {
        let mut config = json!({ "workspace_id": workspace.to_string(), "name": "alpha" });
        let Json::Object(more) = more else { panic!("`more` must be an object") };
        config.as_object_mut().unwrap().extend(more);
        config
    };
    let row = |address, route, config| Row { address, route, name: "alpha".to_owned(), config };
    let mut rows = vec![
        row("zenml_team.x", "/teams", json!({ "name": "alpha" })),
        row(
            "zenml_role.x",
            "/roles",
            json!({ "name": "alpha", "level": "workspace", "permissions": { "stack": ["read"] } }),
        ),
        Row {
            name: team.to_string(),
            ..row(
                "zenml_organization_role_assignment.x",
                "/roles/{role_id}/assignments",
                json!({ "team_id": team.to_string(), "role": "viewer" }),
            )
        },
        row("zenml_workspace.x", "/workspaces", json!({ "name": "alpha" })),
        row(
            "zenml_api_key.x",
            "/organizations/{organization_id}/service_accounts/{service_account_id_or_name}/api_keys",
            json!({ "name": "alpha", "service_account_id": account.to_string() }),
        ),
        row(
            "zenml_service_account.x",
            "/organizations/{organization_id}/service_accounts",
            json!({ "name": "alpha" }),
        ),
        Row {
            name: "new.person@example.com".to_owned(),
            ..row(
                "zenml_organization_member.x",
                "/organizations/{organization_id}/invitations",
                json!({ "email": "new.person@example.com" }),
            )
        },
        Row {
            name: team.to_string(),
            ..row(
                "zenml_team_membership.x",
                "/teams/{team_id}/members",
                json!({ "team_id": team.to_string(), "user_id": person.id.to_string() }),
            )
        },
        Row {
            name: team.to_string(),
            ..row(
                "zenml_workspace_role_assignment.x",
                "/roles/{role_id}/assignments",
                json!({ "workspace_id": workspace.to_string(), "team_id": team.to_string(), "role": "viewer" }),
            )
        },
        Row {
            name: team.to_string(),
            ..row(
                "zenml_project_role_assignment.x",
                "/roles/{role_id}/assignments",
                json!({ "workspace_id": workspace.to_string(), "project_id": project.to_string(),
                    "team_id": team.to_string(), "role": "viewer" }),
            )
        },
        row("zenml_project.x", "/w/*/projects", inside(json!({}))),
        row("zenml_tag.x", "/w/*/tags", inside(json!({ "color": "red" }))),
        row(
            "zenml_flavor.x",
            "/w/*/flavors",
            inside(json!({ "type": "alerter", "source": "acme.Flavor", "display_name": "Shown" })),
        ),
        row(
            "zenml_code_repository.x",
            "/w/*/code_repositories",
            inside(
                json!({ "project_id": project.to_string(), "type": "github", "config": { "token": MARKED } }),
            ),
        ),
        row("zenml_secret.x", "/w/*/secrets", inside(json!({ "values": { "token": MARKED } }))),
        row(
            "zenml_service_connector.x",
            "/w/*/service_connectors",
            inside(json!({ "type": "aws", "auth_method": "secret-key", "verify": false, "configuration": {
                "region": "eu-west-1", "aws_access_key_id": "AKIA", "aws_secret_access_key": MARKED } })),
        ),
        row(
            "zenml_stack_component.x",
            "/w/*/components",
            inside(
                json!({ "type": "artifact_store", "flavor": "s3", "configuration": { "path": "s3://b" } }),
            ),
        ),
        row("zenml_stack.x", "/w/*/stacks", inside(json!({ "components": components }))),
    ];
    rows.extend(of_an_invitation(&workspace.to_string(), &project.to_string(), &team.to_string()));
    let left_out = types_without(rows.iter().map(|row| row.address));
    assert_eq!(
        left_out,
        ["zenml_resource_share", "zenml_stack_role_assignment"],
        "their creation writes shares and has no single response"
    );
    (world, rows)
}

/// Drops the connection of a request that creates the object of a row, or without a number of all of them.
fn drop_creates(world: &World, row: &Row, phase: &str, nth: Option<u64>) {
    disturb_creates(world, row, phase, nth, &json!("drop"));
}

fn disturb_creates(world: &World, row: &Row, phase: &str, nth: Option<u64>, effect: &Json) {
    world.inject(json!({ "rules": [
        { "method": "POST", "route": row.route, "nth": nth, "phase": phase, "effect": effect },
    ] }));
}

/// Responses that leave open whether an object was created.
fn open_answers() -> Vec<Json> {
    let status =
        |status: u16| json!({ "status": status, "body": { "detail": ["RuntimeError", "out of order"] } });
    let page = |status: u16| json!({ "html": "<html><title>Gateway</title></html>", "html_status": status });
    let mut answers = vec![json!("drop"), page(200), page(503)];
    answers.extend([500, 501, 502, 503, 504, 520].map(status));
    answers
}

/// The provider block of a provider that sends each request once.
pub(crate) fn once(world: &World) -> Json {
    let mut block = world.block();
    block["http"] = json!({ "retries": 0 });
    block
}

async fn without_retries(world: &World) -> Harness {
    world.harness_with(once(world)).await
}

/// Counts the objects during an undisturbed apply, and destroys it again.
async fn undisturbed(world: &World, harness: &mut Harness, row: &Row) -> BTreeMap<String, i64> {
    harness.apply(row.address, row.config.clone()).await.unwrap();
    let census = world.platform.census().await.unwrap();
    harness.destroy(row.address).await.unwrap();
    census
}

#[tokio::test]
async fn a_lost_response_leaves_one_object_that_is_in_the_state() {
    let (world, rows) = scene().await;
    // The created object is looked up, or the request is repeated if the server recognizes it.
    let answers = open_answers();
    let few: Vec<&Json> =
        answers.iter().filter(|answer| **answer == "drop" || answer["status"] == 503).collect();
    let ways = [
        (without_retries(&world).await, None, answers.iter().collect()),
        (world.harness().await, Some(1), few),
    ];
    for (mut harness, nth, answers) in ways {
        for (row, answer) in rows.iter().flat_map(|row| answers.iter().map(move |answer| (row, *answer))) {
            let with_one = undisturbed(&world, &mut harness, row).await;
            let before = world.platform.census().await.unwrap();
            assert_ne!(with_one, before, "{}: the census does not count it", row.address);
            disturb_creates(&world, row, "after_commit", nth, answer);
            let applied = harness.apply(row.address, row.config.clone()).await;
            world.inject(json!({}));
            let applied = applied.unwrap_or_else(|error| panic!("{}, {answer}: {error}", row.address));
            assert!(applied.warnings.is_empty(), "{}, {answer}: {:?}", row.address, applied.warnings);
            assert_eq!(world.platform.census().await.unwrap(), with_one, "{}", row.address);
            assert!(!harness.is_tainted(row.address), "{}", row.address);
            let planned = harness.plan(row.address, row.config.clone()).await.unwrap();
            assert_eq!(planned.action, Action::NoOp, "{}: {:?}", row.address, planned.changes());
            harness.destroy(row.address).await.unwrap();
            assert_eq!(world.platform.census().await.unwrap(), before, "{}", row.address);
        }
    }
    world.stop().await;
}

#[tokio::test]
async fn an_interrupt_after_a_lost_response_leaves_one_object_that_is_in_the_state() {
    let (world, rows) = scene().await;
    for row in &rows {
        let with_one = undisturbed(&world, &mut world.harness().await, row).await;
        drop_creates(&world, row, "after_commit", None);
        // A stopped engine does nothing more.
        let mut harness = world.harness().await;
        let engine = harness.engine().clone();
        let interrupt = async {
            while world.platform.census().await.unwrap() != with_one {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            engine.stop();
        };
        let apply = harness.apply_unsettled(row.address, row.config.clone(), row.config.clone());
        let (applied, ()) = tokio::join!(apply, interrupt);
        world.inject(json!({}));
        // A creation with a second request is incomplete, and is so in the state.
        if let Err(failure) = &applied {
            assert!(failure.to_string().contains("the run was interrupted"), "{}: {failure}", row.address);
        }
        assert!(harness.state(row.address).is_some(), "{}: {applied:?}", row.address);
        assert_eq!(harness.is_tainted(row.address), applied.is_err(), "{}", row.address);
        assert_eq!(world.platform.census().await.unwrap(), with_one, "{}", row.address);
    }
    world.stop().await;
}

#[tokio::test]
async fn an_interrupted_change_without_a_response_reports_that_it_may_have_taken_effect() {
    let world = World::start().await;
    let workspace = world.workspace("home").await;
    let server = world.server(workspace).await;
    let mut harness = world.harness().await;
    let config = |color| json!({ "workspace_id": workspace.to_string(), "name": "alpha", "color": color });
    harness.apply("zenml_tag.x", config("red")).await.unwrap();
    world.inject(json!({ "rules": [
        { "method": "PUT", "route": "/w/*/tags/{tag_id}", "phase": "after_commit", "effect": "drop" },
    ] }));
    let engine = harness.engine().clone();
    let interrupt = async {
        let blue = || TagQuery { color: vec!["blue".to_owned()], ..TagQuery::default() };
        while server.list_all(&tag::LIST, (), blue()).await.unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        engine.stop();
    };
    let (changed, ()) = tokio::join!(harness.apply("zenml_tag.x", config("blue")), interrupt);
    let failure = changed.unwrap_err().to_string();
    for words in
        ["the run was interrupted", "it may or may not have taken effect", "Run the same command again"]
    {
        assert!(failure.contains(words), "{words}: {failure}");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_request_that_never_arrives_leaves_nothing_and_the_next_apply_creates_one_object() {
    let (world, rows) = scene().await;
    let mut harness = without_retries(&world).await;
    for row in &rows {
        let with_one = undisturbed(&world, &mut harness, row).await;
        let before = world.platform.census().await.unwrap();
        drop_creates(&world, row, "before", None);
        let failure = harness.apply(row.address, row.config.clone()).await.unwrap_err();
        helps(row, &failure);
        world.inject(json!({}));
        assert!(harness.state(row.address).is_none(), "{}", row.address);
        assert_eq!(world.platform.census().await.unwrap(), before, "{}", row.address);
        harness.apply(row.address, row.config.clone()).await.unwrap();
        assert_eq!(world.platform.census().await.unwrap(), with_one, "{}", row.address);
        harness.destroy(row.address).await.unwrap();
    }
    world.stop().await;
}

/// The error names the object, contains a fix, and shows no secret.
fn helps(row: &Row, failure: &Failure) {
    let text = failure.to_string();
    assert!(text.contains(&row.name), "{}: the message does not name the object: {text}", row.address);
    assert!(text.contains("run the command again"), "{}: the message has no fix: {text}", row.address);
    assert!(!text.contains(MARKED), "{}: {text}", row.address);
}
