//! Secrets outside of the state: the write-only arguments of secrets, service connectors and code repositories.

use std::fs;

use serde_json::{Value as Json, json};
use tfkit_test::{Action, Harness};
use zenml_api::workspace::code_repository::{self, CodeRepositoryUpdate};
use zenml_api::workspace::connector::{self, SecretsQuery};
use zenml_api::workspace::secret;
use zenml_client::Api;

use crate::server::{Server, in_process_on_each_server, on_each_server};
use crate::world::lacks;

const SECRET: &str = "zenml_secret.s";
const CONNECTOR: &str = "zenml_service_connector.c";
const REPOSITORY: &str = "zenml_code_repository.r";
const PROJECT: &str = "zenml_project.p";

/// A resource with a write-only argument, and its value on the server.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Noun {
    Secret,
    Connector,
    Repository,
}

impl Noun {
    const ALL: [Self; 3] = [Self::Secret, Self::Connector, Self::Repository];

    pub(crate) fn address(self) -> &'static str {
        match self {
            Self::Secret => SECRET,
            Self::Connector => CONNECTOR,
            Self::Repository => REPOSITORY,
        }
    }

    fn attribute(self) -> &'static str {
        match self {
            Self::Secret => "values",
            Self::Connector => "configuration",
            Self::Repository => "config",
        }
    }

    fn config(self, server: &Server, project: &str, name: &str, more: &[(&str, Json)]) -> Json {
        let mut config = match self {
            Self::Secret => json!({}),
            Self::Connector => json!({ "type": "docker", "auth_method": "password", "verify": false }),
            Self::Repository => json!({ "type": "github", "project_id": project }),
        };
        config["name"] = server.name(name).into();
        for (suffix, value) in more {
            config[format!("{}{suffix}", self.attribute())] = value.clone();
        }
        config
    }

    /// Returns the secret values on the server.
    pub(crate) async fn stored(self, api: &Api, id: &str) -> Json {
        match self {
            Self::Secret => {
                let found = api.call(&secret::GET, id.parse().unwrap()).await.unwrap();
                json!(found.body.unwrap().values.expose())
            }
            Self::Connector => {
                let query = SecretsQuery { expand_secrets: Some(true), ..SecretsQuery::default() };
                let found = api.send(&connector::GET, id.parse().unwrap(), query, ()).await.unwrap();
                json!(found.metadata.unwrap().configuration.expose())
            }
            Self::Repository => {
                let found = api.call(&code_repository::GET, id.parse().unwrap()).await.unwrap();
                json!(found.metadata.unwrap().config.expose())
            }
        }
    }
}

fn members(password: &str) -> Json {
    json!({ "username": "ann", "password": password })
}

fn id(harness: &Harness, address: &str) -> String {
    harness.state(address).unwrap().attribute("id").as_str().unwrap().to_owned()
}

/// Creates the project of the repositories.
async fn project(server: &Server, harness: &mut Harness) -> String {
    harness.apply(PROJECT, json!({ "name": server.name("project") })).await.unwrap();
    id(harness, PROJECT)
}

#[tokio::test]
async fn write_only_values_reach_the_server_when_their_version_changes_and_never_the_state() {
    in_process_on_each_server(async |server, harness| {
        let project = project(server, harness).await;
        for noun in Noun::ALL {
            let written = |name: &str, password: &str, version: Json| {
                noun.config(server, &project, name, &[("_wo", members(password)), ("_wo_version", version)])
            };
            let plain =
                |name: &str, password: &str| noun.config(server, &project, name, &[("", members(password))]);
            let steps = [
                ("made", written("one", "canary-1", json!(1)), "canary-1", false),
                ("renamed", written("two", "canary-1", json!(1)), "canary-1", false),
                (
                    "renamed, another value unannounced",
                    written("one", "canary-2", json!(1)),
                    "canary-1",
                    false,
                ),
                ("another version", written("one", "canary-2", json!(2)), "canary-2", false),
                ("stored from now on", plain("one", "canary-3"), "canary-3", true),
                (
                    "written again, with the same value",
                    written("one", "canary-3", json!(null)),
                    "canary-3",
                    false,
                ),
            ];
            for (what, config, password, in_state) in steps {
                let applied = harness.apply(noun.address(), config).await.unwrap();
                assert_ne!(applied.action, Action::NoOp, "{noun:?}, {what}");
                let stored = noun.stored(&server.api, &id(harness, noun.address())).await;
                assert_eq!(stored, members(password), "{noun:?}, {what}");
                let state = harness.state(noun.address()).unwrap();
                assert_eq!(format!("{state:?}").contains("canary"), in_state, "{noun:?}, {what}");
            }
            harness.destroy(noun.address()).await.unwrap();
        }
        harness.destroy(PROJECT).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn changes_from_outside_of_write_only_values_are_neither_detected_nor_undone() {
    in_process_on_each_server(async |server, harness| {
        let project = project(server, harness).await;
        for noun in Noun::ALL {
            let config = noun.config(
                server,
                &project,
                "one",
                &[("_wo", members("canary")), ("_wo_version", json!(1))],
            );
            harness.apply(noun.address(), config.clone()).await.unwrap();
            let id = id(harness, noun.address());
            match noun {
                Noun::Secret => {
                    let values = members("outside");
                    let values = serde_json::from_value(values).unwrap();
                    let change =
                        secret::SecretUpdate { values: Some(values), ..secret::SecretUpdate::default() };
                    let query = secret::UpdateQuery::default();
                    server.api.send(&secret::UPDATE, id.parse().unwrap(), query, change).await.unwrap();
                }
                Noun::Connector => {
                    let configuration = serde_json::from_value(members("outside")).unwrap();
                    let change = connector::ConnectorUpdate {
                        configuration: Some(configuration),
                        ..connector::ConnectorUpdate::default()
                    };
                    server.api.send(&connector::UPDATE, id.parse().unwrap(), (), change).await.unwrap();
                }
                Noun::Repository => {
                    let config = serde_json::from_value(members("outside")).unwrap();
                    let change =
                        CodeRepositoryUpdate { config: Some(config), ..CodeRepositoryUpdate::default() };
                    server.api.send(&code_repository::UPDATE, id.parse().unwrap(), (), change).await.unwrap();
                }
            }
            let planned = harness.plan(noun.address(), config.clone()).await.unwrap();
            assert_eq!(planned.action, Action::NoOp, "{noun:?}: {:?}", planned.changes());
            let renamed = noun.config(
                server,
                &project,
                "two",
                &[("_wo", members("canary")), ("_wo_version", json!(1))],
            );
            harness.apply(noun.address(), renamed).await.unwrap();
            assert_eq!(noun.stored(&server.api, &id).await, members("outside"), "{noun:?}");
            harness.destroy(noun.address()).await.unwrap();
        }
        harness.destroy(PROJECT).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_forms_exclude_each_other_and_old_hosts_are_rejected_with_a_reason() {
    in_process_on_each_server(async |server, harness| {
        let project = project(server, harness).await;
        let old = server.harness().await.without_write_only();
        for noun in Noun::ALL {
            let name = noun.attribute();
            let wo = format!("{name}_wo");
            let both =
                noun.config(server, &project, "one", &[("", members("canary")), ("_wo", members("canary"))]);
            let version =
                noun.config(server, &project, "one", &[("", members("canary")), ("_wo_version", json!(1))]);
            let written = noun.config(server, &project, "one", &[("_wo", members("canary"))]);
            let stored = noun.config(server, &project, "one", &[("", members("canary"))]);
            let cases = [
                (
                    &*harness,
                    &both,
                    format!("Attributes \"{name}\" and \"{wo}\" cannot be set together"),
                    wo.clone(),
                ),
                (
                    &*harness,
                    &version,
                    format!("Attribute \"{wo}_version\" requires \"{wo}\""),
                    format!("{wo}_version"),
                ),
                (
                    &old,
                    &written,
                    format!(
                        "Attribute \"{wo}\" is write-only, which this version of the host does not support"
                    ),
                    wo.clone(),
                ),
            ];
            for (harness, config, summary, at) in cases {
                let failure = harness.plan(noun.address(), config.clone()).await.unwrap_err();
                assert_eq!(failure.summaries(), [summary], "{noun:?}");
                assert_eq!(failure.places()[0].to_string(), at, "{noun:?}");
                assert!(!failure.to_string().contains("canary"), "{failure}");
            }
            assert_eq!(old.plan(noun.address(), stored).await.unwrap().action, Action::Create);
        }
        let neither =
            harness.plan(SECRET, Noun::Secret.config(server, &project, "one", &[])).await.unwrap_err();
        assert_eq!(neither.summaries(), ["None of `values`, `values_wo` is set"]);
        harness.destroy(PROJECT).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_write_only_value_is_not_in_the_state_file_of_real_hosts() {
    on_each_server(async |server, host| {
        if lacks(host.host(), host.host().is_at_least(1, 11), "write-only arguments") {
            return;
        }
        let main = |name: &str, spelling: &str, password: &str, version: &str| {
            let members = format!("{{\n    username = \"ann\"\n    password = \"{password}\"\n  }}");
            format!(
                "resource \"zenml_secret\" \"s\" {{\n  name = \"${{var.prefix}}-{name}\"\n  \
                 values{spelling} = {members}\n  {}\n}}\n\nresource \"zenml_service_connector\" \"c\" {{\n  \
                 name = \"${{var.prefix}}-{name}\"\n  type = \"docker\"\n  auth_method = \"password\"\n  \
                 verify = false\n  configuration{spelling} = {members}\n  {}\n}}\n\nresource \"zenml_project\" \"p\" \
                 {{\n  name = \"${{var.prefix}}-project\"\n}}\n\nresource \"zenml_code_repository\" \"r\" {{\n  name = \
                 \"${{var.prefix}}-{name}\"\n  project_id = zenml_project.p.id\n  type = \"github\"\n  \
                 config{spelling} = {members}\n  {}\n}}\n",
                version.replace('X', "values_wo_version"),
                version.replace('X', "configuration_wo_version"),
                version.replace('X', "config_wo_version"),
            )
        };
        let steps = [
            ("one", "", "canary-plain", "", "canary-plain", true),
            ("one", "_wo", "canary-first", "X = 1", "canary-first", false),
            ("two", "_wo", "canary-other", "X = 1", "canary-first", false),
            ("two", "_wo", "canary-other", "X = 2", "canary-other", false),
        ];
        for (name, spelling, password, version, has, in_state) in steps {
            host.write("main.tf", &main(name, spelling, password, version)).unwrap();
            let plan = host.apply().await.unwrap();
            for noun in Noun::ALL {
                assert_ne!(plan.action(noun.address()), Some(Action::NoOp), "{noun:?} {password}");
                let id = host.attributes(noun.address()).await.unwrap()["id"].as_str().unwrap().to_owned();
                assert_eq!(noun.stored(&server.api, &id).await, members(has), "{noun:?}");
            }
            let state = fs::read_to_string(host.work().join("terraform.tfstate")).unwrap();
            assert_eq!(state.contains("canary"), in_state, "{password}");
        }
        host.destroy().await.unwrap();
    })
    .await;
}
