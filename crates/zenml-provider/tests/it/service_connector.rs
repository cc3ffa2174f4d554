use serde_json::{Value as Json, json};
use tfkit::Dyn;
use tfkit::engine::ImportBy;
use tfkit_test::{Action, Harness};
use zenml_api::workspace::component::{self, ComponentCreate};
use zenml_api::workspace::connector::{self as api, ClientQuery, Connector, ConnectorQuery, SecretsQuery};
use zenml_api::{ConnectorId, Timestamp, WorkspaceId};
use zenml_client::{Api, Optional as _};

use crate::world::{World, under_each_host};

pub(crate) const C: &str = "zenml_service_connector.c";
pub(crate) const SECRET: &str = "wJalrXUtnFEMI-not-a-key";

/// A platform with one workspace, and the provider with that workspace as its default.
pub(crate) struct Place {
    pub(crate) world: World,
    workspace: WorkspaceId,
    server: Api,
    pub(crate) harness: Harness,
}

impl Place {
    pub(crate) async fn start() -> Self {
        let world = World::start().await;
        let workspace = world.workspace("alpha").await;
        let server = world.server(workspace).await;
        let mut block = world.block();
        block["workspace_id"] = json!(workspace.to_string());
        let harness = world.harness_with(block).await;
        Self { world, workspace, server, harness }
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.harness.state(C).unwrap().attribute(name).as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn id(&self) -> ConnectorId {
        self.text("id").parse().unwrap()
    }

    fn configuration(&self, key: &str) -> String {
        let state = self.harness.state(C).unwrap().attribute("configuration");
        state.attribute(key).as_str().unwrap_or_default().to_owned()
    }

    /// Returns the connector with its secrets.
    pub(crate) async fn stored(&self) -> Connector {
        let query = SecretsQuery { expand_secrets: Some(true), ..SecretsQuery::default() };
        self.server.send(&api::GET, self.id(), query, ()).await.unwrap()
    }

    async fn count(&self) -> usize {
        self.server.list_all(&api::LIST, (), ConnectorQuery::default()).await.unwrap().len()
    }

    /// Creates a component that uses the connector.
    async fn use_it(&self) {
        let create = ComponentCreate {
            name: "store".to_owned(),
            kind: "artifact_store".into(),
            flavor: "s3".to_owned(),
            configuration: serde_json::from_value(json!({ "path": "s3://bucket/x" })).unwrap(),
            connector: Some(self.id()),
            ..ComponentCreate::default()
        };
        self.server.send(&component::CREATE, (), (), create).await.unwrap();
    }

    /// Sets the outcome of all verifications.
    fn verification(&self, status: u16, body: Json) {
        let mut rule = json!({ "method": "POST", "route": "/w/*/service_connectors/verify" });
        rule["effect"] = json!({ "status": status });
        rule["effect"]["body"] = body;
        self.world.inject(json!({ "rules": [rule] }));
    }
}

pub(crate) fn verified(error: Option<&str>) -> Json {
    json!({ "id": null, "name": "aws", "connector_type": "aws", "resources": [], "error": error })
}

pub(crate) fn config(more: Json) -> Json {
    let mut config = json!({
        "name": "aws",
        "type": "aws",
        "auth_method": "secret-key",
        "configuration": { "region": "eu-west-1", "aws_access_key_id": "AKIA1234567890", "aws_secret_access_key": SECRET },
        "verify": false,
    });
    let Json::Object(more) = more else { panic!("`more` must be an object") };
    config.as_object_mut().unwrap().extend(more);
    config
}

#[tokio::test]
async fn changes_happen_in_place_and_keep_what_was_set_elsewhere() {
    let mut place = Place::start().await;
    place
        .harness
        .apply(C, config(json!({ "resource_type": "s3-bucket", "resource_id": "s3://a" })))
        .await
        .unwrap();
    let id = place.id();
    let elsewhere = api::ConnectorUpdate {
        resource_types: Some(vec!["s3-bucket".to_owned()]),
        resource_id: Some("s3://a".to_owned()),
        expiration_seconds: Some(900),
        expires_at: Some(Timestamp::new("2031-01-01T00:00:00")),
        ..api::ConnectorUpdate::default()
    };
    place.server.send(&api::UPDATE, id, (), elsewhere).await.unwrap();
    let changes = [
        json!({ "name": "aws-2" }),
        json!({ "description": "for artifacts" }),
        json!({ "description": "", "labels": { "team": "alpha" } }),
        json!({ "resource_id": "s3://b" }),
        json!({ "configuration": { "region": "eu-west-2", "aws_access_key_id": "AKIA2", "aws_secret_access_key": "new" } }),
        json!({}),
        json!({ "description": "", "labels": {} }),
    ];
    for change in changes {
        let mut whole = json!({ "resource_type": "s3-bucket", "resource_id": "s3://a" });
        whole.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let applied = place.harness.apply(C, config(whole.clone())).await.unwrap();
        assert_eq!((applied.action, place.id()), (Action::Update, id), "{change}");
        let stored = place.stored().await;
        let (body, metadata) = (stored.body.unwrap(), stored.metadata.unwrap());
        assert_eq!(body.resource_types, ["s3-bucket"], "{change}");
        assert_eq!(body.expires_at.unwrap().as_str(), "2031-01-01T00:00:00", "{change}");
        assert_eq!(metadata.expiration_seconds, Some(900), "{change}");
        let wanted = config(whole);
        assert_eq!(stored.name, wanted["name"].as_str().unwrap());
        assert_eq!(body.description, wanted["description"].as_str().unwrap_or_default());
        assert_eq!(body.resource_id.as_deref(), wanted["resource_id"].as_str());
        assert_eq!(json!(metadata.configuration.expose()), wanted["configuration"]);
        assert_eq!(json!(metadata.labels), wanted.get("labels").cloned().unwrap_or(json!({})));
    }
    place.harness.destroy(C).await.unwrap();
    assert_eq!(place.count().await, 0);
    place.world.stop().await;
}

#[tokio::test]
async fn the_kind_of_change_decides_whether_a_connector_is_re_created() {
    let mut place = Place::start().await;
    let mut role = config(json!({}))["configuration"].clone();
    role["role_arn"] = json!("arn:aws:iam::123456789012:role/r");
    let cases = [
        (json!({}), json!({ "auth_method": "iam-role", "configuration": role }), Action::Replace),
        (
            json!({}),
            json!({ "type": "gcp", "auth_method": "implicit", "configuration": { "project_id": "p" } }),
            Action::Replace,
        ),
        (
            json!({ "resource_type": "s3-bucket" }),
            json!({ "resource_type": "docker-registry" }),
            Action::Replace,
        ),
        // Omitted, it stays.
        (json!({ "resource_type": "s3-bucket" }), json!({}), Action::NoOp),
        // From all resource types to one: that works in place.
        (json!({}), json!({ "resource_type": "s3-bucket" }), Action::Update),
        (json!({}), json!({ "verify": null }), Action::Update),
        (json!({}), json!({ "timeouts": { "create": "1m" } }), Action::Update),
        (json!({}), json!({ "configuration": null }), Action::Update),
    ];
    for (before, after, action) in cases {
        place.harness.apply(C, config(before)).await.unwrap();
        let planned = place.harness.plan(C, config(after.clone())).await.unwrap();
        assert_eq!(planned.action, action, "{after}");
        place.harness.destroy(C).await.unwrap();
    }
    place.world.stop().await;
}

#[tokio::test]
async fn a_connector_with_one_resource_type_shows_it() {
    let mut place = Place::start().await;
    let docker = json!({ "name": "docker", "type": "docker", "auth_method": "password", "verify": false,
        "configuration": { "username": "ann", "password": SECRET } });
    place.harness.apply(C, docker).await.unwrap();
    assert_eq!(place.text("resource_type"), "docker-registry");
    place.world.stop().await;
}

#[tokio::test]
async fn settings_keep_the_users_spelling_and_the_server_can_add_some() {
    let mut place = Place::start().await;
    let kubernetes = json!({ "name": "k", "type": "kubernetes", "auth_method": "token", "verify": false,
        "configuration": { "server": "https://k", "cluster_name": "c", "token": SECRET, "insecure": "True",
            "nothing": null } });
    place.harness.apply(C, kubernetes.clone()).await.unwrap();
    // The same is stored in another form outside, with additions.
    let elsewhere = |server: &str| api::ConnectorUpdate {
        configuration: Some(
            serde_json::from_value(
                json!({ "server": server, "cluster_name": "c", "token": "other", "insecure": true,
                "certificate_authority": "PEM" }),
            )
            .unwrap(),
        ),
        ..api::ConnectorUpdate::default()
    };
    place.server.send(&api::UPDATE, place.id(), (), elsewhere("https://k")).await.unwrap();
    assert_eq!(place.harness.plan(C, kubernetes.clone()).await.unwrap().action, Action::NoOp);
    // Then it is changed outside, and the next apply repairs it.
    place.server.send(&api::UPDATE, place.id(), (), elsewhere("https://other")).await.unwrap();
    place.harness.refresh(C).await.unwrap();
    assert_eq!(place.configuration("server"), "https://other");
    assert_eq!(place.configuration("token"), SECRET);
    assert_eq!(place.harness.apply(C, kubernetes).await.unwrap().action, Action::Update);
    let stored = place.stored().await.metadata.unwrap();
    assert_eq!(stored.configuration.expose()["server"], json!("https://k"));
    assert_eq!(stored.configuration.expose()["token"], json!(SECRET));
    place.world.stop().await;
}

#[tokio::test]
async fn a_failed_verification_leaves_nothing_and_shows_how_to_skip_it() {
    let mut place = Place::start().await;
    let echo = format!("the bucket does not like {SECRET} of AKIA1234567890");
    let not_installed =
        json!({ "detail": ["NotImplementedError", format!("aws is not available {SECRET}")] });
    let invalid = json!({ "detail": ["ValueError", format!("the key {SECRET} is not valid")] });
    let cases = [
        (200, verified(Some(&echo)), "the verification failed", "verify", "verify = false"),
        (501, not_installed, "the server lacks an integration", "verify", "verify = false"),
        (400, invalid, "the workspace rejected the request", "configuration", "Correct the value"),
    ];
    for (status, body, what, at, fix) in cases {
        place.verification(status, body);
        for verify in [json!(true), json!(null)] {
            let failure = place.harness.apply(C, config(json!({ "verify": verify }))).await.unwrap_err();
            assert_eq!(failure.summaries(), [format!("Cannot verify service connector \"aws\": {what}")]);
            assert_eq!(failure.places()[0].to_string(), at);
            let text = failure.to_string();
            for words in [fix, "nothing was created or changed", "(hidden)", "/service_connectors/verify"] {
                assert!(text.contains(words), "{words}: {text}");
            }
            assert!(!text.contains(SECRET) && !text.contains("AKIA1234567890"), "{text}");
            assert_eq!((place.count().await, place.harness.state(C).is_some()), (0, false));
        }
    }
    place.world.stop().await;
}

#[tokio::test]
async fn a_verification_retries_temporary_failures_until_the_timeout() {
    let mut place = Place::start().await;
    let on = |timeout: &str| config(json!({ "verify": true, "timeouts": { "create": timeout } }));
    let busy = json!({ "status": 200, "body": verified(Some("connector 'aws' authorization failure: InvalidClientTokenId")) });
    let good = json!({ "status": 200, "body": verified(None) });
    let route = json!({ "method": "POST", "route": "/w/*/service_connectors/verify" });
    let rule = |effect: &Json, nth: Option<u64>| {
        let mut rule = route.clone();
        rule["effect"] = effect.clone();
        rule["nth"] = json!(nth);
        rule
    };
    place.world.inject(json!({ "rules": [rule(&busy, None)] }));
    let failure = place.harness.apply(C, on("300ms")).await.unwrap_err();
    assert!(failure.to_string().contains("The provider tried until the timeout"), "{failure}");
    assert_eq!(place.count().await, 0);
    place.world.inject(json!({ "rules": [rule(&busy, Some(1)), rule(&busy, Some(2)), rule(&good, None)] }));
    place.harness.apply(C, on("1m")).await.unwrap();
    assert_eq!(place.count().await, 1);
    place.world.stop().await;
}

#[tokio::test]
async fn only_changes_of_credentials_and_resources_are_verified() {
    let mut place = Place::start().await;
    place.verification(200, verified(None));
    let on = |more: Json| {
        let mut config = config(more);
        config["verify"] = json!(true);
        config
    };
    place.harness.apply(C, on(json!({}))).await.unwrap();
    let updated = place.text("updated");
    // From now on every verification fails.
    place.verification(200, verified(Some("no")));
    place.harness.apply(C, on(json!({ "timeouts": { "create": "1m" } }))).await.unwrap();
    assert_eq!(place.text("updated"), updated);
    place
        .harness
        .apply(C, on(json!({ "description": "d", "labels": { "a": "b" }, "name": "b" })))
        .await
        .unwrap();
    let same = json!({ "description": "d", "labels": { "a": "b" }, "name": "b" });
    let other = json!({ "region": "eu-west-2", "aws_access_key_id": "A", "aws_secret_access_key": "B" });
    for change in [json!({ "resource_id": "s3://x" }), json!({ "configuration": other })] {
        let mut config = on(same.clone());
        config.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let failure = place.harness.apply(C, config).await.unwrap_err();
        assert!(failure.summaries()[0].starts_with("Cannot verify"), "{failure}");
        assert_eq!(place.stored().await.body.unwrap().resource_id, None);
    }
    place.world.stop().await;
}

#[tokio::test]
async fn a_new_resource_replaces_a_connector_in_use_and_changes_an_unused_one_in_place() {
    let mut place = Place::start().await;
    place.harness.apply(C, config(json!({ "resource_id": "s3://a" }))).await.unwrap();
    let planned = place.harness.plan(C, config(json!({ "resource_id": "s3://b" }))).await.unwrap();
    assert_eq!(planned.action, Action::Update);
    place.use_it().await;
    // Attributes that do not affect the components can be changed.
    let renamed = config(json!({ "resource_id": "s3://a", "name": "other" }));
    assert_eq!(place.harness.apply(C, renamed).await.unwrap().action, Action::Update);
    let before = place.id();
    let applied = place.harness.apply(C, config(json!({ "resource_id": "s3://b" }))).await.unwrap();
    let reason = "The change of resource_id replaces the object";
    assert_eq!((applied.action, applied.told()), (Action::Replace, vec![reason]));
    assert_ne!(place.id(), before);
    // It is in use again, so its deletion warns and names the users.
    let warnings = place.harness.destroy(C).await.unwrap();
    let [warning] = warnings.as_slice() else { panic!("{warnings:?}") };
    assert_eq!(warning.summary, "The service connector \"aws\" is still in use");
    assert!(format!("{warning:?}").contains("the artifact_store \\\"store\\\""), "{warning:?}");
    place.world.stop().await;
}

#[tokio::test]
async fn a_missing_permission_and_an_object_in_use_have_different_errors() {
    let mut place = Place::start().await;
    place.harness.apply(C, config(json!({}))).await.unwrap();
    let body = json!({ "detail": ["IllegalOperationError", "Insufficient permissions to DELETE resource"] });
    place
        .world
        .inject(json!({ "rules": [{ "method": "DELETE", "route": "/w/*/service_connectors/{connector_id}",
        "effect": { "status": 403, "body": body } }] }));
    let failure = place.harness.destroy(C).await.unwrap_err();
    assert_eq!(failure.summaries(), ["Cannot delete service connector \"aws\": not allowed"]);
    assert!(failure.to_string().contains("Workspace Admin"), "{failure}");
    place.world.stop().await;
}

#[tokio::test]
async fn an_existing_connector_is_not_adopted_but_can_be_imported() {
    let mut place = Place::start().await;
    let whole =
        json!({ "resource_type": "s3-bucket", "description": "d", "labels": { "a": "b" }, "verify": null });
    place.verification(200, verified(None));
    place.harness.apply(C, config(whole.clone())).await.unwrap();
    let (workspace, id) = (place.workspace, place.id());
    place.harness.forget(C);
    let failure = place.harness.apply(C, config(whole.clone())).await.unwrap_err();
    assert_eq!(failure.summaries(), ["Service connector \"aws\" already exists"]);
    let command = format!("terraform import zenml_service_connector.NAME {workspace}/{id}");
    assert!(failure.to_string().contains(&command), "{failure}");
    let by_id = [id.to_string(), format!("{workspace}/{id}")];
    let by_name = ["aws".to_owned(), "alpha/aws".to_owned(), format!("{workspace}/aws")];
    for text in by_id.into_iter().chain(by_name) {
        place.harness.import(C, ImportBy::Id(text.clone())).await.unwrap();
        assert_eq!(place.configuration("region"), "eu-west-1", "{text}");
        assert_eq!(place.configuration("aws_secret_access_key"), "", "{text}");
        // Only the configuration contains the secrets.
        let planned = place.harness.plan(C, config(whole.clone())).await.unwrap();
        let mut changes = planned.changes();
        changes.retain(|name| !matches!(*name, "updated" | "expires_at"));
        assert_eq!(changes, ["configuration"], "{text}");
        // If they are managed elsewhere, none are required.
        place.harness.apply(C, config(whole.clone())).await.unwrap();
        place.harness.forget(C);
    }
    assert_eq!(place.count().await, 1);
    let failure = place.harness.import(C, ImportBy::Id("nothing".to_owned())).await.unwrap_err();
    assert_eq!(failure.summaries(), ["There is no service connector \"nothing\""]);
    place.world.stop().await;
}

#[tokio::test]
async fn after_a_lost_response_the_new_connector_is_taken_over() {
    let mut place = Place::start().await;
    place.world.inject(json!({ "rules": [{ "method": "POST", "route": "/w/*/service_connectors", "nth": 1,
        "phase": "after_commit", "effect": "drop" }] }));
    place.harness.apply(C, config(json!({}))).await.unwrap();
    assert_eq!(place.count().await, 1);
    place.world.stop().await;
}

#[tokio::test]
async fn state_of_the_go_provider_plans_empty() {
    let mut place = Place::start().await;
    place.harness.apply(C, config(json!({}))).await.unwrap();
    let mut old = json!({
        "id": null, "name": "aws", "type": "aws", "auth_method": "secret-key", "resource_type": null,
        "resource_id": null, "labels": {}, "expires_at": null, "user": null, "created": null, "updated": null,
        "timeouts": null, "configuration": config(json!({}))["configuration"],
    });
    for name in ["id", "user", "created", "updated"] {
        old[name] = place.text(name).into();
    }
    // No workspace_id and no description; verify is null or, since version 2, true.
    for verify in [json!(null), json!(true)] {
        old["verify"] = verify;
        place.harness.forget(C);
        place.harness.adopt(C, 0, &old).await.unwrap();
        for verify in [json!(null), json!(true)] {
            for labels in [json!({}), json!(null)] {
                let config = config(json!({ "verify": verify, "labels": labels }));
                let planned = place.harness.plan(C, config).await.unwrap();
                assert_eq!(planned.action, Action::NoOp, "{:?}", planned.changes());
            }
        }
    }
    place.world.stop().await;
}

#[tokio::test]
async fn the_configuration_of_a_type_without_a_description_is_kept_as_it_was_sent() {
    let mut place = Place::start().await;
    let custom =
        json!({ "type": "custom", "auth_method": "magic", "resource_type": "thing", "name": "contains:aws" });
    let unknown = "ZenML 0.98 does not know the service connector type \"custom\"";
    let mut off = config(custom);
    assert_eq!(place.harness.apply(C, off.clone()).await.unwrap().told(), [unknown]);
    off["description"] = json!("changed");
    place.harness.apply(C, off).await.unwrap();
    let stored = place.stored().await;
    assert_eq!(stored.body.unwrap().resource_types, ["thing"]);
    assert_eq!(json!(stored.metadata.unwrap().configuration.expose()), config(json!({}))["configuration"]);
    place.world.stop().await;
}

#[tokio::test]
async fn the_local_platform_verifies_nothing_and_reports_that_at_once() {
    let mut place = Place::start().await;
    for (kind, what) in [("aws", "the verification failed"), ("custom", "the server lacks an integration")] {
        let begun = std::time::Instant::now();
        let failure =
            place.harness.apply(C, config(json!({ "verify": true, "type": kind }))).await.unwrap_err();
        assert_eq!(failure.summaries(), [format!("Cannot verify service connector \"aws\": {what}")]);
        assert!(begun.elapsed() < std::time::Duration::from_secs(10), "{kind}");
    }
    assert_eq!(place.count().await, 0);
    place.world.stop().await;
}

#[tokio::test]
async fn only_a_deleted_workspace_removes_its_connectors() {
    let mut place = Place::start().await;
    place.harness.apply(C, config(json!({}))).await.unwrap();
    let id = place.id();
    place.server.call(&api::DELETE, id).await.unwrap();
    assert_eq!(place.harness.plan(C, config(json!({}))).await.unwrap().action, Action::Create);
    assert!(
        place.server.send(&api::CLIENT, id, ClientQuery::default(), ()).await.optional().unwrap().is_none()
    );
    place.harness.apply(C, config(json!({}))).await.unwrap();
    place.world.remove_workspace(place.workspace).await;
    let mut again = place.world.harness().await;
    let state: Dyn = place.harness.state(C).unwrap().clone();
    let adopted = json!({ "id": state.attribute("id").as_str(), "workspace_id": place.workspace.to_string(),
        "name": "aws", "type": "aws", "auth_method": "secret-key" });
    again.adopt(C, 0, &adopted).await.unwrap();
    assert!(!again.refresh(C).await.unwrap());
    place.world.stop().await;
}

#[tokio::test]
async fn a_connector_passes_its_life_cycle_under_real_hosts() {
    under_each_host(async |world, host| {
        let host = host.traced();
        let workspace = world.workspace("alpha").await;
        let server = world.server(workspace).await;
        // The first login of an account adds it to the workspace, and it stays there.
        server.list_all(&api::LIST, (), ConnectorQuery::default()).await.unwrap();
        let before = world.platform.census().await.unwrap();
        let main = |description: &str| {
            format!(
                "resource \"zenml_service_connector\" \"c\" {{\n  workspace_id = \"{workspace}\"\n  name = \"aws\"\n  \
                 type = \"aws\"\n  auth_method = \"secret-key\"\n  verify = false\n  description = \"{description}\"\n  \
                 configuration = {{\n    region = \"eu-west-1\"\n    aws_access_key_id = \"AKIA1234567890\"\n    \
                 aws_secret_access_key = \"{SECRET}\"\n  }}\n}}\n"
            )
        };
        host.write("main.tf", &main("first")).unwrap();
        host.apply().await.unwrap();
        let id = host.attributes(C).await.unwrap()["id"].as_str().unwrap().to_owned();
        host.import_equals_state(C, &format!("{workspace}/{id}"), &["configuration", "verify"]).await.unwrap();
        host.write("main.tf", &main("second")).unwrap();
        assert_eq!(host.apply().await.unwrap().action(C), Some(Action::Update));
        let connector: ConnectorId = id.parse().unwrap();
        let elsewhere = api::ConnectorUpdate { name: Some("moved".to_owned()), ..api::ConnectorUpdate::default() };
        server.send(&api::UPDATE, connector, (), elsewhere).await.unwrap();
        assert_eq!(host.apply().await.unwrap().action(C), Some(Action::Update));
        server.call(&api::DELETE, connector).await.unwrap();
        assert_eq!(host.apply().await.unwrap().action(C), Some(Action::Create));
        let logs = host.logs().unwrap();
        assert!(logs.contains("service_connectors") && !logs.contains(SECRET));
        host.destroy().await.unwrap();
        assert_eq!(world.platform.census().await.unwrap(), before);
        world.stop().await;
    })
    .await;
}
