use serde_json::{Value as Json, json};
use tfkit::engine::ImportBy;
use tfkit_test::{Failure, Harness, unknown};

use crate::world::{World, engine, under_each_host};

/// Errors of the provider block.
async fn refused(block: Json) -> Failure {
    match Harness::start(engine(), block).await {
        Ok(_) => panic!("the provider block was not rejected"),
        Err(failure) => failure,
    }
}

#[tokio::test]
async fn a_block_that_cannot_work_reports_what_is_missing_and_where() {
    let cases = [
        (json!({}), "No credentials configured", None),
        (
            json!({ "control_plane_url": "https://zenml.example.com" }),
            "No key configured for the control plane",
            Some("service_account_key"),
        ),
        (
            json!({ "server_url": "https://zenml.example.com" }),
            "No credential configured for the server",
            Some("api_key"),
        ),
        (
            json!({ "service_account_key": "k", "http": { "ca_bundle": "no certificate" } }),
            "Invalid provider configuration",
            Some("http.ca_bundle"),
        ),
        (
            json!({ "service_account_key": "k", "http": { "timeout": "10ms" } }),
            "The timeout for one attempt is too short",
            Some("http.timeout"),
        ),
    ];
    for (block, summary, place) in cases {
        let failure = refused(block.clone()).await;
        assert_eq!(failure.summaries(), [summary], "{block}");
        assert_eq!(failure.places().first().map(ToString::to_string).as_deref(), place, "{block}");
        assert!(failure.errors()[0].fix.is_some(), "{block}");
    }
}

#[tokio::test]
async fn credentials_are_checked_when_the_provider_is_configured() {
    let world = World::start().await;
    let mut block = world.block();
    block["service_account_key"] = "ZENPROKEY_wrong".into();
    let failure = refused(block).await;
    assert_eq!(
        failure.summaries(),
        ["Cannot use the control plane: the control plane rejected the credential"]
    );
    assert_eq!(failure.places()[0].to_string(), "service_account_key");
    assert!(!failure.to_string().contains("ZENPROKEY_wrong"), "{failure}");

    let mut block = world.block();
    block["organization_id"] = "elsewhere".into();
    let failure = refused(block).await;
    assert_eq!(failure.summaries(), ["The key has no access to the organization \"elsewhere\""]);
    assert!(failure.to_string().contains(world.platform.organization_name()), "{failure}");
    assert_eq!(failure.places()[0].to_string(), "organization_id");
    world.stop().await;
}

#[tokio::test]
async fn an_unreachable_server_and_one_that_is_not_an_api_have_different_errors() {
    let world = World::start().await;
    let mut block = world.block();
    block["http"] = json!({ "retries": 0 });
    world.inject(json!({ "rules": [{ "effect": { "html": "<!doctype html><title>Log in</title>" } }] }));
    let failure = refused(block.clone()).await;
    let url = world.platform.url().to_owned();
    assert_eq!(
        failure.summaries(),
        [format!("Cannot use the control plane: {url} is not the address of a control plane")]
    );
    assert_eq!(failure.places()[0].to_string(), "control_plane_url");
    world.stop().await;
    let failure = refused(block).await;
    assert_eq!(failure.summaries(), ["Cannot use the control plane: cannot reach the control plane"]);
    assert!(failure.errors()[0].trace.is_some());
}

#[tokio::test]
async fn unknown_values_let_plans_pass_and_are_named_otherwise() {
    let block = json!({ "control_plane_url": unknown(), "service_account_key": "k" });
    let harness = Harness::start(engine(), block).await.unwrap();
    harness.plan("zenml_team.t", json!({ "name": "alpha", "members": ["ann@example.com"] })).await.unwrap();
    harness.plan("zenml_workspace.a", json!({ "name": "alpha" })).await.unwrap();
    let failure = harness.read_data_source("zenml_team", json!({ "name": "alpha" })).await.unwrap_err();
    assert!(failure.to_string().contains("control_plane_url"), "{failure}");
    let mut harness = harness;
    let import = ImportBy::Id(zenml_api::TeamId::random().to_string());
    let failure = harness.import("zenml_team.t", import).await.unwrap_err();
    assert!(failure.to_string().contains("control_plane_url"), "{failure}");
}

#[tokio::test]
async fn one_server_can_be_used_without_a_control_plane() {
    let world = World::start().await;
    let workspace = world.workspace("alpha").await;
    let server = world.look(workspace).await.unwrap().server_url().unwrap().to_owned();
    let block = json!({ "server_url": server, "api_key": world.key() });
    let harness = Harness::start(engine(), block.clone()).await.unwrap();
    // Types that require ZenML Pro report that.
    let failure = harness.read_data_source("zenml_team", json!({ "name": "alpha" })).await.unwrap_err();
    assert_eq!(failure.summaries(), ["Cannot manage ZenML Pro: no control plane configured"]);

    let mut wrong = block.clone();
    wrong["api_key"] = "ZENPROKEY_wrong".into();
    let failure = refused(wrong).await;
    assert_eq!(failure.summaries(), ["Cannot use the server: the server rejected the credential"]);
    assert_eq!(failure.places()[0].to_string(), "api_key");

    // The service account key works for both.
    let both = json!({ "control_plane_url": world.platform.url(), "service_account_key": world.key(), "server_url": server });
    Harness::start(engine(), both).await.unwrap();

    let old = json!({ "id": "x", "version": "0.70.0", "deployment_type": "other", "auth_scheme": "OAUTH2_PASSWORD_BEARER" });
    world.inject(json!({ "rules": [
        { "route": "/w/*/info", "effect": { "status": 200, "body": old } },
    ] }));
    let failure = refused(block.clone()).await;
    assert_eq!(failure.summaries(), ["The server has version 0.70.0, which is too old"]);
    let mut anyway = block;
    anyway["skip_version_check"] = true.into();
    Harness::start(engine(), anyway).await.unwrap();
    world.stop().await;
}

#[tokio::test]
async fn several_organizations_require_a_choice_at_first_use() {
    let world = World::start().await;
    let organization = |name: &str| {
        json!({ "id": zenml_api::OrganizationId::random().to_string(), "name": name,
            "created": "2026-01-01T00:00:00", "updated": "2026-01-01T00:00:00" })
    };
    world.inject(json!({ "rules": [{ "method": "GET", "route": "/organizations", "effect": {
        "status": 200, "body": [organization("one"), organization("two")] } }] }));
    let harness = world.harness().await;
    let failure = harness.read_data_source("zenml_organization", json!({})).await.unwrap_err();
    assert_eq!(failure.summaries(), ["No organization selected"]);
    assert!(failure.to_string().contains("\"one\"") && failure.to_string().contains("\"two\""), "{failure}");
    world.stop().await;
}

#[tokio::test]
async fn the_key_is_not_in_any_log_or_file() {
    under_each_host(async |world, host| {
        let host = host.traced();
        host.write("main.tf", "resource \"zenml_team\" \"t\" {\n  name = \"alpha\"\n  members = []\n}\n")
            .unwrap();
        host.apply().await.unwrap();
        host.destroy().await.unwrap();
        assert!(host.logs().unwrap().contains("zenml_team"), "the scenario must be logged");
        assert_eq!(host.find(world.key()).unwrap(), Vec::<String>::new());
        world.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_key_from_the_environment_is_masked_everywhere() {
    under_each_host(async |world, mut host| {
        host.set_env("ZENML_ORGANIZATION_ID", world.key());
        host.write("main.tf", "resource \"zenml_team\" \"t\" {\n  name = \"devs\"\n}\n").unwrap();
        let failed = host.plan().await.unwrap_err();
        assert!(failed.says("The key has no access to the organization \"(hidden)\""), "{failed}");
        assert_eq!(host.find(world.key()).unwrap(), Vec::<String>::new());
        world.stop().await;
    })
    .await;
}
