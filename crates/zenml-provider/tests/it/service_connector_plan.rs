//! Plans of service connectors: what the server would reject, and when credentials expire.

use serde_json::{Value as Json, json};
use tfkit_test::{Action, unknown};
use zenml_api::Timestamp;

use crate::server::in_process_on_each_server;
use crate::service_connector::{C, Place, SECRET, config, verified};

#[tokio::test]
async fn the_plan_rejects_at_its_attribute_what_the_server_would_reject() {
    let mut place = Place::start().await;
    let keys = |more: Json| {
        let mut keys = json!({ "region": "eu-west-1", "aws_access_key_id": "AKIA1234567890" });
        keys.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        keys
    };
    let whole = json!({ "aws_secret_access_key": SECRET });
    let bogus = keys(json!({ "aws_secret_access_key": SECRET, "bogus": "1" }));
    let cases = [
        (
            json!({ "auth_method": "magic" }),
            "The server does not know the authentication method \"magic\" of the type \"aws\"",
            "auth_method",
        ),
        (
            json!({ "resource_type": "bucket" }),
            "The server does not know the resource type \"bucket\" of the type \"aws\"",
            "resource_type",
        ),
        (
            json!({ "configuration": keys(json!({})) }),
            "The configuration lacks \"aws_secret_access_key\"",
            "configuration",
        ),
        (
            json!({ "configuration": keys(json!({ "aws_secret_access_key": null })) }),
            "The configuration lacks \"aws_secret_access_key\"",
            "configuration",
        ),
        (
            json!({ "configuration": null, "configuration_wo": keys(json!({})) }),
            "The configuration lacks \"aws_secret_access_key\"",
            "configuration_wo",
        ),
        (
            json!({ "expiration_seconds": 900 }),
            "The server does not create credentials that are valid for 900 seconds",
            "expiration_seconds",
        ),
        (
            json!({ "auth_method": "session-token", "expiration_seconds": 899 }),
            "The server does not create credentials that are valid for 899 seconds",
            "expiration_seconds",
        ),
        (json!({ "expires_at": "tomorrow" }), "Attribute \"expires_at\" has an invalid value", "expires_at"),
    ];
    for (more, summary, at) in cases {
        let failure = place.harness.plan(C, config(more.clone())).await.unwrap_err();
        assert_eq!(failure.summaries(), [summary], "{more}");
        assert_eq!(failure.places()[0].to_string(), at, "{more}");
        assert!(!failure.to_string().contains(SECRET), "{failure}");
    }
    let bogus = place.harness.plan(C, config(json!({ "configuration": bogus }))).await.unwrap();
    assert_eq!(bogus.told(), ["The server will ignore settings in the configuration: \"bogus\""]);
    // Unknown values may turn out to be valid.
    for unknown in [
        json!({ "auth_method": unknown() }),
        json!({ "resource_type": unknown() }),
        json!({ "configuration": unknown() }),
        json!({ "configuration": keys(json!({ "aws_secret_access_key": unknown() })) }),
        json!({ "type": unknown(), "auth_method": "magic" }),
        json!({ "auth_method": "session-token", "expiration_seconds": 900 }),
    ] {
        let planned = place.harness.plan(C, config(unknown.clone())).await.unwrap();
        assert_eq!((planned.action, planned.told()), (Action::Create, vec![]), "{unknown}");
    }
    // An existing unchanged configuration is not an error.
    place.harness.apply(C, config(json!({ "configuration": keys(whole) }))).await.unwrap();
    let planned = place.harness.plan(C, config(json!({ "configuration": null }))).await.unwrap();
    assert_eq!((planned.action, planned.told()), (Action::Update, vec![]));
    place.world.stop().await;
}

#[tokio::test]
async fn a_value_that_neither_the_server_nor_zenml_knows_is_a_warning() {
    let place = Place::start().await;
    let warned = place.harness.plan(C, config(json!({ "type": "awz" }))).await.unwrap();
    assert_eq!(warned.told(), ["ZenML 0.98 does not know the service connector type \"awz\""]);
    // A server without the packages of a type does not know it.
    place.world.inject(
        json!({ "rules": [{ "method": "GET", "route": "/w/*/service_connector_types/{connector_type}",
        "effect": { "status": 404, "body": { "detail": ["KeyError", "'not available'"] } } }] }),
    );
    let cases = [
        (json!({}), vec![]),
        (
            json!({ "auth_method": "magic" }),
            vec!["ZenML 0.98 does not know the authentication method \"magic\" of the type \"aws\""],
        ),
        (
            json!({ "resource_type": "bucket" }),
            vec!["ZenML 0.98 does not know the resource type \"bucket\" of the type \"aws\""],
        ),
    ];
    for (more, told) in cases {
        assert_eq!(place.harness.plan(C, config(more.clone())).await.unwrap().told(), told, "{more}");
    }
    place.world.stop().await;
}

#[tokio::test]
async fn an_expiry_time_is_compared_as_a_moment_and_stays_when_it_is_omitted() {
    let mut place = Place::start().await;
    let tokens = |more: Json| {
        let mut config = config(json!({ "auth_method": "session-token" }));
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        config
    };
    let steps = [
        (json!({}), None, None, None),
        (json!({ "expires_at": "2031-01-01T02:00:00+02:00" }), Some("2031-01-01T00:00:00"), None, None),
        (
            json!({ "expires_at": "2032-01-01T00:00:00Z", "expiration_seconds": 3600, "expires_skew_tolerance": 60 }),
            Some("2032-01-01T00:00:00"),
            Some(3600),
            Some(60),
        ),
        (json!({ "expiration_seconds": 900 }), Some("2032-01-01T00:00:00"), Some(900), Some(60)),
        (json!({ "description": "d" }), Some("2032-01-01T00:00:00"), None, Some(60)),
    ];
    for (more, expires_at, seconds, skew) in steps {
        place.harness.apply(C, tokens(more.clone())).await.unwrap();
        let stored = place.stored().await;
        let body = stored.body.unwrap();
        assert_eq!(body.expires_at.as_ref().map(Timestamp::as_str), expires_at, "{more}");
        assert_eq!(body.expires_skew_tolerance, skew, "{more}");
        assert_eq!(stored.metadata.unwrap().expiration_seconds, seconds, "{more}");
        if let Some(written) = more["expires_at"].as_str() {
            assert_eq!(place.text("expires_at"), written, "the user's spelling stays");
        }
    }
    // The same moment is not a change.
    let same = tokens(json!({ "description": "d", "expires_at": "2031-12-31T23:00:00-01:00" }));
    assert_eq!(place.harness.plan(C, same).await.unwrap().action, Action::NoOp);
    place.world.stop().await;
}

#[tokio::test]
async fn a_connector_whose_configuration_is_managed_elsewhere_is_verified_with_the_stored_one() {
    let mut place = Place::start().await;
    place.harness.apply(C, config(json!({}))).await.unwrap();
    let others = |more: Json| {
        let mut config = config(json!({ "configuration": null, "verify": true }));
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        config
    };
    let details =
        json!([{ "resource_type": "s3-bucket", "resource_ids": ["s3://x"], "error": "no such bucket" }]);
    let mut answer = verified(Some("it does not work"));
    answer["resources"] = details;
    place.world.inject(
        json!({ "rules": [{ "method": "PUT", "route": "/w/*/service_connectors/{connector_id}/verify",
        "effect": { "status": 200, "body": answer } }] }),
    );
    let failure = place.harness.apply(C, others(json!({ "resource_id": "s3://x" }))).await.unwrap_err();
    for words in
        ["it does not work", "s3-bucket (s3://x): no such bucket", "Tried: \"secret-key\" for \"s3://x\""]
    {
        assert!(failure.to_string().contains(words), "{words}: {failure}");
    }
    assert_eq!(place.stored().await.body.unwrap().resource_id, None);
    place.world.stop().await;
}

#[tokio::test]
async fn each_server_verifies_what_it_can_and_a_failure_leaves_nothing() {
    in_process_on_each_server(async |server, harness| {
        let gcp = json!({ "name": server.name("gcp"), "type": "gcp", "auth_method": "oauth2-token",
            "configuration_wo": { "project_id": "p", "token": SECRET }, "configuration_wo_version": 1,
            "verify": true });
        let failure = harness.apply(C, gcp).await.unwrap_err();
        // The real server has no packages for GCP, and the local platform has no network.
        let what = if server.is_real() { "the server lacks an integration" } else { "the verification failed" };
        assert!(failure.summaries()[0].ends_with(what), "{failure}");
        assert_eq!(failure.places()[0].to_string(), "verify");
        for words in ["verify = false", "nothing was created or changed"] {
            assert!(failure.to_string().contains(words), "{words}: {failure}");
        }
        assert!(!failure.to_string().contains(SECRET) && harness.state(C).is_none());
        let docker = |more: Json| {
            let mut docker = json!({ "name": server.name("docker"), "type": "docker", "auth_method": "password",
                "configuration_wo": { "username": "ann", "password": SECRET }, "configuration_wo_version": 1 });
            docker.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            docker
        };
        let bogus = docker(json!({ "configuration_wo": { "username": "ann", "token": SECRET } }));
        let refused = harness.plan(C, bogus).await.unwrap_err();
        assert_eq!(refused.summaries(), ["The configuration lacks \"password\""]);
        // Verified, because verify is on by default.
        harness.apply(C, docker(json!({ "expires_at": "2031-01-01T02:00:00+02:00" }))).await.unwrap();
        // With the stored configuration: the version does not announce a new password.
        harness.apply(C, docker(json!({ "resource_id": "docker.io" }))).await.unwrap();
        harness.destroy(C).await.unwrap();
    })
    .await;
}
