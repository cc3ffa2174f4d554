//! Marked secrets through a whole life cycle at the most verbose log level: where they may appear, and where not.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};
use tfkit_test::Scenario;

use crate::server::on_each_server;
use crate::world::lacks;
use crate::write_only::Noun;

/// Each way of a secret into the provider, except the key. Write-only secrets are not in the state or the plan.
const MAIN: &str = r#"
variable "secret" { sensitive = true }
variable "connector" { sensitive = true }
variable "repository" { sensitive = true }
variable "secret_wo" { ephemeral = true }
variable "connector_wo" { ephemeral = true }
variable "repository_wo" { ephemeral = true }

resource "zenml_secret" "stored" {
  name   = "${var.prefix}-stored"
  values = { token = var.secret }
}

resource "zenml_secret" "written" {
  name              = "${var.prefix}-written"
  values_wo         = { token = var.secret_wo }
  values_wo_version = 1
}

resource "zenml_service_connector" "stored" {
  name          = "${var.prefix}-stored"
  type          = "docker"
  auth_method   = "password"
  verify        = false
  configuration = { username = "ann", password = var.connector }
}

resource "zenml_service_connector" "written" {
  name                     = "${var.prefix}-written"
  type                     = "docker"
  auth_method              = "password"
  verify                   = false
  configuration_wo         = { username = "ann", password = var.connector_wo }
  configuration_wo_version = 1
}

resource "zenml_project" "home" {
  name = "${var.prefix}-home"
}

resource "zenml_code_repository" "stored" {
  project_id = zenml_project.home.id
  name       = "${var.prefix}-stored"
  type       = "github"
  config     = { owner = "acme", repository = "training", token = var.repository }
}

resource "zenml_code_repository" "written" {
  project_id        = zenml_project.home.id
  name              = "${var.prefix}-written"
  type              = "github"
  config_wo         = { owner = "acme", repository = "training", token = var.repository_wo }
  config_wo_version = 1
}
"#;

const STORED: [&str; 3] = ["secret", "connector", "repository"];
const WRITTEN: [&str; 3] = ["secret_wo", "connector_wo", "repository_wo"];

/// The log of the host, including that of the provider.
const LOG: &str = "trace.log";

fn canary(variable: &str) -> String {
    format!("canary-of-{}", variable.replace('_', "-"))
}

/// Returns the state, with the private state decoded.
fn state(host: &Scenario) -> Json {
    let mut state: Json =
        serde_json::from_slice(&fs::read(host.work().join("terraform.tfstate")).unwrap()).unwrap();
    let resources = state["resources"].as_array_mut().unwrap().iter_mut();
    for instance in resources.flat_map(|resource| resource["instances"].as_array_mut().unwrap()) {
        let private = STANDARD.decode(instance["private"].as_str().unwrap_or_default()).unwrap();
        instance["private"] = String::from_utf8(private).unwrap().into();
    }
    state
}

/// Returns the id of an object in a state.
fn id(state: &Json, kind: &str, name: &str) -> String {
    let resources = state["resources"].as_array().unwrap();
    let found =
        resources.iter().find(|resource| resource["type"] == kind && resource["name"] == name).unwrap();
    found["instances"][0]["attributes"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn no_secret_is_in_a_log_or_a_message_and_no_write_only_secret_is_in_a_file() {
    on_each_server(async |server, host| {
        if lacks(host.host(), host.host().is_at_least(1, 11), "write-only arguments") {
            return;
        }
        for (name, value) in [("TF_LOG", "TRACE"), ("TF_LOG_PROVIDER", "TRACE"), ("TF_LOG_PATH", LOG)] {
            host.set_env(name, value);
        }
        for variable in STORED.iter().chain(&WRITTEN) {
            host.set_variable(variable, &json!(canary(variable)));
        }
        host.write("main.tf", MAIN).unwrap();
        host.run(&["plan", "-out=saved.plan"]).await.unwrap();
        host.run(&["apply", "saved.plan"]).await.unwrap();
        // Fails if there is anything to change.
        host.run(&["plan", "-detailed-exitcode"]).await.unwrap();
        let state = state(host);
        let written = [
            (Noun::Secret, "secret_wo"),
            (Noun::Connector, "connector_wo"),
            (Noun::Repository, "repository_wo"),
        ];
        for (noun, variable) in written {
            let id = id(&state, noun.address().split('.').next().unwrap(), "written");
            let stored = noun.stored(&server.api, &id).await.to_string();
            assert!(stored.contains(&canary(variable)), "{variable} did not reach the server: {stored}");
        }
        let state = state.to_string();
        host.run(&["destroy", "-auto-approve"]).await.unwrap();
        let printed = host.transcript();
        let plan = host.run(&["show", "-json", "saved.plan"]).await.unwrap().stdout;

        // Terraform 1.11 itself logs no sensitive value, so the whole log is checked and not only the part of the
        // provider.
        let log = fs::read_to_string(host.work().join(LOG)).unwrap();
        for output in
            ["terraform-provider-zenml: POST /secrets answered", "terraform-provider-zenml: Answered Apply"]
        {
            assert!(log.contains(output), "the provider did not log {output:?}");
        }
        let key = server.key().to_owned();
        for secret in STORED.iter().chain(&WRITTEN).map(|variable| canary(variable)).chain([key.clone()]) {
            let logged: Vec<&str> = log.lines().filter(|line| line.contains(&secret)).collect();
            assert!(logged.is_empty(), "{secret} is logged: {logged:#?}");
            assert!(!printed.contains(&secret), "{secret} is printed: {printed}");
        }
        for secret in STORED.map(canary) {
            assert!(
                state.contains(&secret) && plan.contains(&secret),
                "{secret} did not take the expected way"
            );
        }
        for secret in WRITTEN.map(canary).into_iter().chain([key]) {
            assert!(!state.contains(&secret), "{secret} is in the state: {state}");
            assert!(!plan.contains(&secret), "{secret} is in the plan: {plan}");
            assert_eq!(host.find(&secret).unwrap(), Vec::<String>::new(), "{secret}");
        }
    })
    .await;
}
