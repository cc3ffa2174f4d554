//! What exists on a plain server: its lists, queries, and its export.

use std::collections::BTreeSet;
use std::fs;

use serde_json::json;
use tfkit::engine::ImportBy;
use tfkit::{Dyn, Kind};
use tfkit_test::Scenario;
use tfkit_test::scenario::Product;

use crate::exports::{ODD, export_with, plan_of, told};
use crate::generated::RICH;
use crate::server::{Server, TYPES, alone_on_each_server};
use crate::world::{engine, scenario};

/// The ids of the managed objects of a type.
async fn managed(host: &Scenario, type_name: &str) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for address in host.addresses().await.unwrap() {
        if address.starts_with(&format!("{type_name}.")) {
            ids.insert(host.attributes(&address).await.unwrap()["id"].as_str().unwrap().to_owned());
        }
    }
    ids
}

/// Each list finds the managed objects of its type, and each object is the one that an import by its identity gives.
async fn list_each_type(server: &Server, host: &Scenario) {
    let harness = server.harness().await;
    for type_name in TYPES {
        let listed = harness.list_objects(type_name, json!({}), 100).await;
        let listed = listed.unwrap_or_else(|failure| panic!("{type_name}: {failure}"));
        let id = |object: &Dyn| object.attribute("id").as_str().unwrap().to_owned();
        let found: BTreeSet<String> = listed.found.iter().map(|found| id(&found.object)).collect();
        let managed = managed(host, type_name).await;
        assert!(!managed.is_empty() && found.is_superset(&managed), "{type_name}: {managed:?}, {found:?}");
        for found in listed.found {
            let mut importing = server.harness().await;
            let address = format!("{type_name}.it");
            importing.import(&address, ImportBy::Identity(found.identity.clone())).await.unwrap();
            assert_eq!(Some(&found.object), importing.state(&address), "{type_name} {}", found.display_name);
        }
    }
}

/// What `terraform query` generates for all objects of the server only imports.
async fn query_each_type(server: &Server, host: &Scenario) {
    if !host.host().is_at_least(1, 14) || host.host().product() != Product::Terraform {
        return;
    }
    let querying = connected(server, host);
    let lists: String =
        TYPES.map(|name| format!("list {name:?} \"all\" {{\n  provider = zenml\n}}\n")).concat();
    querying.write("all.tfquery.hcl", &lists).unwrap();
    querying.query(&["-generate-config-out=generated.tf"]).await.unwrap();
    let text = fs::read_to_string(querying.work().join("generated.tf")).unwrap();
    let plan = plan_of(&querying, &text).await;
    assert!(plan.actions().len() >= host.addresses().await.unwrap().len(), "{:?}", plan.actions());
    querying.apply_saved(&plan).await.unwrap();
    querying.must_be_settled().await.unwrap();
}

/// The export of the server imports all of it without a change.
async fn export_everything(server: &Server, host: &Scenario) {
    let exported = connected(server, host);
    exported.remove("provider.tf").unwrap();
    let environment = [("ZENML_SERVER_URL", server.url()), ("ZENML_API_KEY", server.key())];
    let output = export_with(environment, &exported.work(), &[]).await;
    let progress = told(&output);
    assert!(output.status.success(), "{progress}");
    assert!(progress.contains("zenml_stack_component in the server: "), "{progress}");
    exported.run(&["fmt", "-check", "-diff"]).await.unwrap();
    let plan = plan_of(&exported, &progress).await;
    assert!(plan.actions().len() >= host.addresses().await.unwrap().len(), "{:?}", plan.actions());
    exported.apply_saved(&plan).await.unwrap();
    exported.must_be_settled().await.unwrap();
}

/// A new directory for the same host and server.
fn connected(server: &Server, host: &Scenario) -> Scenario {
    scenario(host.host()).env("ZENML_SERVER_URL", server.url()).env("ZENML_API_KEY", server.key())
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_on_a_server_is_listed_queried_and_exported_on_each_server() {
    let engine = engine();
    assert!(TYPES.iter().all(|name| engine.names(Kind::ListResource).contains(name)));
    alone_on_each_server(async |server, host| {
        let configuration = format!("{RICH}{ODD}").replace("{workspace}", "");
        host.write("main.tf", &configuration).unwrap();
        host.apply().await.unwrap();
        list_each_type(server, host).await;
        query_each_type(server, host).await;
        export_everything(server, host).await;
        host.destroy().await.unwrap();
    })
    .await;
}
