//! Two roles of one team on shared components, repeatedly created and removed at the same time.
#![expect(clippy::unwrap_used, reason = "unwrap is for tests")]

use std::collections::BTreeSet;

use serde_json::Value;
use xtask::demo::http::{Body, Session};
use xtask::demo::stage::Stage;

use crate::{binaries, shown};

/// Two stacks of the same two components, and a role of one team on each of them, switched by a variable.
const CONFIGURATION: &str = r#"
terraform {
  required_providers {
    zenml = { source = "zenml-io/zenml" }
  }
}

variable "zenml_control_plane_url" {}
variable "zenml_service_account_key" { sensitive = true }
variable "writes" { type = bool }
variable "reads" { type = bool }

provider "zenml" {
  control_plane_url   = var.zenml_control_plane_url
  service_account_key = var.zenml_service_account_key
}

resource "zenml_workspace" "it" { name = "meeting" }
resource "zenml_team" "it" { name = "both" }

resource "zenml_stack_component" "orchestrator" {
  workspace_id  = zenml_workspace.it.id
  name          = "shared-orchestrator"
  type          = "orchestrator"
  flavor        = "kubernetes"
  configuration = { kubernetes_context = "shared" }
}

resource "zenml_stack_component" "store" {
  workspace_id  = zenml_workspace.it.id
  name          = "shared-store"
  type          = "artifact_store"
  flavor        = "s3"
  configuration = { path = "s3://shared" }
}

resource "zenml_stack" "it" {
  for_each     = toset(["written", "read"])
  workspace_id = zenml_workspace.it.id
  name         = each.key
  components = {
    orchestrator   = zenml_stack_component.orchestrator.id
    artifact_store = zenml_stack_component.store.id
  }
}

resource "zenml_stack_role_assignment" "written" {
  count         = var.writes ? 1 : 0
  workspace_id  = zenml_workspace.it.id
  stack_id      = zenml_stack.it["written"].id
  team_id       = zenml_team.it.id
  role          = "admin"
  component_ids = values(zenml_stack.it["written"].components)
}

resource "zenml_stack_role_assignment" "read" {
  count         = var.reads ? 1 : 0
  workspace_id  = zenml_workspace.it.id
  stack_id      = zenml_stack.it["read"].id
  team_id       = zenml_team.it.id
  role          = "read"
  component_ids = values(zenml_stack.it["read"].components)
}

output "workspace_id" { value = zenml_workspace.it.id }
output "team_id" { value = zenml_team.it.id }
output "components" { value = [zenml_stack_component.orchestrator.id, zenml_stack_component.store.id] }
output "stacks" { value = { for name, stack in zenml_stack.it : name => stack.id } }
"#;

#[tokio::test]
async fn two_roles_on_shared_components_never_lose_a_grant() {
    let Some(binaries) = binaries().await.into_iter().next() else { return };
    let stage = shown(Stage::bare(&binaries).await);
    let terraform = stage.terraform();
    shown(terraform.write("main.tf", CONFIGURATION));
    shown(terraform.succeed(&["init"]).await);
    // In each step, the host creates and removes roles at the same time; both orders occur.
    let steps = [
        (true, true),
        (false, false),
        (true, true),
        (true, false),
        (false, true),
        (true, false),
        (true, true),
    ];
    for (round, (writes, reads)) in steps.into_iter().cycle().take(2 * steps.len()).enumerate() {
        let variables = [format!("-var=writes={writes}"), format!("-var=reads={reads}")];
        let apply = ["apply", "-auto-approve", &variables[0], &variables[1]];
        shown(terraform.succeed(&apply).await);

        let outputs = shown(terraform.outputs().await);
        let at = format!("round {round}: writes {writes}, reads {reads}");
        for component in outputs["components"].as_array().unwrap() {
            let expected: &[&str] = match (writes, reads) {
                (true, _) => &["read", "update"],
                (false, true) => &["read"],
                (false, false) => &[],
            };
            let found = grants(&stage, &outputs, "stack_component", component).await;
            assert_eq!(
                found,
                expected.iter().map(|action| (*action).to_owned()).collect(),
                "{at}, {component}"
            );
        }
        let written = grants(&stage, &outputs, "stack", &outputs["stacks"]["written"]).await;
        assert_eq!(written.contains("delete"), writes, "{at}");
        let read = grants(&stage, &outputs, "stack", &outputs["stacks"]["read"]).await;
        assert_eq!(read.contains("read"), reads, "{at}");

        shown(terraform.expect_empty_plan(&[&variables[0], &variables[1]]).await);
    }
    let destroy = ["destroy", "-auto-approve", "-var=writes=true", "-var=reads=true"];
    shown(terraform.succeed(&destroy).await);
}

/// Returns what the team may do with one object, according to the control plane.
async fn grants(stage: &Stage, outputs: &Value, kind: &str, id: &Value) -> BTreeSet<String> {
    let ready = stage.platform().ready();
    let admin = &ready.admin;
    let session = shown(Session::log_in(&ready.control_plane_url, &admin.username, &admin.password).await);
    let workspace = outputs["workspace_id"].as_str().unwrap();
    let resource = format!("{workspace}@workspace:{kind}/{}", id.as_str().unwrap());
    let members = shown(
        session.expect("GET", &format!("/rbac/resource_members?resource={resource}"), Body::Empty).await,
    );
    members
        .as_array()
        .unwrap()
        .iter()
        .filter(|member| member["team"]["id"] == outputs["team_id"])
        .flat_map(|member| member["allowed_actions"].as_array().unwrap().clone())
        .filter_map(|action| action.as_str().map(str::to_owned))
        .collect()
}
