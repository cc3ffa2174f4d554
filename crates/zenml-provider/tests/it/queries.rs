//! List resources: `terraform query`, with and without generated configurations.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Value as Json, json};
use tfkit::engine::ImportBy;
use tfkit::{Dyn, Kind};
use tfkit_test::scenario::Product;
use tfkit_test::{Action, Harness};
use zenml_api::workspace::tag::{self, TagCreate};

use crate::examples::together;
use crate::generated::{PRO, RICH};
use crate::many::counted;
use crate::world::{World, engine, hosts, lacks, scenario, types_without};

/// Types whose lists do not belong to a workspace.
const IN_ORGANIZATION: [&str; 8] = [
    "zenml_api_key",
    "zenml_organization_member",
    "zenml_organization_role_assignment",
    "zenml_role",
    "zenml_service_account",
    "zenml_team",
    "zenml_team_membership",
    "zenml_workspace",
];

/// Objects of every type in a workspace, each by its address.
async fn everything(harness: &mut Harness, world: &World) -> Vec<&'static str> {
    world.person("ann@example.com").await;
    let mut addresses = Vec::new();
    let mut ids = BTreeMap::new();
    let configs: [(&'static str, Json); 20] = [
        ("zenml_workspace.a", json!({ "name": "query" })),
        ("zenml_team.a", json!({ "name": "builders", "members": ["ann@example.com"] })),
        (
            "zenml_role.a",
            json!({ "name": "Deployer", "level": "workspace", "permissions": { "stack": ["read"] } }),
        ),
        ("zenml_organization_role_assignment.a", json!({ "team_id": "zenml_team.a", "role": "viewer" })),
        ("zenml_service_account.a", json!({ "name": "robot" })),
        ("zenml_api_key.a", json!({ "service_account_id": "zenml_service_account.a", "name": "ci" })),
        ("zenml_project.a", json!({ "workspace_id": "zenml_workspace.a", "name": "vision" })),
        ("zenml_tag.a", json!({ "workspace_id": "zenml_workspace.a", "name": "champion", "color": "teal" })),
        (
            "zenml_secret.a",
            json!({ "workspace_id": "zenml_workspace.a", "name": "login", "values": { "k": "v" } }),
        ),
        (
            "zenml_resource_share.a",
            json!({
                "workspace_id": "zenml_workspace.a", "resource_type": "secret", "resource_id": "zenml_secret.a",
                "team_id": "zenml_team.a", "actions": ["read", "update"],
            }),
        ),
        (
            "zenml_flavor.a",
            json!({ "workspace_id": "zenml_workspace.a", "name": "files", "type": "artifact_store", "source": "a.B" }),
        ),
        (
            "zenml_code_repository.a",
            json!({
                "workspace_id": "zenml_workspace.a", "project_id": "zenml_project.a", "name": "training",
                "type": "github", "config": { "owner": "acme", "repository": "training" },
            }),
        ),
        (
            "zenml_service_connector.a",
            json!({
                "workspace_id": "zenml_workspace.a", "name": "registry", "type": "docker",
                "auth_method": "password", "verify": false,
                "configuration": { "registry": "r.example.com", "username": "u", "password": "p" },
            }),
        ),
        (
            "zenml_stack_component.a",
            json!({
                "workspace_id": "zenml_workspace.a", "name": "images", "type": "container_registry",
                "flavor": "default", "connector_id": "zenml_service_connector.a",
                "configuration": { "uri": "r.example.com" },
            }),
        ),
        ("zenml_stack.a", json!(null)),
        ("zenml_organization_member.a", json!({ "email": "new.person@example.com", "role": "viewer" })),
        ("zenml_team_membership.a", json!({ "team_id": "zenml_team.a", "email": "new.person@example.com" })),
        (
            "zenml_workspace_role_assignment.a",
            json!({ "workspace_id": "zenml_workspace.a", "team_id": "zenml_team.a", "role": "developer" }),
        ),
        (
            "zenml_project_role_assignment.a",
            json!({
                "workspace_id": "zenml_workspace.a", "project_id": "zenml_project.a", "team_id": "zenml_team.a",
                "role": "viewer",
            }),
        ),
        (
            "zenml_stack_role_assignment.a",
            json!({
                "workspace_id": "zenml_workspace.a", "stack_id": "zenml_stack.a", "team_id": "zenml_team.a",
                "role": "write",
            }),
        ),
    ];
    for (address, config) in configs {
        let mut config = if address == "zenml_stack.a" { stack(harness, &ids).await } else { config };
        // The value of an attribute that is an address is the id of its object.
        for value in config.as_object_mut().unwrap().values_mut() {
            if let Some(id) = value.as_str().and_then(|text| ids.get(text)) {
                *value = json!(id);
            }
        }
        harness.apply(address, config).await.unwrap_or_else(|failure| panic!("{address}: {failure}"));
        let id = harness.state(address).unwrap().attribute("id").as_str().unwrap().to_owned();
        ids.insert(address, id);
        addresses.push(address);
    }
    addresses
}

async fn stack(harness: &mut Harness, ids: &BTreeMap<&str, String>) -> Json {
    let mut components = serde_json::Map::new();
    for (kind, address) in
        [("orchestrator", "zenml_stack_component.o"), ("artifact_store", "zenml_stack_component.s")]
    {
        let workspace = &ids["zenml_workspace.a"];
        let config = json!({ "workspace_id": workspace, "name": kind, "type": kind, "flavor": "local" });
        harness.apply(address, config).await.unwrap();
        let id = harness.state(address).unwrap().attribute("id").as_str().unwrap().to_owned();
        components.insert(kind.to_owned(), id.into());
    }
    components.insert("container_registry".to_owned(), json!(ids["zenml_stack_component.a"]));
    json!({ "workspace_id": "zenml_workspace.a", "name": "dev", "components": components })
}

/// Returns the display name of the object in [`everything`].
fn display_name(type_name: &str) -> &'static str {
    match type_name {
        "zenml_workspace" => "query",
        "zenml_team" => "builders",
        "zenml_resource_share" => "builders (secret login)",
        "zenml_role" => "Deployer",
        "zenml_organization_role_assignment" => "builders (Organization Viewer)",
        "zenml_service_account" => "robot",
        "zenml_api_key" => "robot/ci",
        "zenml_organization_member" => "new.person@example.com",
        "zenml_team_membership" => "new.person@example.com in builders",
        "zenml_project" => "vision",
        "zenml_tag" => "champion",
        "zenml_secret" => "login",
        "zenml_flavor" => "artifact_store/files",
        "zenml_code_repository" => "training",
        "zenml_service_connector" => "registry",
        "zenml_stack_component" => "container_registry/images",
        "zenml_stack" => "dev",
        "zenml_workspace_role_assignment" => "builders (Workspace Developer)",
        "zenml_project_role_assignment" => "builders (Project Viewer in vision)",
        "zenml_stack_role_assignment" => "builders (dev)",
        other => panic!("{other} is not in the table"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_type_is_listed_with_its_name_its_identity_and_the_object_that_an_import_gives() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    let addresses = everything(&mut harness, &world).await;
    assert_eq!(types_without(addresses.iter().copied()), Vec::<String>::new());
    assert_eq!(engine().names(Kind::ListResource), engine().names(Kind::Resource), "each type has a list");
    let workspace = harness.state("zenml_workspace.a").unwrap().attribute("id").as_str().unwrap().to_owned();
    for address in addresses {
        let (type_name, _) = address.split_once('.').unwrap();
        let in_organization = IN_ORGANIZATION.contains(&type_name);
        let filters = if in_organization { json!({}) } else { json!({ "workspace_id": workspace }) };
        let listed = harness.list_objects(type_name, filters.clone(), 100).await;
        let listed = listed.unwrap_or_else(|failure| panic!("{type_name}: {failure}"));
        let name = display_name(type_name);
        let found = listed.found.iter().find(|found| found.display_name == name);
        let found = found.unwrap_or_else(|| panic!("{name} is not in {:?}", listed.names()));
        assert_eq!(Some(&found.identity), harness.identity(address), "{address}");
        let mut other = world.harness().await;
        other.import(address, ImportBy::Identity(found.identity.clone())).await.unwrap();
        assert_eq!(Some(&found.object), other.state(address), "{address}");

        let names = harness.list(type_name, filters, 100).await.unwrap();
        assert_eq!(names.names(), listed.names(), "{address}");
        assert!(names.found.iter().all(|found| found.object == Dyn::Null));
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_narrow_every_list() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    everything(&mut harness, &world).await;
    let id = |address: &str| harness.state(address).unwrap().attribute("id").as_str().unwrap().to_owned();
    let secret = id("zenml_secret.a");
    let (team, project, stack) = (id("zenml_team.a"), id("zenml_project.a"), id("zenml_stack.a"));
    let account = id("zenml_service_account.a");
    let (connector, component) = (id("zenml_service_connector.a"), id("zenml_stack_component.a"));
    let cases = [
        ("zenml_workspace", json!({ "name": "query" }), json!({ "name": "quer" })),
        ("zenml_workspace", json!({ "name_prefix": "que" }), json!({ "name_prefix": "Que" })),
        ("zenml_workspace", json!({ "status": "available" }), json!({ "status": "deactivated" })),
        ("zenml_team", json!({ "name": "builders" }), json!({ "name": "build" })),
        ("zenml_team", json!({ "name_prefix": "build" }), json!({ "name_prefix": "x" })),
        ("zenml_resource_share", json!({ "resource_type": "secret" }), json!({ "resource_type": "tag" })),
        ("zenml_resource_share", json!({ "resource_id": secret }), json!({ "resource_id": team })),
        ("zenml_role", json!({ "name": "Deployer" }), json!({ "name": "Deploy" })),
        ("zenml_role", json!({ "name_prefix": "Dep" }), json!({ "name_prefix": "dep" })),
        ("zenml_role", json!({ "level": "workspace" }), json!({ "level": "project" })),
        ("zenml_organization_role_assignment", json!({ "team_id": team }), json!({ "team_id": project })),
        ("zenml_organization_role_assignment", json!({ "role": "viewer" }), json!({ "role": "admin" })),
        ("zenml_service_account", json!({ "name": "robot" }), json!({ "name": "rob" })),
        ("zenml_service_account", json!({ "name_prefix": "rob" }), json!({ "name_prefix": "Rob" })),
        ("zenml_service_account", json!({ "active": true }), json!({ "active": false })),
        ("zenml_api_key", json!({ "service_account_id": account }), json!({ "name": "c" })),
        ("zenml_api_key", json!({ "name": "ci" }), json!({ "active": false })),
        ("zenml_api_key", json!({ "active": true }), json!({ "name_prefix": "x" })),
        ("zenml_project", json!({ "name": "vision" }), json!({ "name": "Vision" })),
        ("zenml_project", json!({ "name_prefix": "vis" }), json!({ "name_prefix": "is" })),
        ("zenml_tag", json!({ "name": "champion" }), json!({ "name": "champ" })),
        ("zenml_tag", json!({ "color": "teal", "name_prefix": "ch" }), json!({ "color": "red" })),
        ("zenml_secret", json!({ "name_prefix": "log" }), json!({ "name": "log" })),
        ("zenml_flavor", json!({ "type": "artifact_store" }), json!({ "type": "alerter" })),
        ("zenml_flavor", json!({ "name_prefix": "fi" }), json!({ "name_prefix": "x" })),
        ("zenml_flavor", json!({ "name": "files" }), json!({ "integration": "none" })),
        ("zenml_code_repository", json!({ "project_id": project }), json!({ "name": "other" })),
        ("zenml_code_repository", json!({ "name_prefix": "train" }), json!({ "name_prefix": "rain" })),
        ("zenml_service_connector", json!({ "name": "registry" }), json!({ "name": "reg" })),
        ("zenml_service_connector", json!({ "name_prefix": "reg" }), json!({ "name_prefix": "x" })),
        ("zenml_service_connector", json!({ "type": "docker" }), json!({ "type": "aws" })),
        ("zenml_service_connector", json!({ "auth_method": "password" }), json!({ "auth_method": "none" })),
        (
            "zenml_service_connector",
            json!({ "resource_type": "docker-registry" }),
            json!({ "resource_type": "s3-bucket" }),
        ),
        ("zenml_stack_component", json!({ "connector_id": connector }), json!({ "connector_id": team })),
        ("zenml_stack_component", json!({ "type": "container_registry" }), json!({ "type": "alerter" })),
        ("zenml_stack_component", json!({ "flavor": "default" }), json!({ "flavor": "s3" })),
        ("zenml_stack_component", json!({ "name": "images" }), json!({ "name": "image" })),
        ("zenml_stack_component", json!({ "name_prefix": "im" }), json!({ "name_prefix": "x" })),
        ("zenml_stack", json!({ "name": "dev" }), json!({ "name": "de" })),
        ("zenml_stack", json!({ "name_prefix": "de" }), json!({ "name_prefix": "ev" })),
        ("zenml_stack", json!({ "component_id": component }), json!({ "component_id": team })),
        ("zenml_organization_member", json!({ "status": "invited" }), json!({ "status": "active" })),
        ("zenml_organization_member", json!({ "role": "viewer" }), json!({ "role": "manager" })),
        ("zenml_team_membership", json!({ "team_id": team }), json!({ "team_id": project })),
        ("zenml_workspace_role_assignment", json!({ "team_id": team }), json!({ "team_id": project })),
        ("zenml_workspace_role_assignment", json!({ "role": "developer" }), json!({ "role": "viewer" })),
        ("zenml_project_role_assignment", json!({ "team_id": team }), json!({ "team_id": project })),
        ("zenml_project_role_assignment", json!({ "project_id": project }), json!({ "project_id": team })),
        ("zenml_project_role_assignment", json!({ "role": "Project Viewer" }), json!({ "role": "admin" })),
        ("zenml_stack_role_assignment", json!({ "stack_id": stack }), json!({ "stack_id": team })),
    ];
    let mut filtered = BTreeSet::new();
    for (type_name, wanted, unwanted) in &cases {
        for filters in [wanted, unwanted] {
            filtered.extend(filters.as_object().unwrap().keys().map(|name| (*type_name, name.clone())));
        }
    }
    let mut missing = Vec::new();
    for name in engine().names(Kind::ListResource) {
        for attribute in &engine().schema(Kind::ListResource, name).unwrap().attributes {
            let is_place = matches!(attribute.name, "workspace_id" | "organization_id");
            if !is_place && !filtered.contains(&(name, attribute.name.to_owned())) {
                missing.push(format!("{name}.{}", attribute.name));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new(), "each filter is in the table");
    let workspace = id("zenml_workspace.a");
    for (type_name, wanted, unwanted) in cases {
        for (mut filters, expected) in [(wanted, true), (unwanted, false)] {
            if !IN_ORGANIZATION.contains(&type_name) {
                filters["workspace_id"] = json!(workspace);
            }
            let listed = harness.list(type_name, filters.clone(), 100).await.unwrap();
            let is_there = listed.names().contains(&display_name(type_name));
            assert_eq!(is_there, expected, "{type_name} {filters} lists {:?}", listed.names());
        }
    }
    for (type_name, misspelled, meant) in [
        ("zenml_workspace_role_assignment", "developer1", "developer"),
        ("zenml_project_role_assignment", "Project Viewer1", "Project Viewer"),
    ] {
        let filters = json!({ "workspace_id": workspace, "role": misspelled });
        let failure = harness.list(type_name, filters, 100).await.unwrap_err();
        let detail = failure.errors()[0].detail();
        assert!(detail.contains(&format!("Did you mean {meant:?}?")), "{type_name}: {detail}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_list_is_read_in_a_few_pages_and_only_up_to_the_limit() {
    let world = World::start().await;
    let workspace = world.workspace("large").await;
    let server = world.server(workspace).await;
    for number in 0..1200 {
        let new = TagCreate { name: format!("tag-{number:04}"), color: None, exclusive: false };
        server.send(&tag::CREATE, (), (), new).await.unwrap();
    }
    let (provider, requests) = counted();
    let harness = Harness::start(provider, world.block()).await.unwrap();
    let pages = || requests.seen().iter().filter(|request| request.url.contains("/tags?")).count();
    let mut before = 0;
    for (limit, filters, expected, read) in [
        (1, json!({}), 1, 1),
        (150, json!({}), 150, 2),
        (5000, json!({}), 1200, 5),
        (5000, json!({ "name_prefix": "tag-01" }), 100, 1),
        (5000, json!({ "name": "tag-0007" }), 1, 1),
    ] {
        let mut filters = filters;
        filters["workspace_id"] = json!(workspace.to_string());
        let listed = harness.list_objects("zenml_tag", filters.clone(), limit).await.unwrap();
        assert_eq!((listed.found.len(), pages() - before), (expected, read), "{filters}");
        before = pages();
    }
    let single = requests.seen().iter().filter(|request| request.url.contains("/tags/")).count();
    assert_eq!(single, 0, "whole objects come from the list");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_of_every_type_generates_a_configuration_that_only_imports() {
    for host in hosts().await {
        if lacks(&host, host.is_at_least(1, 14) && host.product() == Product::Terraform, "queries") {
            continue;
        }
        let world = World::start().await;
        world.person("ann@example.com").await;
        let host = scenario(&host)
            .env("ZENML_CONTROL_PLANE_URL", world.platform.url())
            .env("ZENML_SERVICE_ACCOUNT_KEY", world.key());
        let workspace = "workspace_id = zenml_workspace.it.id";
        let configuration = format!("{PRO}{}", RICH.replace("{workspace}", workspace));
        host.write("main.tf", &configuration).unwrap();
        host.apply().await.unwrap();
        let objects = host.addresses().await.unwrap();
        let id = host.attributes("zenml_workspace.it").await.unwrap()["id"].as_str().unwrap().to_owned();
        let engine = engine();
        let list = |name: &&str| {
            let scope = engine.schema(Kind::ListResource, name).unwrap();
            let scope = if scope.attributes.iter().any(|attribute| attribute.name == "workspace_id") {
                format!("\n  config {{\n    workspace_id = {id:?}\n  }}")
            } else {
                String::new()
            };
            format!("list {name:?} \"all\" {{\n  provider = zenml{scope}\n}}\n")
        };
        let lists: String = engine.names(Kind::ListResource).iter().map(list).collect();
        host.write("all.tfquery.hcl", &lists).unwrap();
        let found = host.query(&[]).await.unwrap();
        for address in ["zenml_team", "zenml_workspace", "zenml_stack_component"] {
            assert!(!found.names(&format!("list.{address}.all")).is_empty(), "{found:?}");
        }
        fs::remove_file(host.work().join("terraform.tfstate")).unwrap();
        host.write("main.tf", "variable \"prefix\" {\n  default = \"t\"\n}\n").unwrap();
        host.query(&["-generate-config-out=generated.tf"]).await.unwrap();
        let text = fs::read_to_string(host.work().join("generated.tf")).unwrap();
        let plan = host.plan().await.unwrap_or_else(|failed| panic!("{failed}\n{text}"));
        let changed = plan.changed();
        assert!(changed.is_empty(), "{}\n{text}", plan.summary());
        assert!(plan.actions().values().all(|action| *action == Action::NoOp));
        assert!(plan.actions().len() >= objects.len(), "{:?} of {objects:?}", plan.actions());
        host.apply_saved(&plan).await.unwrap();
        host.must_be_settled().await.unwrap();
        // Everything that was created is managed again, together with what the workspace had before.
        let types: BTreeSet<_> = plan.actions().into_keys().collect();
        assert_eq!(types_without(types.iter().map(String::as_str)), Vec::<String>::new());
        world.stop().await;
    }
}

/// Values for the examples.
const VARIABLES: &str = r#"
variable "project_id" {}
variable "service_account_id" {}
variable "team_id" {}
variable "workspace_id" {}
variable "component_id" {}
variable "stack_id" {}
"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_all_lists_run_together() {
    for host in hosts().await {
        if lacks(&host, host.is_at_least(1, 14) && host.product() == Product::Terraform, "queries") {
            continue;
        }
        let world = World::start().await;
        let workspace = world.workspace("alpha").await;
        let project = world.project(workspace, "vision").await;
        let team = world.team("builders").await;
        let account = world.service_account("robot").await;
        let mut host = scenario(&host)
            .env("ZENML_CONTROL_PLANE_URL", world.platform.url())
            .env("ZENML_SERVICE_ACCOUNT_KEY", world.key())
            .env("ZENML_WORKSPACE_ID", "alpha");
        for (name, value) in [
            ("project_id", project.to_string()),
            ("service_account_id", account.to_string()),
            ("team_id", team.to_string()),
            ("workspace_id", workspace.to_string()),
            ("component_id", uuid::Uuid::new_v4().to_string()),
            ("stack_id", uuid::Uuid::new_v4().to_string()),
        ] {
            host.set_variable(name, &json!(value));
        }
        host.write("variables.tf", VARIABLES).unwrap();
        let examples = together("list-resources", "list-resource.tfquery.hcl");
        assert_eq!(examples.matches("list \"zenml_").count(), engine().names(Kind::ListResource).len());
        host.write("examples.tfquery.hcl", &examples).unwrap();
        let found = host.query(&[]).await.unwrap();
        assert_eq!(found.names("list.zenml_project.all"), ["vision"]);
        assert_eq!(found.names("list.zenml_team.all"), ["builders"]);
        let team = found.results("list.zenml_team.all")[0];
        assert_eq!(team["resource_object"]["name"], "builders");
        assert_eq!(found.warnings(), ["Provider development overrides are in effect"]);
        world.stop().await;
    }
}
