//! The examples of the documentation, together, under real hosts.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::world::under_each_host;

/// Objects that the examples refer to without defining them.
pub(crate) const AROUND: &str = r#"
variable "mlflow_username" {}
variable "github_token" { sensitive = true }
variable "mlflow_password" { sensitive = true }
variable "aws_role_arn" {}
variable "aws_access_key_id" {}
variable "aws_secret_access_key" { sensitive = true }

resource "zenml_stack_component" "team_alerts" {
  workspace_id  = zenml_workspace.alpha.id
  name          = "team"
  type          = "alerter"
  flavor        = "slack"
  configuration = { slack_token = "token", default_slack_channel_id = "team" }
}

resource "zenml_stack_component" "incidents" {
  workspace_id  = zenml_workspace.alpha.id
  name          = "incidents"
  type          = "alerter"
  flavor        = "slack"
  configuration = { slack_token = "token", default_slack_channel_id = "incidents" }
}

resource "zenml_team" "operations" {
  name = "alpha-operations"
}
"#;

/// Nothing can be verified here, and everything is deleted again.
const HERE: &str = r#"
resource "zenml_service_connector" "aws" {
  verify = false
}

resource "zenml_workspace" "alpha" {
  deletion_protection = false
}
"#;

/// The files with this name in the folders of the types, joined into one configuration.
pub(crate) fn together(kind: &str, name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(kind);
    let mut types: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    types.sort();
    types.iter().map(|folder| fs::read_to_string(folder.join(name)).unwrap() + "\n").collect()
}

/// The examples with write-only attributes, for hosts that support them. Nothing can be verified here.
fn write_only() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/resources");
    let example = |noun: &str| fs::read_to_string(folder.join(noun).join("write-only.tf")).unwrap();
    let connector = example("zenml_service_connector");
    let verified_elsewhere = connector.replacen("  type ", "  verify = false\n  type ", 1);
    assert_ne!(connector, verified_elsewhere);
    example("zenml_secret") + &example("zenml_code_repository") + &verified_elsewhere
}

#[tokio::test]
async fn the_examples_of_all_types_apply_together_plan_empty_and_are_destroyed() {
    under_each_host(async |world, mut host| {
        for person in ["ann@example.com", "bob@example.com"] {
            world.person(person).await;
        }
        let before = world.platform.census().await.unwrap();
        for name in [
            "mlflow_username",
            "github_token",
            "mlflow_password",
            "aws_role_arn",
            "aws_access_key_id",
            "aws_secret_access_key",
        ] {
            host.set_variable(name, &json!(format!("value-of-{name}")));
        }
        host.write("around.tf", AROUND).unwrap();
        host.write("here_override.tf", HERE).unwrap();
        host.write("resources.tf", &together("resources", "resource.tf")).unwrap();
        if host.host().is_at_least(1, 11) {
            host.write("write_only.tf", &write_only()).unwrap();
        }
        host.apply().await.unwrap();
        host.write("data.tf", &together("data-sources", "data-source.tf")).unwrap();
        host.apply().await.unwrap();
        host.destroy().await.unwrap();
        assert_eq!(world.platform.census().await.unwrap(), before);
        world.stop().await;
    })
    .await;
}
