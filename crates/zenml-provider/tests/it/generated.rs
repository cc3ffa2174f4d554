//! Configurations that a host generates from import blocks.

use std::fs;

use tfkit_test::scenario::{Plan, Product};
use tfkit_test::{Action, Scenario};

use crate::server::{Server, on_each_server};
use crate::world::{World, types_without, under_each_host};

/// Every argument of every type. `{workspace}` is the argument for the workspace, if the server has one.
pub(crate) const RICH: &str = r#"
resource "zenml_project" "it" {
  {workspace}
  name         = "${var.prefix}-vision"
  display_name = "Vision"
  description  = "d"
  metadata     = { tier = "gold" }
}

resource "zenml_project" "bare" {
  {workspace}
  name = "${var.prefix}-bare"
}

resource "zenml_tag" "it" {
  {workspace}
  name      = "${var.prefix}-champion"
  color     = "teal"
  exclusive = true
}

resource "zenml_flavor" "it" {
  {workspace}
  name                       = "${var.prefix}-files"
  type                       = "artifact_store"
  source                     = "acme.FilesFlavor"
  display_name               = "Shared files"
  integration                = "acme"
  connector_type             = "aws"
  connector_resource_type    = "s3-bucket"
  connector_resource_id_attr = "path"
  logo_url                   = "https://example.com/logo.png"
  docs_url                   = "https://example.com/docs"
  sdk_docs_url               = "https://example.com/sdk"
  config_schema              = jsonencode({ type = "object", properties = { path = { type = "string" } } })
}

resource "zenml_code_repository" "it" {
  {workspace}
  project_id  = zenml_project.it.id
  name        = "${var.prefix}-training"
  description = "d"
  logo_url    = "https://example.com/logo.png"
  type        = "github"
  config      = { owner = "acme", repository = "training" }
}

resource "zenml_code_repository" "source" {
  {workspace}
  project_id = zenml_project.it.id
  name       = "${var.prefix}-source"
  source     = { module = "acme.repositories", attribute = "Repository" }
}

resource "zenml_service_connector" "it" {
  {workspace}
  name          = "${var.prefix}-registry"
  description   = "d"
  type          = "docker"
  auth_method   = "password"
  resource_type = "docker-registry"
  resource_id   = "registry.example.com"
  verify        = false
  expires_at    = "2040-01-31T12:00:00Z"

  expires_skew_tolerance = 5

  configuration = {
    registry = "registry.example.com"
    username = "u"
    password = "p"
  }

  labels = { tier = "gold" }
}

resource "zenml_stack_component" "it" {
  {workspace}
  name                  = "${var.prefix}-images"
  type                  = "container_registry"
  flavor                = "default"
  connector_id          = zenml_service_connector.it.id
  connector_resource_id = "registry.example.com"
  configuration         = { uri = "registry.example.com", default_repository = "runs" }
  labels                = { tier = "gold" }
  environment           = { STAGE = "production" }
  secrets               = [zenml_secret.it.id]
}

resource "zenml_stack_component" "orchestrator" {
  {workspace}
  name   = "${var.prefix}-orchestrator"
  type   = "orchestrator"
  flavor = "local"
}

resource "zenml_stack_component" "artifacts" {
  {workspace}
  name   = "${var.prefix}-artifacts"
  type   = "artifact_store"
  flavor = "local"
}

resource "zenml_stack_component" "alerter" {
  for_each = toset(["one", "two"])

  {workspace}
  name          = "${var.prefix}-${each.key}"
  type          = "alerter"
  flavor        = "slack"
  configuration = { slack_token = "t", default_slack_channel_id = each.key }
}

resource "zenml_stack" "it" {
  {workspace}
  name        = "${var.prefix}-dev"
  description = "d"
  labels      = { tier = "gold" }
  environment = { STAGE = "production" }
  secrets     = [zenml_secret.it.id]

  components = {
    orchestrator       = zenml_stack_component.orchestrator.id
    artifact_store     = zenml_stack_component.artifacts.id
    container_registry = zenml_stack_component.it.id
  }
}

resource "zenml_stack" "lists" {
  {workspace}
  name = "${var.prefix}-lists"

  component_lists = {
    orchestrator   = [zenml_stack_component.orchestrator.id]
    artifact_store = [zenml_stack_component.artifacts.id]
    alerter        = [for alerter in zenml_stack_component.alerter : alerter.id]
  }
}

resource "zenml_secret" "it" {
  {workspace}
  name   = "${var.prefix}-login"
  values = { user = "u", password = "p" }
}
"#;

/// Types of ZenML Pro only.
pub(crate) const PRO: &str = r#"
variable "prefix" {
  type    = string
  default = "t"
}

resource "zenml_workspace" "it" {
  name         = "alpha"
  display_name = "Alpha"
  description  = "d"
  logo_url     = "https://example.com/logo.png"
}

resource "zenml_service_account" "it" {
  name         = "pipelines"
  display_name = "Pipelines"
  description  = "d"
  active       = false
}

resource "zenml_api_key" "it" {
  service_account_id = zenml_service_account.it.id
  name               = "ci"
  description        = "d"
  active             = false
  expires_in         = "720h"
  keepers            = { month = "2026-12" }
  retain             = "24h"
  renew_before       = "168h"
}

resource "zenml_api_key" "bare" {
  service_account_id = zenml_service_account.bare.id
  name               = "bare"
}

resource "zenml_service_account" "bare" {
  name = "bare"
}

resource "zenml_team" "it" {
  name        = "builders"
  description = "d"
  members     = ["ann@example.com"]
}

resource "zenml_team" "bare" {
  name = "bare"
}

resource "zenml_role" "it" {
  name        = "Model Deployer"
  description = "d"
  level       = "workspace"
  permissions = { stack = ["read"], service_connector = ["client", "read"] }
}

resource "zenml_role" "bare" {
  name        = "Auditor"
  level       = "organization"
  permissions = {}
}

resource "zenml_organization_role_assignment" "it" {
  team_id = zenml_team.it.id
  role    = "viewer"
}

resource "zenml_workspace_role_assignment" "custom" {
  workspace_id = zenml_workspace.it.id
  team_id      = zenml_team.bare.id
  role_id      = zenml_role.it.id
}

resource "zenml_team" "open" {
  name = "open"
}

resource "zenml_organization_member" "it" {
  email = "new.person@example.com"
  role  = "viewer"
}

resource "zenml_team_membership" "it" {
  team_id = zenml_team.open.id
  email   = zenml_organization_member.it.email
}

resource "zenml_workspace_role_assignment" "email" {
  workspace_id = zenml_workspace.it.id
  email        = zenml_organization_member.it.email
  role         = "viewer"
}

resource "zenml_workspace_role_assignment" "it" {
  workspace_id = zenml_workspace.it.id
  team_id      = zenml_team.it.id
  role         = "developer"
}

resource "zenml_project_role_assignment" "it" {
  workspace_id = zenml_workspace.it.id
  project_id   = zenml_project.it.id
  team_id      = zenml_team.it.id
  role         = "viewer"
}

resource "zenml_resource_share" "it" {
  workspace_id  = zenml_workspace.it.id
  resource_type = "secret"
  resource_id   = zenml_secret.it.id
  team_id       = zenml_team.bare.id
  actions       = ["read", "read_secret_value"]
}

resource "zenml_resource_share" "project" {
  workspace_id  = zenml_workspace.it.id
  project_id    = zenml_project.it.id
  resource_type = "code_repository"
  resource_id   = zenml_code_repository.it.id
  team_id       = zenml_team.bare.id
  actions       = ["read"]
}

resource "zenml_stack_role_assignment" "it" {
  workspace_id = zenml_workspace.it.id
  stack_id     = zenml_stack.it.id
  team_id      = zenml_team.it.id
  role         = "write"
}

resource "zenml_stack_role_assignment" "actions" {
  workspace_id = zenml_workspace.it.id
  stack_id     = zenml_stack.lists.id
  team_id      = zenml_team.it.id
  actions      = ["read", "share"]
}
"#;

/// The warnings for imported components: the settings that the generated configuration does not contain.
const TOLD: [(&str, &str); 3] = [
    ("zenml_stack_component.it", "uri"),
    ("zenml_stack_component.alerter[\"one\"]", "slack_token"),
    ("zenml_stack_component.alerter[\"two\"]", "slack_token"),
];

/// What nobody has to write: defaults, the provider's own organization, and the second of two names of a role.
const SUPERFLUOUS: [&str; 6] =
    ["organization_id", "invite_unknown", "invite_role", "verify", "is_managed", "role_id"];

/// Applies a configuration, removes everything from the state, and imports each object with a configuration that the
/// host generates.
async fn generate_each(host: &Scenario, configuration: &str, in_workspaces: bool) -> Vec<String> {
    host.write("main.tf", configuration).unwrap();
    host.apply().await.unwrap();
    let addresses = host.addresses().await.unwrap();
    let mut objects = Vec::new();
    for address in &addresses {
        let attributes = host.attributes(address).await.unwrap();
        let id = attributes["id"].as_str().unwrap().to_owned();
        if let Some(account) = attributes["service_account_id"].as_str().filter(|_| !id.contains('/')) {
            objects.push((address, format!("{account}/{id}")));
            continue;
        }
        let workspace = attributes["workspace_id"].as_str().filter(|_| in_workspaces && !id.contains('/'));
        objects
            .push((address, workspace.map_or_else(|| id.clone(), |workspace| format!("{workspace}/{id}"))));
    }
    let state = host.work().join("terraform.tfstate");
    let saved = fs::read(&state).unwrap();
    host.write("main.tf", "variable \"prefix\" {\n  default = \"t\"\n}\n").unwrap();
    for (address, id) in &objects {
        fs::remove_file(&state).unwrap();
        let kind = address.split('.').next().unwrap();
        host.write("import.tf", &format!("import {{\n  to = {kind}.generated\n  id = {id:?}\n}}\n")).unwrap();
        generate(host, kind, address).await;
        host.remove("generated.tf").unwrap();
        host.remove("import.tf").unwrap();
        fs::write(&state, &saved).unwrap();
    }
    host.write("main.tf", configuration).unwrap();
    host.must_be_settled().await.unwrap();
    host.destroy().await.unwrap();
    addresses
}

async fn generate(host: &Scenario, kind: &str, address: &str) {
    let before = host.transcript().len();
    let planned = host.plan_with(&["-generate-config-out=generated.tf"]).await;
    let text = fs::read_to_string(host.work().join("generated.tf")).unwrap_or_default();
    let plan: Plan = planned.unwrap_or_else(|failed| panic!("{address}: {failed}\n{text}"));
    if host.host().is_at_least(1, 14) && host.host().product() == Product::Terraform {
        // The provider itself generates it.
        for name in SUPERFLUOUS {
            assert!(!text.contains(&format!("  {name} ")), "{name} is superfluous in {address}:\n{text}");
        }
    }
    let generated = format!("{kind}.generated");
    let changed = plan.changed_attributes(&generated);
    assert_eq!(plan.action(&generated), Some(Action::NoOp), "{address} {changed:?}\n{text}");
    let output = host.transcript()[before..].to_owned();
    let output = output.split_whitespace().collect::<Vec<_>>().join(" ").replace("│ ", "");
    assert!(output.contains("Plan: 1 to import, 0 to add, 0 to change, 0 to destroy."), "{output}");
    match TOLD.iter().find(|(told, _)| *told == address) {
        Some((_, name)) => {
            assert!(output.contains("They are kept as they are") && output.contains(name), "{output}");
        }
        None => assert!(!output.contains("They are kept as they are"), "{output}"),
    }
    host.apply_saved(&plan).await.unwrap();
    let again = host.plan().await.unwrap_or_else(|failed| panic!("{address}: {failed}\n{text}"));
    assert!(again.is_empty(), "{address}: {}", again.summary());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generated_configuration_of_every_type_imports_without_a_change_on_each_server() {
    on_each_server(async |_: &Server, host: &mut Scenario| {
        host.remove("prefix.tf").unwrap();
        let configuration = format!("variable \"prefix\" {{}}\n{}", RICH.replace("{workspace}", ""));
        let objects = generate_each(host, &configuration, false).await;
        assert_eq!(objects.len(), 15);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generated_configuration_of_every_type_imports_without_a_change_on_zenml_pro() {
    under_each_host(async |world: World, host: Scenario| {
        world.person("ann@example.com").await;
        let workspace = "workspace_id = zenml_workspace.it.id";
        let configuration = format!("{PRO}{}", RICH.replace("{workspace}", workspace));
        let objects = generate_each(&host, &configuration, true).await;
        assert_eq!(objects.len(), 36);
        assert_eq!(types_without(objects.iter().map(String::as_str)), Vec::<String>::new());
        world.stop().await;
    })
    .await;
}
