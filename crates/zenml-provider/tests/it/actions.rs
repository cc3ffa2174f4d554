//! Actions: their progress, their refusals, and the real host that runs them.

use serde_json::{Value as Json, json};
use tfkit_test::{Action, unknown};
use zenml_api::control::workspace::{self as api, CreateQuery};
use zenml_api::control::workspace::{WorkspaceCreate, WorkspaceStatus};
use zenml_api::{ConnectorId, WorkspaceId};

use crate::examples::together;
use crate::service_connector::{C, Place, config, verified};
use crate::world::{World, under_each_host};

const VERIFY: &str = "zenml_verify_service_connector";
const DEACTIVATE: &str = "zenml_deactivate_workspace";
const ACTIVATE: &str = "zenml_activate_workspace";

/// Sets the outcome of the verifications of stored connectors, one after the other, the last one for all others.
fn verifications(world: &World, outcomes: &[(u16, Json)]) {
    let rule = |(index, (status, body)): (usize, &(u16, Json))| {
        let nth = (index + 1 < outcomes.len()).then_some(index + 1);
        json!({
            "method": "PUT", "route": "/w/*/service_connectors/{connector_id}/verify", "nth": nth,
            "effect": { "status": status, "body": body },
        })
    };
    let rules: Vec<Json> = outcomes.iter().enumerate().map(rule).collect();
    world.inject(json!({ "rules": rules }));
}

#[tokio::test]
async fn a_stored_connector_is_verified_with_progress() {
    let mut place = Place::start().await;
    place
        .harness
        .apply(C, config(json!({ "resource_type": "s3-bucket", "resource_id": "s3://a" })))
        .await
        .unwrap();
    let id = place.id().to_string();
    let busy = (200, verified(Some("connect timeout")));
    verifications(&place.world, &[busy, (200, verified(None))]);
    let invoked = place.harness.invoke(VERIFY, json!({ "connector_id": id })).await.unwrap();
    assert_eq!(
        invoked.progress,
        [
            "Verifying service connector \"aws\"",
            "Service connector \"aws\" is not verified yet, trying again",
            "Service connector \"aws\" works for s3-bucket",
        ]
    );
    let one = json!({ "connector_id": id, "resource_type": "s3-bucket", "resource_id": "s3://a" });
    let invoked = place.harness.invoke(VERIFY, one).await.unwrap();
    assert_eq!(invoked.progress[1], "Service connector \"aws\" works for s3-bucket \"s3://a\"");
    place.world.stop().await;
}

#[tokio::test]
async fn a_connector_that_does_not_work_is_refused_with_the_reason_and_without_its_secrets() {
    let mut place = Place::start().await;
    place.harness.apply(C, config(json!({ "resource_type": "s3-bucket" }))).await.unwrap();
    let id = place.id().to_string();
    let stored = place.stored().await.metadata.unwrap();
    let secret = stored.configuration.expose()["aws_secret_access_key"].as_str().unwrap().to_owned();
    let all = json!({ "connector_id": id });
    let echo = format!("the bucket does not like {secret}");
    let not_installed =
        json!({ "detail": ["NotImplementedError", format!("aws is not available {secret}")] });
    let cases = [
        ((200, verified(Some(&echo))), "the verification failed", "the permissions of the credentials"),
        ((501, not_installed), "the server lacks an integration", "Install the integration"),
        (
            (403, json!({ "detail": ["IllegalOperationError", "Insufficient permissions to verify"] })),
            "not allowed",
            "Workspace Admin",
        ),
    ];
    for (outcome, what, fix) in cases {
        verifications(&place.world, &[outcome]);
        let failure = place.harness.invoke(VERIFY, all.clone()).await.unwrap_err();
        assert_eq!(failure.summaries(), [format!("Cannot verify service connector \"aws\": {what}")]);
        let text = failure.to_string();
        assert!(text.contains(fix), "{text}");
        assert!(!text.contains(&secret) && !text.contains("verify = false"), "{text}");
        assert!(!text.contains("nothing was created"), "the connector exists: {text}");
    }
    verifications(&place.world, &[(200, verified(Some("connect timeout")))]);
    let hurried = json!({ "connector_id": id, "timeouts": { "invoke": "200ms" } });
    let failure = place.harness.invoke(VERIFY, hurried).await.unwrap_err();
    assert!(failure.to_string().contains("The provider tried until the timeout"), "{failure}");

    let absent = json!({ "connector_id": ConnectorId::random().to_string() });
    let other = json!({ "connector_id": id, "resource_type": "kubernetes-cluster" });
    for (config, summary) in [
        (
            absent.clone(),
            format!("There is no service connector {}", absent["connector_id"].as_str().unwrap()),
        ),
        (other, "Service connector \"aws\" does not give access to \"kubernetes-cluster\"".to_owned()),
        (json!({ "connector_id": "aws" }), "Attribute \"connector_id\" must be the id of".to_owned()),
        (
            json!({ "connector_id": id, "resource_id": "s3://a" }),
            "Attribute \"resource_id\" requires".to_owned(),
        ),
    ] {
        let failure = place.harness.invoke(VERIFY, config).await.unwrap_err();
        assert!(failure.summaries()[0].starts_with(&summary), "{failure}");
    }
    place.harness.plan_action(VERIFY, json!({ "connector_id": unknown() })).await.unwrap();
    place.world.stop().await;
}

#[tokio::test]
async fn a_workspace_is_deactivated_and_activated_again_with_progress() {
    let world = World::start().await;
    let workspace = world.workspace("alpha").await;
    let harness = world.harness().await;
    let config = json!({ "workspace_id": workspace.to_string() });
    for (action, status) in
        [(DEACTIVATE, WorkspaceStatus::Deactivated), (ACTIVATE, WorkspaceStatus::Available)]
    {
        let invoked = harness.invoke(action, config.clone()).await.unwrap();
        assert_eq!(invoked.told(), Vec::<&str>::new());
        assert_eq!(invoked.progress[0], "Workspace \"alpha\" is pending");
        let last = format!("Workspace \"alpha\" is {status}");
        assert_eq!(invoked.progress.last(), Some(&last), "{:?}", invoked.progress);
        let now = world.look(workspace).await.unwrap();
        assert_eq!((&now.status, &now.desired_state), (&status, &status));

        let again = harness.invoke(action, config.clone()).await.unwrap();
        assert_eq!(again.told(), [format!("Workspace \"alpha\" is already {status}")]);
        assert_eq!(again.progress, Vec::<String>::new());
    }
    world.stop().await;
}

#[tokio::test]
async fn a_workspace_that_cannot_be_switched_is_refused_with_the_reason() {
    let world = World::start().await;
    let workspace = world.workspace("alpha").await.to_string();
    let create = WorkspaceCreate {
        name: "elsewhere".to_owned(),
        organization_id: Some(world.organization()),
        is_managed: Some(false),
        ..WorkspaceCreate::default()
    };
    let enroll = CreateQuery { enroll: Some(true), ..CreateQuery::default() };
    let elsewhere =
        world.control().send(&api::CREATE, (), enroll, Some(create)).await.unwrap().id.to_string();
    let absent = WorkspaceId::random().to_string();
    let harness = world.harness().await;
    for action in [DEACTIVATE, ACTIVATE] {
        let verb = if action == DEACTIVATE { "deactivate" } else { "activate" };
        for (id, summary) in [
            (&elsewhere, format!("Cannot {verb} workspace \"elsewhere\": ZenML Pro does not operate it")),
            (&absent, format!("There is no workspace {absent}")),
            (&"alpha".to_owned(), "Attribute \"workspace_id\" must be the id of".to_owned()),
        ] {
            let failure = harness.invoke(action, json!({ "workspace_id": id })).await.unwrap_err();
            assert!(failure.summaries()[0].starts_with(&summary), "{failure}");
        }
    }
    let rule = json!({
        "method": "PATCH", "route": "/workspaces/{workspace_id}",
        "effect": { "status": 403, "body": { "detail": "Insufficient permissions" } },
    });
    world.inject(json!({ "rules": [rule] }));
    let failure = harness.invoke(DEACTIVATE, json!({ "workspace_id": workspace })).await.unwrap_err();
    assert_eq!(failure.summaries(), ["Cannot change workspace \"alpha\": not allowed"]);
    assert!(failure.to_string().contains("Organization Admin"), "{failure}");
    world.stop().await;
}

const WORKSPACE: &str = r#"
resource "zenml_workspace" "alpha" {
  name = "alpha"
}

variable "aws_access_key_id" {}
variable "aws_secret_access_key" { sensitive = true }
"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_all_actions_run_after_a_change_and_on_request() {
    under_each_host(async |world, mut host| {
        if !host.host().has_actions() {
            println!("SKIPPED: {} does not support actions", host.host());
            return world.stop().await;
        }
        for name in ["aws_access_key_id", "aws_secret_access_key"] {
            host.set_variable(name, &json!(format!("value-of-{name}")));
        }
        host.write("main.tf", WORKSPACE).unwrap();
        host.write("actions.tf", &together("actions", "action.tf")).unwrap();
        verifications(&world, &[(200, verified(None))]);
        host.apply().await.unwrap();
        assert!(host.transcript().contains("Service connector \"models\" works for s3-bucket"));

        verifications(&world, &[(200, verified(Some("the bucket does not exist")))]);
        let failed = host.invoke("action.zenml_verify_service_connector.models").await.unwrap_err();
        assert!(
            failed.says("the verification failed") && failed.says("the bucket does not exist"),
            "{failed}"
        );
        world.inject(json!({ "rules": [] }));

        let told = host.invoke("action.zenml_deactivate_workspace.alpha").await.unwrap();
        assert!(told.says("Workspace \"alpha\" is deactivated"), "{}", told.words());
        assert_eq!(world.find("alpha").await.unwrap().status, WorkspaceStatus::Deactivated);
        let again = host.invoke("action.zenml_deactivate_workspace.alpha").await.unwrap();
        assert!(again.says("is already deactivated"), "{}", again.words());
        host.invoke("action.zenml_activate_workspace.alpha").await.unwrap();
        assert_eq!(world.find("alpha").await.unwrap().status, WorkspaceStatus::Available);
        host.must_be_settled().await.unwrap();

        let told = host.invoke("action.zenml_rotate_api_key.leaked").await.unwrap();
        assert!(told.says("API key \"robot\" is rotated, the old key has ended"), "{}", told.words());
        let plan = host.plan().await.unwrap();
        assert_eq!(plan.action("zenml_api_key.robot"), Some(Action::Replace));
        host.apply_saved(&plan).await.unwrap();
        host.must_be_settled().await.unwrap();
        host.destroy().await.unwrap();
        world.stop().await;
    })
    .await;
}
