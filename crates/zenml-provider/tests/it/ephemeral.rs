//! Ephemeral resources: tokens, values of secrets, credentials of connectors.

use std::time::SystemTime;

use serde_json::{Value as Json, json};
use tfkit::Dyn;
use tfkit_test::{Harness, OpenResource, unknown};
use zenml_api::Sensitive;
use zenml_api::workspace::connector::{self, ConnectorCreate, ConnectorType};
use zenml_api::workspace::secret::{self, SecretCreate};
use zenml_api::workspace::{current_user, project};
use zenml_client::{Address, Api, Client, Credential, Settings};

use crate::server::in_process_on_each_server;
use crate::world::{World, engine};

const TOKEN: &str = "zenml_access_token";
const VALUES: &str = "zenml_secret_values";
const CREDENTIALS: &str = "zenml_service_connector_credentials";

/// A value that must not appear anywhere.
const CANARY: &str = "canary-of-ephemeral";

/// Opens an ephemeral resource that is not renewed, and closes it.
async fn opened(harness: &Harness, kind: &str, config: Json) -> OpenResource {
    let open = harness.open(kind, config.clone()).await;
    let open = open.unwrap_or_else(|failure| panic!("{kind} {config}: {failure}"));
    assert_eq!(open.renew_at, None, "a renewal could not change the values");
    assert_eq!(harness.close(open.clone()).await.unwrap(), []);
    open
}

/// Expects an error that shows no secret.
async fn refused(harness: &Harness, kind: &str, config: Json, summary: &str) -> String {
    let failure = match harness.open(kind, config.clone()).await {
        Ok(open) => panic!("{kind} {config} was opened: {:?}", open.result),
        Err(failure) => failure,
    };
    assert!(failure.summaries()[0].contains(summary), "{kind} {config}: {failure}");
    assert!(!failure.to_string().contains(CANARY), "{failure}");
    failure.to_string()
}

fn text(result: &Dyn, name: &str) -> String {
    result.attribute(name).as_str().unwrap_or_else(|| panic!("{name} is not set: {result:?}")).to_owned()
}

/// Returns an API that is used with a token.
fn with_token(url: &str, token: String, is_control_plane: bool) -> Api {
    let address = Some(Address { url: url.to_owned(), credential: Credential::Token(Sensitive::new(token)) });
    let settings = if is_control_plane {
        Settings { control_plane: address, ..Settings::default() }
    } else {
        Settings { server: address, ..Settings::default() }
    };
    let client = Client::new(&settings).unwrap();
    let api = if is_control_plane { client.control_plane() } else { client.server() };
    api.unwrap().clone()
}

#[tokio::test]
async fn a_token_of_either_api_works_until_it_expires_and_changes_no_other_one() {
    let world = World::start().await;
    let workspace = world.workspace("alpha").await.to_string();
    let mut block = world.block();
    block["workspace_id"] = json!(workspace);
    let harness = world.harness_with(block).await;

    let control = opened(&harness, TOKEN, json!({ "plane": "control_plane" })).await.result;
    assert_eq!(text(&control, "url"), world.control().base());
    assert!(control.attribute("workspace_id").is_null());
    let api = with_token(&text(&control, "url"), text(&control, "token"), true);
    api.call(&zenml_api::control::user::ME, ()).await.unwrap();

    let mut tokens = vec![text(&control, "token")];
    for config in [json!({}), json!({ "workspace_id": workspace }), json!({ "plane": "workspace" })] {
        let token = opened(&harness, TOKEN, config).await.result;
        assert_eq!(text(&token, "workspace_id"), workspace);
        let api = with_token(&text(&token, "url"), text(&token, "token"), false);
        api.call(&current_user::GET, ()).await.unwrap();
        let expires: jiff::Timestamp = text(&token, "expires_at").parse().unwrap();
        let now = jiff::Timestamp::try_from(SystemTime::now()).unwrap();
        assert!(expires > now && expires < now + jiff::SignedDuration::from_hours(25), "{expires}");
        tokens.push(text(&token, "token"));
    }
    let all = tokens.len();
    tokens.sort();
    tokens.dedup();
    assert_eq!(tokens.len(), all, "each login has its own token");
    assert!(!tokens.iter().any(|token| token.contains(world.key())), "the key is not handed out");
    // The key and the provider's own token are unchanged.
    world.harness().await;
    harness.read_data_source("zenml_projects", json!({})).await.unwrap();
    world.stop().await;
}

#[tokio::test]
async fn a_key_of_another_account_is_exchanged_for_its_token() {
    let world = World::start().await;
    let workspace = world.workspace("alpha").await.to_string();
    let account = world.service_account("robot").await;
    let mut harness = world.harness().await;
    let id = account.to_string();
    harness.apply("zenml_api_key.k", json!({ "service_account_id": id, "name": "ci" })).await.unwrap();
    let key = harness.state("zenml_api_key.k").unwrap().attribute("key").as_str().unwrap().to_owned();
    let control = json!({ "plane": "control_plane", "service_account_key": key });
    let token = opened(&harness, TOKEN, control).await.result;
    let api = with_token(&text(&token, "url"), text(&token, "token"), true);
    assert_eq!(api.call(&zenml_api::control::user::ME, ()).await.unwrap().username, "robot");

    let inside = json!({ "workspace_id": workspace, "service_account_key": format!(" {key}\n") });
    // The account has no role in the workspace yet.
    let failure = refused(&harness, TOKEN, inside.clone(), "Cannot use workspace").await;
    assert!(failure.contains("with this key"), "{failure}");
    let role = json!({ "workspace_id": workspace, "service_account_id": id, "role": "viewer" });
    harness.apply("zenml_workspace_role_assignment.r", role).await.unwrap();
    let token = opened(&harness, TOKEN, inside).await.result;
    let api = with_token(&text(&token, "url"), text(&token, "token"), false);
    assert_eq!(api.call(&current_user::GET, ()).await.unwrap().name, "robot");

    let wrong = json!({ "plane": "control_plane", "service_account_key": format!("ZENPROKEY_{CANARY}") });
    let failure = refused(&harness, TOKEN, wrong, "rejected the credential").await;
    assert!(failure.contains("service_account_key"), "{failure}");
    let broken = json!({ "plane": "control_plane", "service_account_key": format!("{CANARY}\n{CANARY}") });
    refused(&harness, TOKEN, broken, "service_account_key is not an API key").await;
    // The key of an imported `zenml_api_key` is null.
    let own = world.control().call(&zenml_api::control::user::ME, ()).await.unwrap();
    for (key, account, is_its) in [
        (json!(key), id.clone(), true),
        (json!(key), own.id.to_string(), false),
        (Json::Null, id.clone(), false),
        (Json::Null, own.id.to_string(), true),
    ] {
        let config =
            json!({ "plane": "control_plane", "service_account_key": key, "service_account_id": account });
        if is_its {
            let _ = opened(&harness, TOKEN, config).await;
        } else {
            let failure = harness.open(TOKEN, config).await.unwrap_err();
            let summary = format!("The token would not belong to the service account {account}");
            assert_eq!(failure.summaries(), [summary]);
            assert_eq!(failure.places()[0].to_string(), "service_account_id");
        }
    }
    // The provider still uses its own key.
    harness.read_data_source("zenml_service_accounts", json!({})).await.unwrap();
    world.stop().await;
}

#[tokio::test]
async fn a_token_as_credential_is_returned_unchanged() {
    let world = World::start().await;
    let workspace = world.workspace("alpha").await.to_string();
    let harness = world.harness().await;
    let issued = opened(&harness, TOKEN, json!({ "workspace_id": workspace })).await.result;
    let given = text(&issued, "token");
    let block = json!({ "server_url": text(&issued, "url"), "api_token": given });
    let harness = world.harness_with(block).await;
    let same = opened(&harness, TOKEN, json!({})).await.result;
    assert_eq!((text(&same, "token"), text(&same, "url")), (given, text(&issued, "url")));
    assert!(same.attribute("expires_at").is_null(), "its lifetime is not known");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_server_issues_a_token_that_works() {
    in_process_on_each_server(async |server, harness| {
        let token = opened(harness, TOKEN, json!({})).await.result;
        assert_eq!(token.attribute("workspace_id").is_null(), server.is_real());
        let api = with_token(server.url(), text(&token, "token"), false);
        api.list_all(&project::LIST, (), project::ProjectQuery::default()).await.unwrap();
        refused(harness, TOKEN, json!({ "plane": "control_plane" }), "no control plane").await;
        let key = json!({ "service_account_key": format!("ZENPROKEY_{CANARY}") });
        refused(harness, TOKEN, key, "An API key can only be exchanged by ZenML Pro").await;
    })
    .await;
}

#[tokio::test]
async fn a_token_that_nobody_can_issue_is_an_error_that_says_why() {
    let world = World::start().await;
    let harness = world.harness().await;
    let nowhere = "11111111-1111-4111-8111-111111111111";
    for (config, summary) in [
        (json!({ "workspace_id": nowhere }), "Cannot use workspace 11111111"),
        (json!({ "workspace_id": nowhere, "plane": "control_plane" }), "does not belong to a workspace"),
        (json!({ "plane": "server" }), "Attribute \"plane\" has an invalid value"),
        (json!({ "workspace_id": "alpha" }), "workspace_id"),
    ] {
        refused(&harness, TOKEN, config, summary).await;
    }
    world.stop().await;
}

#[tokio::test]
async fn nothing_is_asked_while_the_provider_or_the_configuration_is_unknown() {
    let world = World::start().await;
    let harness = world.harness().await;
    let open = harness.open(TOKEN, json!({ "workspace_id": unknown() })).await.unwrap();
    assert!(open.result.attribute("token").is_unknown());
    harness.close(open).await.unwrap();
    let block = json!({ "server_url": unknown(), "api_key": "key" });
    let waiting = Harness::start(engine(), block).await.unwrap();
    for (kind, config) in
        [(TOKEN, json!({})), (VALUES, json!({ "name": "a" })), (CREDENTIALS, json!({ "name": "a" }))]
    {
        let open = waiting.open(kind, config).await.unwrap();
        assert!(!open.result.wholly_known(), "{kind}");
        waiting.close(open).await.unwrap();
    }
    world.stop().await;
}

async fn create_secret(api: &Api, name: &str, private: bool, value: &str) -> String {
    let values = [("password".to_owned(), Some(value.to_owned()))].into();
    let create = SecretCreate { name: name.to_owned(), private, values: Sensitive::new(values) };
    api.send(&secret::CREATE, (), (), create).await.unwrap().id.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_values_of_a_secret_are_found_by_id_and_by_name_on_each_server() {
    in_process_on_each_server(async |server, harness| {
        let name = server.name("login");
        let public = create_secret(&server.api, &name, false, CANARY).await;
        let private = create_secret(&server.api, &name, true, "mine").await;
        for (config, id, value) in [
            (json!({ "id": public }), &public, CANARY),
            (json!({ "id": private }), &private, "mine"),
            (json!({ "name": name, "private": false }), &public, CANARY),
            (json!({ "name": name, "private": true }), &private, "mine"),
            (json!({ "id": public, "name": name }), &public, CANARY),
        ] {
            let open = opened(harness, VALUES, config.clone()).await.result;
            assert_eq!(&text(&open, "id"), id, "{config}");
            assert_eq!(text(&open, "name"), name);
            assert_eq!(text(open.attribute("values"), "password"), value, "{config}");
        }
        refused(harness, VALUES, json!({ "name": name }), "There is more than one secret").await;
        let absent = json!({ "name": server.name("absent") });
        let error = refused(harness, VALUES, absent, "There is no secret").await;
        assert!(error.contains("If this run creates the secret, refer to it by its id"), "{error}");
        refused(harness, VALUES, json!({ "id": public, "name": "other" }), "other").await;
        refused(harness, VALUES, json!({ "id": public, "private": true }), "is not private").await;
        refused(harness, VALUES, json!({}), "id").await;
        for id in [public, private] {
            server.api.call(&secret::DELETE, id.parse().unwrap()).await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn withheld_values_are_an_error_that_names_the_permission() {
    let world = World::start().await;
    let workspace = world.workspace("alpha").await;
    let server = world.server(workspace).await;
    let id = create_secret(&server, "login", false, CANARY).await;
    let harness = world.harness().await;
    let config = json!({ "workspace_id": workspace.to_string(), "id": id });
    let mut withheld =
        serde_json::to_value(server.call(&secret::GET, id.parse().unwrap()).await.unwrap()).unwrap();
    for values in [json!({}), json!({ "password": null })] {
        withheld["body"]["values"] = values;
        world.inject(json!({ "rules": [
            { "method": "GET", "route": "/w/*/secrets/{secret_id}", "effect": { "status": 200, "body": withheld } },
        ] }));
        let error =
            refused(&harness, VALUES, config.clone(), "The values of secret \"login\" cannot be read").await;
        assert!(error.contains("read secret values"), "{error}");
    }
    world.stop().await;
}

/// Creates a connector with a password.
async fn create_connector(api: &Api, name: &str) -> String {
    let configuration = json!({ "username": "ann", "password": CANARY, "registry": "registry.example.com" });
    let create = ConnectorCreate {
        name: name.to_owned(),
        connector_type: ConnectorType::Name("docker".to_owned()),
        auth_method: "password".to_owned(),
        resource_types: vec!["docker-registry".to_owned()],
        configuration: Sensitive::new(serde_json::from_value(configuration).unwrap()),
        ..ConnectorCreate::default()
    };
    api.send(&connector::CREATE, (), (), create).await.unwrap().id.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connector_issues_credentials_for_its_resource_on_each_server() {
    in_process_on_each_server(async |server, harness| {
        let name = server.name("registry");
        let id = create_connector(&server.api, &name).await;
        for config in [
            json!({ "id": id }),
            json!({ "name": name }),
            json!({ "name": name, "resource_type": "docker-registry" }),
            json!({ "id": id, "resource_type": "docker-registry", "resource_id": "registry.example.com" }),
        ] {
            let open = opened(harness, CREDENTIALS, config.clone()).await.result;
            assert_eq!((text(&open, "id"), text(&open, "name")), (id.clone(), name.clone()), "{config}");
            assert_eq!(
                (text(&open, "type"), text(&open, "auth_method")),
                ("docker".into(), "password".into())
            );
            assert_eq!(text(open.attribute("configuration"), "password"), CANARY);
            let given = config["resource_id"].as_str();
            assert_eq!(open.attribute("resource_id").as_str(), given, "what is configured is unchanged");
        }
        let doing = format!("Cannot get credentials of service connector \"{name}\"");
        let wrong =
            refused(harness, CREDENTIALS, json!({ "id": id, "resource_type": "s3-bucket" }), &doing).await;
        assert!(
            wrong.contains("'s3-bucket'") && wrong.contains("the server rejected the request"),
            "{wrong}"
        );
        let other = json!({ "id": id, "resource_id": "other.example.com" });
        let wrong = refused(harness, CREDENTIALS, other, &doing).await;
        assert!(wrong.contains("the service connector does not give access"), "{wrong}");
        assert!(wrong.contains("'other.example.com'") && !wrong.contains("ZENML_API_KEY"), "{wrong}");
        let absent = json!({ "name": server.name("absent") });
        refused(harness, CREDENTIALS, absent, "There is no service connector").await;
        refused(harness, CREDENTIALS, json!({ "resource_type": "s3-bucket" }), "id").await;
        server.api.call(&connector::DELETE, id.parse().unwrap()).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn credentials_that_a_server_does_not_issue_are_an_error_that_says_why() {
    let world = World::start().await;
    let workspace = world.workspace("alpha").await;
    let id = create_connector(&world.server(workspace).await, "registry").await;
    let mut block = world.block();
    block["workspace_id"] = json!(workspace.to_string());
    let harness = world.harness_with(block).await;
    let doing = "Cannot get credentials of service connector \"registry\"";
    let route = "/w/*/service_connectors/{connector_id}/client";
    for (status, class, message, expected) in [
        (
            403,
            "IllegalOperationError",
            "Insufficient permissions to CLIENT",
            "permission to use the service connector",
        ),
        (
            501,
            "NotImplementedError",
            "Service connector type docker is not available locally",
            "is not available locally",
        ),
        (400, "ValueError", "connector authorization failure: canary", "connector authorization failure"),
    ] {
        let body = json!({ "detail": [class, message] });
        world.inject(json!({ "rules": [{ "route": route, "effect": { "status": status, "body": body } }] }));
        let error = refused(&harness, CREDENTIALS, json!({ "id": id }), doing).await;
        assert!(error.contains(expected), "{status}: {error}");
    }
    world.stop().await;
}
