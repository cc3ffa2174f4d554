//! The provider block for a single server, such as an open-source one.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use tfkit::Engine;
use tfkit_test::{Failure, Harness, unknown};
use zenml_api::Sensitive;
use zenml_client::HttpSettings;
use zenml_client::transport::{Faulty, Network};
use zenml_provider::{Environment, Zenml};

use crate::server::{Server, in_process_on_each_server};
use crate::world::{World, engine};

fn text(block: &Json, name: &str) -> String {
    block[name].as_str().unwrap().to_owned()
}

/// Returns a token of the server, as a login returns it.
async fn token(server: &Server) -> String {
    use zenml_api::workspace::login::{Answer, Form, LOGIN};
    let key = text(&server.block(), "api_key");
    match server.api.send(&LOGIN, (), (), Form::api_key(Sensitive::from(key.as_str()))).await.unwrap() {
        Answer::Session(session) => session.access_token.expose().clone(),
        Answer::Elsewhere { .. } => panic!("a key gives a session"),
    }
}

async fn refused(block: Json) -> Failure {
    match Harness::start(engine(), block).await {
        Ok(_) => panic!("the provider block was not rejected"),
        Err(failure) => failure,
    }
}

/// Checks that a provider works.
async fn works(engine: Engine, block: Json) {
    let harness =
        Harness::start(engine, block.clone()).await.unwrap_or_else(|failure| panic!("{block}: {failure}"));
    harness.read_data_source("zenml_projects", json!({})).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_credential_is_found_when_the_provider_is_configured() {
    in_process_on_each_server(async |server, _| {
        let url = text(&server.block(), "server_url");
        for place in ["api_key", "api_token"] {
            for wrong in ["ZENKEY_wrong", "wrong.wrong.wrong"] {
                let failure = refused(json!({ "server_url": url, place: wrong })).await;
                let summary = "Cannot use the server: the server rejected the credential";
                assert_eq!(failure.summaries(), [summary], "{place} {wrong}");
                assert_eq!(failure.places()[0].to_string(), place);
                assert!(!failure.to_string().contains(wrong), "{failure}");
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_a_token_or_both_work_with_any_spelling_of_the_server_address() {
    in_process_on_each_server(async |server, _| {
        let block = server.block();
        let (url, key, token) = (text(&block, "server_url"), text(&block, "api_key"), token(server).await);
        let nowhere = "http://127.0.0.1:9";
        let environment = |url: &str, key: &str, token: &str| {
            Environment::of([("ZENML_SERVER_URL", url), ("ZENML_API_KEY", key), ("ZENML_API_TOKEN", token)])
        };
        let none = Environment::default;
        let cases = [
            (none(), json!({ "server_url": url, "api_token": token })),
            (none(), json!({ "server_url": format!("{url}/"), "api_key": key })),
            (none(), json!({ "server_url": format!("{url}//"), "api_token": token })),
            // The key takes precedence, because the provider can renew its session.
            (none(), json!({ "server_url": url, "api_key": key, "api_token": "ended" })),
            (none(), json!({ "server_url": url, "api_key": "", "api_token": token })),
            (environment(&url, &key, ""), json!({})),
            (environment(&url, "", &token), json!({})),
            (environment(&url, &key, "ended"), json!({})),
            (environment(&url, &key, ""), json!({ "server_url": "", "api_key": "", "api_token": "" })),
            // The block overrides the environment.
            (environment(nowhere, "ZENKEY_wrong", ""), json!({ "server_url": url, "api_key": key })),
        ];
        for (environment, block) in cases {
            works(Engine::new(Zenml::new(environment)), block).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_asked_for_a_session_and_its_version_and_nothing_else() {
    in_process_on_each_server(async |server, _| {
        let block = server.block();
        let token = token(server).await;
        for (name, credential, first) in
            [("api_key", text(&block, "api_key"), "POST /login"), ("api_token", token, "GET /current-user")]
        {
            let wire = Arc::new(Faulty::new(Network::new(&HttpSettings::default()).unwrap()));
            let provider = Zenml::default().with_transport(wire.clone());
            let url = text(&block, "server_url");
            let block = json!({ "server_url": url, name: credential });
            let harness = Harness::start(Engine::new(provider), block).await.unwrap();
            let lines = || -> Vec<String> {
                let base = format!("{url}/api/v1");
                let seen = wire.seen();
                seen.iter().map(|seen| format!("{} {}", seen.method, seen.url.replace(&base, ""))).collect()
            };
            assert_eq!(lines(), [first, "GET /info"], "{name}");
            // The results are cached: the first read is one request.
            harness.read_data_source("zenml_projects", json!({})).await.unwrap();
            assert_eq!(lines().len(), 3, "{:?}", lines());
            let cookies = wire.seen().iter().filter(|seen| seen.headers.contains_key("cookie")).count();
            assert_eq!(cookies, 0, "a cookie would take precedence over the token");
        }
    })
    .await;
}

#[tokio::test]
async fn unknown_arguments_defer_what_depends_on_them() {
    for late in ["server_url", "api_key", "api_token"] {
        let mut block = json!({ "server_url": "http://127.0.0.1:9", "api_key": "ZENKEY_k" });
        block[late] = unknown();
        let harness = Harness::start(engine(), block).await.unwrap();
        harness.plan("zenml_project.p", json!({ "name": "vision" })).await.unwrap();
        let component = json!({ "name": "c", "type": "orchestrator", "flavor": "local" });
        harness.plan("zenml_stack_component.c", component).await.unwrap();
        let failure = harness.read_data_source("zenml_server", json!({})).await.unwrap_err();
        assert!(failure.to_string().contains(late), "{failure}");
    }
}

#[tokio::test]
async fn a_version_is_rejected_only_if_it_is_certainly_too_old() {
    let world = World::start().await;
    let workspace = world.workspace("alpha").await;
    let url = world.look(workspace).await.unwrap().server_url().unwrap().to_owned();
    let block = json!({ "server_url": url, "api_key": world.key() });
    let cases = [
        ("0.79.1", false),
        ("0.80.0", true),
        ("0.98.0.dev1", true),
        ("0.98.0rc1", true),
        ("nightly-2026.11.24", true),
        ("", true),
    ];
    for (version, expected) in cases {
        let info =
            json!({ "id": "x", "version": version, "deployment_type": "other", "auth_scheme": "NO_AUTH" });
        world.inject(
            json!({ "rules": [{ "route": "/w/*/info", "effect": { "status": 200, "body": info } }] }),
        );
        if expected {
            Harness::start(engine(), block.clone()).await.unwrap();
            continue;
        }
        let failure = refused(block.clone()).await;
        assert_eq!(failure.summaries(), [format!("The server has version {version}, which is too old")]);
        assert!(failure.to_string().contains("0.80.0"), "{failure}");
        assert_eq!(failure.places()[0].to_string(), "server_url");
        let mut anyway = block.clone();
        anyway["skip_version_check"] = json!(true);
        Harness::start(engine(), anyway).await.unwrap();
    }
    world.stop().await;
}
