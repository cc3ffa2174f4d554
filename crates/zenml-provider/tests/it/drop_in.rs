//! The migration: states of the Go provider with unchanged configurations and this provider.
//!
//! `tests/states/VERSION` contains the configuration of one version of the Go provider, its requests, and its state.
//! The same requests create the same objects on a new server, the state gets their ids, and this provider takes over.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use tfkit_test::scenario::Product;
use tfkit_test::{Action, Scenario};
use zenml_api::Endpoint;

use crate::server::{Server, on_each_server};

/// The prefix of names in the fixtures. Each run replaces it with its own.
const PREFIX: &str = "drop-in";

/// The next release for such a user.
const OURS: &str = env!("CARGO_PKG_VERSION");

fn fixture(version: &str, file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/states").join(version);
    fs::read_to_string(folder.join(file)).unwrap()
}

/// Prepares a server and a directory as if this version had been used until now. `rewrite` makes the necessary
/// changes to the configuration.
async fn arrive(server: &Server, host: &Scenario, version: &str, rewrite: fn(&str) -> String) {
    let of_this_run = |file: &str| fixture(version, file).replace(PREFIX, server.prefix());
    let mut state = of_this_run("state.json");
    let mut requests = of_this_run("requests.json");
    let count = serde_json::from_str::<Vec<Json>>(&requests).unwrap().len();
    for index in 0..count {
        // Read again each time, because later requests contain the ids of earlier responses.
        let request = serde_json::from_str::<Vec<Json>>(&requests).unwrap().swap_remove(index);
        let endpoint: Endpoint<(), (), Json, Json> = match request["path"].as_str().unwrap() {
            "/projects" => Endpoint::post("/projects"),
            "/secrets" => Endpoint::post("/secrets"),
            "/service_connectors" => Endpoint::post("/service_connectors"),
            "/components" => Endpoint::post("/components"),
            "/stacks" => Endpoint::post("/stacks"),
            other => panic!("{other} is not a type of the Go provider"),
        };
        let made = server.api.send(&endpoint, (), (), request["body"].clone()).await.unwrap();
        let (then, now) = (request["id"].as_str().unwrap(), made["id"].as_str().unwrap());
        assert!(state.contains(then), "{then} is in the state");
        state = state.replace(then, now);
        requests = requests.replace(then, now);
    }
    host.remove("provider.tf").unwrap();
    host.write("main.tf", &rewrite(&of_this_run("main.tf"))).unwrap();
    host.write("terraform.tfstate", &state).unwrap();
}

/// Nothing has to be changed from 3.x.
fn unchanged(configuration: &str) -> String {
    configuration.to_owned()
}

/// Since 3.0 `timeouts` is an attribute.
fn with_timeouts_as_attribute(configuration: &str) -> String {
    configuration.replace("timeouts {", "timeouts = {")
}

/// Since 2.0 there is also no `workspace`.
fn without_workspace(configuration: &str) -> String {
    let kept = configuration.lines().filter(|line| !line.trim_start().starts_with("workspace "));
    with_timeouts_as_attribute(&kept.fold(String::new(), |text, line| text + line + "\n"))
}

/// No cloud is available for verification.
const UNVERIFIED: &str = r#"
resource "zenml_service_connector" "verified" {
  verify = false
}
resource "zenml_service_connector" "dropping" {
  verify = false
}
resource "zenml_service_connector" "imported" {
  verify = false
}
"#;

/// A change of each type in all fixtures.
const CHANGE: &str = r#"
resource "zenml_service_connector" "unverified" {
  labels = { changed = "yes" }
}
resource "zenml_stack_component" "sagemaker" {
  labels = {}
}
resource "zenml_stack" "full" {
  labels = null
}
resource "zenml_stack" "placeholders" {
  labels = { changed = "yes" }
}
"#;

/// The first plan changes nothing; afterwards the objects are changed and deleted like any others.
async fn take_over(host: &Scenario) {
    host.run(&["plan", "-detailed-exitcode"]).await.unwrap();

    host.write("unverified_override.tf", UNVERIFIED).unwrap();
    host.write("change_override.tf", CHANGE).unwrap();
    let plan = host.apply().await.unwrap();
    for address in ["zenml_service_connector.unverified", "zenml_stack.full", "zenml_stack.placeholders"] {
        assert_eq!(plan.action(address), Some(Action::Update), "{address}: {}", plan.summary());
    }
    assert!(plan.changed().values().all(|action| *action == Action::Update), "{}", plan.summary());
    host.destroy().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_of_3_0_6_plans_empty() {
    on_each_server(async |server, host| {
        arrive(server, host, "3.0.6", unchanged).await;
        take_over(host).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_of_2_0_7_plans_empty() {
    on_each_server(async |server, host| {
        arrive(server, host, "2.0.7", with_timeouts_as_attribute).await;
        take_over(host).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_of_1_1_3_plans_empty() {
    on_each_server(async |server, host| {
        arrive(server, host, "1.1.3", without_workspace).await;
        take_over(host).await;
    })
    .await;
}

/// A mirror from which `init` installs only this provider.
fn mirror(host: &Scenario) {
    let registry = match host.host().product() {
        Product::Terraform => "registry.terraform.io",
        Product::OpenTofu => "registry.opentofu.org",
    };
    let system = if cfg!(target_os = "macos") { "darwin" } else { std::env::consts::OS };
    let machine = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let root: PathBuf = host.work().join("mirror");
    let folder = root.join(registry).join("zenml-io/zenml").join(OURS).join(format!("{system}_{machine}"));
    fs::create_dir_all(&folder).unwrap();
    let binary = Path::new(env!("CARGO_BIN_EXE_terraform-provider-zenml"));
    fs::copy(binary, folder.join(format!("terraform-provider-zenml_v{OURS}"))).unwrap();
    let path = root.display().to_string();
    let text = format!("provider_installation {{\n  filesystem_mirror {{\n    path = {path:?}\n  }}\n}}\n");
    host.write("mirror.tfrc", &text).unwrap();
    host.write(
        ".terraform.lock.hcl",
        &fixture("3.0.6", "lock.hcl").replace("registry.terraform.io", registry),
    )
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn init_with_upgrade_is_enough_for_a_lock_file_of_3_0_6() {
    on_each_server(async |server, host| {
        arrive(server, host, "3.0.6", unchanged).await;
        mirror(host);
        host.set_env("TF_CLI_CONFIG_FILE", host.work().join("mirror.tfrc").display().to_string());

        let refused = host.init().await.unwrap_err();
        assert!(refused.says("3.0.6"), "{refused}");
        host.run(&["init", "-upgrade"]).await.unwrap();
        let lock = fs::read_to_string(host.work().join(".terraform.lock.hcl")).unwrap();
        assert!(lock.contains(&format!("version     = \"{OURS}\"")), "{lock}");
        assert!(lock.contains("constraints = \"~> 3.0\""), "{lock}");

        host.run(&["plan", "-detailed-exitcode"]).await.unwrap();
        host.destroy().await.unwrap();
    })
    .await;
}

/// The protocol version, which the tests of `tfkit-serve` check from the host's side.
#[test]
fn the_registry_manifest_names_the_protocol_and_the_license_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let manifest = fs::read_to_string(root.join("terraform-registry-manifest.json")).unwrap();
    let manifest: Json = serde_json::from_str(&manifest).unwrap();
    assert_eq!(manifest, serde_json::json!({ "version": 1, "metadata": { "protocol_versions": ["6.0"] } }));
    assert!(fs::read_to_string(root.join("LICENSE")).unwrap().contains("Apache License"));
}
