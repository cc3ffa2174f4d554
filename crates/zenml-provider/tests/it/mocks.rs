//! Tests of modules, with and without a mocked provider.
//!
//! A host that mocks the provider still has it validate configurations, with generated values: eight letters and
//! digits for a string, 0, false, empty collections.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use tfkit::engine::{DataSourceRequest, PlanRequest, ValidateRequest};
use tfkit::plan::proposed_new;
use tfkit::{Attribute, Diag, Dyn, Engine, Kind, Nesting, Shape, Step, Type};
use tfkit_test::Scenario;
use tfkit_test::scenario::Product;

use crate::world::{engine, hosts, lacks, scenario, under_each_host};

/// A string as Terraform generates it.
const INVENTED: &str = "k3x94t9d";

/// Attributes whose values do not come from other objects: they are checked as early as possible.
const LITERAL: [&str; 8] = [
    "zenml_code_repository.source",
    "zenml_resource_share.actions",
    "zenml_service_connector.timeouts",
    "zenml_stack_role_assignment.actions",
    "zenml_stack_role_assignment.role",
    "zenml_users.status",
    "zenml_workspace.timeouts",
    "zenml_workspaces.status",
];

/// Attributes whose names end like ids but that contain other strings.
const NO_IDS: [&str; 2] = ["connector_resource_id", "resource_id"];

/// Attributes with ids of several objects.
const IDS_INSIDE: [&str; 3] = ["component_lists", "components", "secrets"];

fn invented(ty: &Type) -> Dyn {
    match ty {
        Type::String | Type::Dynamic => Dyn::string(INVENTED),
        Type::Number => 0.into(),
        Type::Bool => Dyn::Bool(false),
        Type::List(element) | Type::Set(element) => Dyn::list([invented(element)]),
        Type::Map(element) => Dyn::map([("k", invented(element))]),
        Type::Object(members) => {
            Dyn::map(members.iter().map(|(name, ty)| (name.as_str(), invented(ty))).collect::<Vec<_>>())
        }
        Type::Tuple(elements) => Dyn::list(elements.iter().map(invented)),
    }
}

fn value_of(attribute: &Attribute) -> Dyn {
    match &attribute.shape {
        Shape::Plain(Type::Dynamic) => {
            let members = Type::object([("k", Type::String)]);
            Dyn::typed(members, Dyn::map([("k", Dyn::string(INVENTED))]))
        }
        Shape::Plain(ty) => invented(ty),
        Shape::Nested(nesting, attributes) => {
            let members = attributes.iter().map(|attribute| (attribute.name, value_of(attribute)));
            let object = Dyn::map(members.collect::<Vec<_>>());
            match nesting {
                Nesting::Single => object,
                Nesting::List | Nesting::Set => Dyn::list([object]),
                Nesting::Map => Dyn::map([("k", object)]),
            }
        }
    }
}

/// A configuration with the required arguments and one more.
fn config(attributes: &[Attribute], tested: &Attribute) -> Dyn {
    let members = attributes.iter().map(|attribute| {
        let is_set = attribute.who.is_required() || attribute.name == tested.name;
        (attribute.name, if is_set { value_of(attribute) } else { Dyn::Null })
    });
    Dyn::map(members.collect::<Vec<_>>())
}

/// The errors about an attribute.
fn errors<'a>(diags: &'a [Diag], name: &str) -> Vec<&'a Diag> {
    let is_about = |diag: &&Diag| {
        let first = diag.path.as_ref().and_then(|path| path.0.first());
        diag.is_error() && first.is_some_and(|first| *first == Step::Attribute(name.to_owned()))
    };
    diags.iter().filter(is_about).collect()
}

/// All configurable attributes of all types: whether it is a resource, the type, and the schema.
fn attributes(engine: &Engine) -> Vec<(bool, String, Vec<Attribute>, Attribute)> {
    let resources = engine
        .names(Kind::Resource)
        .into_iter()
        .map(|name| (true, name, engine.schema(Kind::Resource, name)));
    let sources = engine
        .names(Kind::DataSource)
        .into_iter()
        .map(|name| (false, name, engine.schema(Kind::DataSource, name)));
    let mut found = Vec::new();
    for (is_resource, name, schema) in resources.chain(sources) {
        let all = &schema.unwrap().attributes;
        for attribute in all.iter().filter(|attribute| attribute.who.is_configurable()) {
            found.push((is_resource, name.to_owned(), all.clone(), attribute.clone()));
        }
    }
    found
}

#[tokio::test]
async fn validation_accepts_the_values_of_mocks_for_every_attribute_of_every_type() {
    let engine = engine();
    let mut refused = BTreeSet::new();
    let attributes = attributes(&engine);
    assert!(attributes.len() > 150, "{}", attributes.len());
    for (is_resource, type_name, all, attribute) in attributes {
        let config = config(&all, &attribute);
        let request = ValidateRequest { type_name: type_name.clone(), config, write_only_allowed: true };
        let diags = if is_resource {
            engine.validate(Kind::Resource, request).await
        } else {
            engine.validate(Kind::DataSource, request).await
        };
        if !errors(&diags, attribute.name).is_empty() {
            refused.insert(format!("{type_name}.{}", attribute.name));
        }
    }
    // These exclude or require another attribute, which is not set here.
    let dependent = [
        "zenml_code_repository.config_wo_version",
        "zenml_role.name",
        "zenml_secret.values_wo_version",
        "zenml_service_connector.configuration_wo_version",
        "zenml_stack.component_lists",
        "zenml_stack_component.connector_resource_id",
    ];
    refused.retain(|name| !dependent.contains(&name.as_str()));
    assert_eq!(refused.iter().map(String::as_str).collect::<Vec<_>>(), LITERAL);
}

#[tokio::test]
async fn the_plan_rejects_invalid_ids_at_each_attribute_for_ids() {
    let engine = engine();
    let holds_ids = |attribute: &Attribute| {
        let name = attribute.name;
        let is_id = name == "id" || name.ends_with("_id") || name.ends_with("_ids");
        (is_id && !NO_IDS.contains(&name)) || IDS_INSIDE.contains(&name)
    };
    let attributes = attributes(&engine);
    let ids: Vec<_> = attributes.into_iter().filter(|(_, _, _, attribute)| holds_ids(attribute)).collect();
    assert!(ids.len() > 60, "{}", ids.len());
    for (is_resource, type_name, all, attribute) in ids {
        let what = format!("{type_name}.{}", attribute.name);
        let config = config(&all, &attribute);
        let diags = if is_resource {
            let proposed = proposed_new(&all, &Dyn::Null, &config);
            let (prior, private, identity) = (Dyn::Null, Vec::new(), Dyn::Null);
            engine.plan(PlanRequest { type_name, prior, proposed, config, private, identity }).await.diags
        } else {
            engine.read_data_source(DataSourceRequest { type_name, config }).await.1
        };
        let errors = errors(&diags, attribute.name);
        assert!(
            errors.iter().any(|diag| diag.summary.contains("which is a UUID") && diag.fix.is_some()),
            "{what}: {diags:?}"
        );
    }
}

/// Variables of the examples; undeclared ones are ignored.
const VARIABLES: &str = r#"
  access_key_id            = "NOT-A-KEY-ID"
  aws_access_key_id        = "NOT-A-KEY-ID"
  aws_region               = "eu-west-1"
  aws_role_arn             = "arn:aws:iam::000000000000:role/example-server"
  aws_secret_access_key    = "not-a-secret-key"
  bucket                   = "example-bucket"
  client_id                = "00000000-0000-0000-0000-000000000001"
  client_secret            = "not-a-secret"
  compute_cluster          = "example-cluster"
  container                = "example-container"
  ecr_repository_url       = "000000000000.dkr.ecr.eu-west-1.amazonaws.com/images"
  execution_role_arn       = "arn:aws:iam::000000000000:role/example-pipelines"
  code_build_project       = "example-images"
  github_token             = "not-a-token"
  machine_learning_workspace = "example-workspace"
  mlflow_password          = "not-a-password"
  mlflow_username          = "runs"
  name                     = "mocked"
  project                  = "example-project"
  registry                 = "registry.example.com"
  resource_group           = "example-group"
  role_arn                 = "arn:aws:iam::000000000000:role/example-server"
  s3_bucket_name           = "example-bucket"
  secret_access_key        = "not-a-secret-key"
  service_account_key      = "{}"
  stack                    = "mocked"
  storage_account          = "examplestorage"
  subscription_id          = "00000000-0000-0000-0000-000000000002"
  tenant_id                = "00000000-0000-0000-0000-000000000003"
  workload_service_account = "pipelines@example.com"
  zenml_service_account_key = "ZENPROKEY_not-a-key"
"#;

/// Plans and applies the configuration with a mocked provider and the values that the documentation offers.
const MOCKED: &str = r#"
mock_provider "zenml" {
  source = "./mocks"
}

run "plans" {
  command = plan
}

run "applies" {
  command = apply
}
"#;

/// Writes a test of the configuration, with the values for its mock. OpenTofu does not read them from a folder.
fn write_test(host: &Scenario, configuration: &str) {
    let values = fs::read_to_string(example("mocks/zenml.tfmock.hcl")).unwrap();
    let test = MOCKED.to_owned() + &variables_of(configuration);
    match host.host().product() {
        Product::Terraform => {
            host.write("mocked.tftest.hcl", &test).unwrap();
            host.write("mocks/zenml.tfmock.hcl", &values).unwrap();
        }
        Product::OpenTofu => {
            let inside = test.replace("  source = \"./mocks\"\n", &values);
            host.write("mocked.tftest.hcl", &inside).unwrap();
        }
    }
}

/// Runs the tests in the directory; mocks are newer than tests.
async fn all_pass(host: &Scenario, what: &str) {
    let output = host.run(&["test", "-no-color"]).await.unwrap_or_else(|failed| panic!("{what}: {failed}"));
    assert!(output.stdout.contains("0 failed"), "{what}: {}", output.stdout);
}

/// The declared variables of a configuration, as a block of a test.
fn variables_of(configuration: &str) -> String {
    let is_declared = |line: &&str| {
        let name = line.split('=').next().unwrap_or_default().trim();
        !name.is_empty() && configuration.contains(&format!("variable \"{name}\""))
    };
    let mut block = String::from("variables {\n");
    for line in VARIABLES.lines().filter(is_declared) {
        let _ = writeln!(block, "{line}");
    }
    block + "}\n"
}

fn example(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(path)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_passes_its_tests_with_a_mocked_provider() {
    for host in hosts().await.iter().filter(|host| host.is_at_least(1, 8)) {
        for name in
            ["complete-pro", "complete-aws", "complete-azure", "complete-gcp", "complete-data-sources"]
        {
            let host = scenario(host);
            host.remove("provider.tf").unwrap();
            let mut configuration = String::new();
            for file in ["main.tf", "variables.tf", "outputs.tf"] {
                let text = fs::read_to_string(example(name).join(file)).unwrap();
                host.write(file, &text).unwrap();
                configuration += &text;
            }
            write_test(&host, &configuration);
            all_pass(&host, name).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_all_types_pass_their_tests_with_a_mocked_provider() {
    for host in hosts().await.iter().filter(|host| host.is_at_least(1, 8)) {
        let host = scenario(host);
        let mut configuration = crate::examples::AROUND.to_owned();
        configuration += &crate::examples::together("resources", "resource.tf");
        configuration += &crate::examples::together("data-sources", "data-source.tf");
        host.write("main.tf", &configuration).unwrap();
        write_test(&host, &configuration);
        all_pass(&host, "all types").await;
    }
}

/// Attributes that exclude another one from the data source, or that select the object.
const NOT_FED: [&str; 3] =
    ["zenml_code_repository.source", "zenml_stack.components", "zenml_stack_component.settings"];

/// A resource of each type with a data source, with all values from the data source.
fn fed(engine: &Engine) -> (String, usize) {
    let mut text = String::new();
    let mut count = 0;
    for name in engine.names(Kind::Resource) {
        let (Some(source), Some(schema)) =
            (engine.schema(Kind::DataSource, name), engine.schema(Kind::Resource, name))
        else {
            continue;
        };
        let look =
            if source.attributes.iter().any(|attribute| attribute.name == "id") { "id" } else { "name" };
        let _ = write!(text, "data \"{name}\" \"it\" {{\n  {look} = \"{INVENTED}\"\n");
        for attribute in source.attributes.iter().filter(|attribute| attribute.who.is_required()) {
            let _ = writeln!(text, "  {} = \"{INVENTED}\"", attribute.name);
        }
        let _ = write!(text, "}}\n\nresource \"{name}\" \"it\" {{\n");
        for attribute in schema.attributes.iter().filter(|attribute| attribute.who.is_configurable()) {
            let what = format!("{name}.{}", attribute.name);
            let told = source.attributes.iter().find(|told| told.name == attribute.name);
            if told.is_some_and(|told| told.ty() == attribute.ty()) && !NOT_FED.contains(&what.as_str()) {
                count += 1;
                let _ = writeln!(text, "  {0} = data.{name}.it.{0}", attribute.name);
            } else if attribute.who.is_required() {
                let _ = writeln!(text, "  {} = \"{INVENTED}\"", attribute.name);
            }
        }
        if name == "zenml_secret" {
            text.push_str("  values = {}\n");
        }
        if name == "zenml_stack" {
            let _ = writeln!(
                text,
                "  component_lists = {{ (data.zenml_stack_component.it.type) = [data.zenml_stack_component.it.id, data.zenml_stack_component.it.id] }}"
            );
        }
        text.push_str("}\n\n");
    }
    (text, count)
}

#[tokio::test(flavor = "multi_thread")]
async fn mocked_data_sources_feed_resources_of_each_type() {
    let (configuration, count) = fed(&engine());
    assert!(count > 50, "{count}\n{configuration}");
    let plural = r#"
data "zenml_stacks" "all" {}

resource "zenml_stack_role_assignment" "all" {
  for_each     = data.zenml_stacks.all.stacks
  stack_id     = each.value.id
  workspace_id = data.zenml_workspace.it.id
  team_id      = data.zenml_team.it.id
  role         = "read"
}

data "zenml_role" "admin" {
  name  = "admin"
  level = "workspace"
}

resource "zenml_workspace_role_assignment" "it" {
  workspace_id = data.zenml_workspace.it.id
  team_id      = data.zenml_team.it.id
  role_id      = data.zenml_role.admin.id
}
"#;
    for host in hosts().await.iter().filter(|host| host.is_at_least(1, 8)) {
        if lacks(host, host.product() == Product::Terraform, "mocks of values that are also arguments") {
            continue;
        }
        let host = scenario(host);
        host.write("main.tf", &(configuration.clone() + plural)).unwrap();
        write_test(&host, "");
        all_pass(&host, &configuration).await;
    }
}

/// Shares a value between two runs of a test, and reads the object from outside in the second.
const REAL: &str = r#"
variables {
  team = "tested"
}

run "makes" {
  assert {
    condition     = can(regex("^[0-9a-f-]{36}$", zenml_team.it.id))
    error_message = "The team has an id."
  }
}

run "renames" {
  variables {
    team = "renamed"
  }

  assert {
    condition     = zenml_team.it.id == run.makes.id && zenml_team.it.name == "renamed"
    error_message = "The team is the same one."
  }
}

run "refuses" {
  command = plan

  variables {
    team = ""
  }

  expect_failures = [var.team]
}
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_test_without_mocks_creates_changes_and_deletes_real_objects() {
    under_each_host(async |world, host| {
        let compares_runs = host.host().is_at_least(1, 6) && host.host().product() == Product::Terraform;
        if !lacks(host.host(), compares_runs, "references to other runs in assertions") {
            let before = world.platform.census().await.unwrap();
            host.write(
                "main.tf",
                r#"
variable "team" {
  type = string
  validation {
    condition     = var.team != ""
    error_message = "A team has a name."
  }
}

resource "zenml_team" "it" {
  name = var.team
}

output "id" {
  value = zenml_team.it.id
}
"#,
            )
            .unwrap();
            host.write("real.tftest.hcl", REAL).unwrap();
            all_pass(&host, "a real test").await;
            assert_eq!(world.platform.census().await.unwrap(), before);
        }
        world.stop().await;
    })
    .await;
}
