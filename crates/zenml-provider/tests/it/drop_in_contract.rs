//! The contract with users of the Go provider: configurations, states and habits.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value as Json, json};
use zenml_api::{Endpoint, IdOrName, SecretId};

use crate::server::on_each_server;
use crate::world::{hosts, scenario};

/// The schema of 3.0.6 as Terraform shows it, without descriptions.
fn theirs() -> Json {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/states/3.0.6/schema.json");
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

/// The differences that break the replacement of an attribute in a configuration, a state, or an expression.
fn clashes(place: &str, theirs: &Map<String, Json>, ours: &Json) -> Vec<String> {
    let mut found = Vec::new();
    for (name, their) in theirs {
        let place = format!("{place}.{name}");
        let our = &ours[name];
        if our.is_null() {
            found.push(format!("{place} is missing"));
            continue;
        }
        // Nested attributes and object attributes have the same syntax.
        let (their_type, our_type) = (type_of(their), type_of(our));
        if their_type != our_type {
            found.push(format!("{place} is {our_type} instead of {their_type}"));
        }
        for flag in ["optional", "computed"] {
            if their[flag] == true && our[flag] != true {
                found.push(format!("{place} is not {flag}"));
            }
        }
        if their["required"] == true && our["required"] != true && our["optional"] != true {
            found.push(format!("{place} cannot be set"));
        }
        if our["required"] == true && their["required"] != true {
            found.push(format!("{place} is required"));
        }
        if their["sensitive"] == true && our["sensitive"] != true {
            found.push(format!("{place} is not sensitive"));
        }
    }
    for (name, our) in ours.as_object().unwrap() {
        if our["required"] == true && !theirs.contains_key(name) {
            found.push(format!("{place}.{name} is required and new"));
        }
    }
    found
}

fn type_of(attribute: &Json) -> Json {
    let nested = &attribute["nested_type"];
    let Some(members) = nested["attributes"].as_object() else { return attribute["type"].clone() };
    let members: Map<String, Json> =
        members.iter().map(|(name, member)| (name.clone(), type_of(member))).collect();
    let object = json!(["object", members]);
    match nested["nesting_mode"].as_str().unwrap() {
        "single" => object,
        mode => json!([mode, object]),
    }
}

#[tokio::test]
async fn each_attribute_of_3_0_6_exists_with_its_type_and_no_new_one_is_required() {
    for host in hosts().await {
        let host = scenario(&host);
        let shown: Json =
            serde_json::from_str(&host.run(&["providers", "schema", "-json"]).await.unwrap().stdout).unwrap();
        let ours = shown["provider_schemas"].as_object().unwrap().values().next().unwrap();
        let theirs = theirs();
        let block = theirs["provider"].as_object().unwrap();
        let mut found = clashes("provider", block, &ours["provider"]["block"]["attributes"]);
        for kind in ["resource_schemas", "data_source_schemas"] {
            for (name, their) in theirs[kind].as_object().unwrap() {
                let our = &ours[kind][name];
                assert_eq!(our["version"], their["version"], "{name}");
                let attributes = their["attributes"].as_object().unwrap();
                found.extend(clashes(&format!("{kind}.{name}"), attributes, &our["block"]["attributes"]));
            }
        }
        assert_eq!(found, Vec::<String>::new());
    }
}

/// One object of each type, with references to each other.
const ONE_OF_EACH: &str = r#"
resource "zenml_project" "it" {
  name = "${var.prefix}-p"
}
resource "zenml_secret" "it" {
  name   = "${var.prefix}-s"
  values = { a = "b" }
}
resource "zenml_service_connector" "it" {
  name          = "${var.prefix}-c"
  type          = "aws"
  auth_method   = "implicit"
  resource_type = "s3-bucket"
  verify        = false
  configuration = { region = "eu-central-1" }
}
resource "zenml_stack_component" "store" {
  name          = "${var.prefix}-a"
  type          = "artifact_store"
  flavor        = "s3"
  connector_id  = zenml_service_connector.it.id
  configuration = { path = "s3://bucket" }
}
resource "zenml_stack_component" "orchestrator" {
  name   = "${var.prefix}-o"
  type   = "orchestrator"
  flavor = "local"
}
resource "zenml_stack" "it" {
  name = "${var.prefix}-t"
  components = {
    artifact_store = zenml_stack_component.store.id
    orchestrator   = zenml_stack_component.orchestrator.id
  }
}
"#;

/// The deletion of an object of any type.
type Removal = Endpoint<IdOrName<SecretId>, (), (), Json>;

/// Ordered so that nothing is in use.
const AWAY: [(&str, Removal); 6] = [
    ("zenml_stack.it", Endpoint::delete("/stacks/{id}")),
    ("zenml_stack_component.orchestrator", Endpoint::delete("/components/{id}")),
    ("zenml_stack_component.store", Endpoint::delete("/components/{id}")),
    ("zenml_service_connector.it", Endpoint::delete("/service_connectors/{id}")),
    ("zenml_secret.it", Endpoint::delete("/secrets/{id}")),
    ("zenml_project.it", Endpoint::delete("/projects/{id}")),
];

#[tokio::test(flavor = "multi_thread")]
async fn deleting_what_is_already_gone_succeeds() {
    on_each_server(async |server, host| {
        host.write("main.tf", ONE_OF_EACH).unwrap();
        host.apply().await.unwrap();
        for (address, delete) in &AWAY {
            let id = host.attributes(address).await.unwrap()["id"].as_str().unwrap().parse().unwrap();
            server.api.call(delete, IdOrName::Id(id)).await.unwrap();
        }
        // Without a refresh, which would detect it earlier.
        host.run(&["destroy", "-auto-approve", "-refresh=false"]).await.unwrap();
        assert_eq!(host.addresses().await.unwrap(), Vec::<String>::new());
    })
    .await;
}
