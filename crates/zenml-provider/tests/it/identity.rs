//! Resource identities of all types: set by each operation, stable, added to states without one, and enough to import.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use serde_json::{Value as Json, json};
use tfkit::Kind;
use tfkit_test::{Action, Host, Scenario};

use crate::generated::{PRO, RICH};
use crate::world::{World, engine, types_without, under_each_host};

/// Attributes that an import cannot reproduce: a server does not return them, returns them in its own spelling, which has
/// the same meaning, or changes them with each update.
const OF_THE_CONFIGURATION: [&str; 12] = [
    "verify",
    "timeouts",
    "deletion_protection",
    "role",
    "expires_at",
    "config_schema",
    "updated",
    "key",
    "expires_in",
    "keepers",
    "retain",
    "renew_before",
];

#[test]
fn every_type_has_an_identity_that_is_a_part_of_its_schema() {
    let engine = engine();
    for name in engine.names(Kind::Resource) {
        let identity = engine.identity_schema(name).unwrap_or_else(|| panic!("{name} has no identity"));
        let schema = engine.schema(Kind::Resource, name).unwrap();
        for part in &identity.attributes {
            let attribute = schema.attributes.iter().find(|attribute| attribute.name == part.name);
            assert_eq!(attribute.map(tfkit::Attribute::ty), Some(part.ty.clone()), "{name}.{}", part.name);
        }
    }
}

/// Whether the host knows identities.
fn has_identities(host: &Host) -> bool {
    host.is_at_least(1, 12)
}

/// An object in a state file.
#[derive(Clone, Debug, PartialEq)]
struct Stored {
    attributes: Json,
    identity: Json,
}

fn state_file(host: &Scenario) -> Json {
    serde_json::from_slice(&fs::read(host.work().join("terraform.tfstate")).unwrap()).unwrap()
}

/// Returns all managed objects in the state file by their addresses.
fn stored(host: &Scenario) -> BTreeMap<String, Stored> {
    let state = state_file(host);
    let mut objects = BTreeMap::new();
    for resource in state["resources"].as_array().unwrap().iter().filter(|one| one["mode"] == "managed") {
        for instance in resource["instances"].as_array().unwrap() {
            let key = &instance["index_key"];
            let key = if key.is_null() { String::new() } else { format!("[{key}]") };
            let (kind, name) = (resource["type"].as_str().unwrap(), resource["name"].as_str().unwrap());
            let (attributes, identity) = (instance["attributes"].clone(), instance["identity"].clone());
            objects.insert(format!("{kind}.{name}{key}"), Stored { attributes, identity });
        }
    }
    objects
}

fn identities(host: &Scenario) -> BTreeMap<String, Json> {
    stored(host).into_iter().map(|(address, object)| (address, object.identity)).collect()
}

/// Removes all identities from the state, as if an earlier version of the provider had written it.
fn forget_identities(host: &Scenario) {
    let mut state = state_file(host);
    for resource in state["resources"].as_array_mut().unwrap() {
        for instance in resource["instances"].as_array_mut().unwrap() {
            let instance = instance.as_object_mut().unwrap();
            instance.remove("identity");
            instance.remove("identity_schema_version");
        }
    }
    state["serial"] = json!(state["serial"].as_u64().unwrap() + 1);
    fs::write(host.work().join("terraform.tfstate"), state.to_string()).unwrap();
}

/// Returns an import block for each object.
fn imports(objects: &BTreeMap<String, Stored>) -> String {
    let mut text = String::new();
    for (address, Stored { identity, .. }) in objects {
        writeln!(text, "import {{\n  to = {address}\n  identity = {{").unwrap();
        for (name, value) in identity.as_object().unwrap().iter().filter(|(_, value)| !value.is_null()) {
            writeln!(text, "    {name} = {value}").unwrap();
        }
        text += "  }\n}\n";
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn the_identity_of_every_type_is_set_stable_and_enough_for_an_import() {
    under_each_host(async |world: World, host: Scenario| {
        if !has_identities(host.host()) {
            println!("SKIPPED: {} has no identities", host.host());
            return world.stop().await;
        }
        world.person("ann@example.com").await;
        let rich = RICH.replace("{workspace}", "workspace_id = zenml_workspace.it.id");
        let configuration = format!("{PRO}{rich}");
        host.write("main.tf", &configuration).unwrap();
        host.apply().await.unwrap();
        let created = stored(&host);
        assert_eq!(types_without(created.keys().map(String::as_str)), Vec::<String>::new());
        for (address, Stored { attributes, identity }) in &created {
            let parts = identity.as_object().unwrap_or_else(|| panic!("{address} has no identity"));
            for (name, value) in parts {
                assert_eq!(value, &attributes[name], "{address}.{name}");
            }
        }

        // A state of an earlier version gets its identities on refresh, and nothing else changes.
        forget_identities(&host);
        assert!(identities(&host).values().all(Json::is_null));
        assert!(host.plan().await.unwrap().is_empty());
        host.run(&["apply", "-refresh-only", "-auto-approve"]).await.unwrap();
        assert_eq!(identities(&host), identities_of(&created));

        // An update keeps them, except of role assignments, whose role is a part of them.
        let changed = configuration
            .replace("\"d\"", "\"changed\"")
            .replace("color     = \"teal\"", "color     = \"blue\"")
            .replace("role         = \"viewer\"", "role         = \"contributor\"");
        host.write("main.tf", &changed).unwrap();
        let plan = host.apply().await.unwrap();
        assert!(plan.changed().len() >= 8, "{}", plan.summary());
        assert!(plan.changed().values().all(|action| *action == Action::Update), "{}", plan.summary());
        let before = stored(&host);
        let mut with_another_role = 0;
        for (address, object) in &created {
            let keeps_role = before[address].attributes["role_id"] == object.attributes["role_id"];
            assert_eq!(before[address].identity == object.identity, keeps_role, "{address}");
            with_another_role += usize::from(!keeps_role);
        }
        assert_eq!(with_another_role, 2);

        // All objects are imported at once into an empty state.
        fs::remove_file(host.work().join("terraform.tfstate")).unwrap();
        host.write("import.tf", &imports(&before)).unwrap();
        let plan = host.plan().await.unwrap();
        let count = format!("Plan: {} to import, 0 to add,", before.len());
        assert!(host.transcript().contains(&count), "{}", plan.summary());
        host.apply_saved(&plan).await.unwrap();
        host.must_be_settled().await.unwrap();
        let imported = stored(&host);
        assert_eq!(identities_of(&imported), identities_of(&before));
        let mut differences = Vec::new();
        for (address, object) in &before {
            let names = object.attributes.as_object().unwrap().keys();
            let differing: Vec<&String> = names
                .filter(|name| {
                    let attribute = &object.attributes[*name];
                    // What the configuration does not manage was null. An import keeps what it finds.
                    !OF_THE_CONFIGURATION.contains(&name.as_str())
                        && !attribute.is_null()
                        && *attribute != imported[address].attributes[*name]
                })
                .collect();
            differences.extend(differing.into_iter().map(|name| format!("{address}.{name}")));
        }
        assert!(differences.is_empty(), "{differences:?}");
        host.remove("import.tf").unwrap();
        host.destroy().await.unwrap();
        world.stop().await;
    })
    .await;
}

fn identities_of(objects: &BTreeMap<String, Stored>) -> BTreeMap<String, Json> {
    objects.iter().map(|(address, object)| (address.clone(), object.identity.clone())).collect()
}
