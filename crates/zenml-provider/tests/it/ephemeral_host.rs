//! Ephemeral values under real hosts: they flow into a provider block and a write-only attribute, and stay nowhere.

use std::fs;

use zenml_api::Sensitive;
use zenml_api::workspace::secret::{self, SecretCreate, SecretQuery};

use crate::examples::together;
use crate::world::{lacks, under_each_host};

/// The token configures a second provider, and reaches a secret through a write-only attribute, where the test finds it.
const MAIN: &str = r#"
variable "connector" { ephemeral = true }

ephemeral "zenml_secret_values" "login" {
  name = "login"
}

ephemeral "zenml_access_token" "short" {}

ephemeral "zenml_service_connector_credentials" "registry" {
  id = zenml_service_connector.registry.id
}

provider "zenml" {
  alias      = "short"
  server_url = ephemeral.zenml_access_token.short.url
  api_token  = ephemeral.zenml_access_token.short.token
}

resource "zenml_project" "by_token" {
  provider = zenml.short
  name     = "by-token"
}

resource "zenml_service_connector" "registry" {
  name                     = "registry"
  type                     = "docker"
  auth_method              = "password"
  verify                   = false
  configuration_wo         = { username = "ann", password = var.connector }
  configuration_wo_version = 1
}

resource "zenml_secret" "copy" {
  name = "copy"
  values_wo = {
    token      = ephemeral.zenml_access_token.short.token
    password   = ephemeral.zenml_secret_values.login.values["password"]
    connection = ephemeral.zenml_service_connector_credentials.registry.configuration["password"]
  }
  values_wo_version = 1
}
"#;

#[tokio::test]
async fn ephemeral_values_reach_where_they_are_used_and_neither_file_nor_log() {
    under_each_host(async |world, host| {
        if lacks(host.host(), host.host().is_at_least(1, 11), "ephemeral resources") {
            return world.stop().await;
        }
        let workspace = world.workspace("alpha").await;
        let server = world.server(workspace).await;
        let values = [("password".to_owned(), Some("canary-of-secret".to_owned()))].into();
        let create =
            SecretCreate { name: "login".to_owned(), private: false, values: Sensitive::new(values) };
        server.send(&secret::CREATE, (), (), create).await.unwrap();
        let host = host.env("ZENML_WORKSPACE_ID", workspace.to_string()).traced();
        host.write("main.tf", MAIN).unwrap();
        let host = host.env("TF_VAR_connector", "canary-of-connector");
        let plan = host.plan().await.unwrap();
        host.apply_saved(&plan).await.unwrap();
        host.must_be_settled().await.unwrap();

        let query = SecretQuery { name: vec!["copy".to_owned()], ..SecretQuery::default() };
        let copy = server.list_all(&secret::LIST, (), query).await.unwrap().remove(0);
        let copy = server.call(&secret::GET, copy.id).await.unwrap().body.unwrap();
        let copied = |key: &str| copy.values.expose()[key].clone().unwrap();
        assert_eq!(copied("password"), "canary-of-secret");
        assert_eq!(copied("connection"), "canary-of-connector");
        let log = host.logs().unwrap();
        for rpc in ["OpenEphemeralResource", "CloseEphemeralResource"] {
            assert!(log.contains(&format!("Answered {rpc}")), "the log of the provider is searched");
        }
        for value in [copied("token"), copied("password"), copied("connection")] {
            assert_eq!(host.find(&value).unwrap(), Vec::<String>::new(), "{value}");
            assert!(!plan.json().to_string().contains(&value), "{value} is in the plan");
            let bytes = fs::read(plan.file()).unwrap();
            assert!(!bytes.windows(value.len()).any(|window| window == value.as_bytes()));
        }
        host.destroy().await.unwrap();
        world.stop().await;
    })
    .await;
}

/// The objects that the examples of the ephemeral resources refer to.
const AROUND: &str = r#"
resource "zenml_workspace" "alpha" {
  name                = "alpha"
  deletion_protection = false
}

resource "zenml_service_account" "pipelines" {
  name = "pipelines"
}

resource "zenml_api_key" "pipelines" {
  service_account_id = zenml_service_account.pipelines.id
  name               = "ci"
}

resource "zenml_secret" "mlflow" {
  workspace_id = zenml_workspace.alpha.id
  name         = "alpha-mlflow"
  values       = { username = "ann", password = "secret-of-the-example" }
}

resource "zenml_service_connector" "registry" {
  workspace_id  = zenml_workspace.alpha.id
  name          = "registry"
  type          = "docker"
  auth_method   = "password"
  verify        = false
  configuration = { username = "ann", password = "secret-of-the-example" }
}
"#;

#[tokio::test]
async fn the_examples_of_the_ephemeral_resources_apply_and_plan_empty() {
    under_each_host(async |world, host| {
        if lacks(host.host(), host.host().is_at_least(1, 11), "ephemeral resources") {
            return world.stop().await;
        }
        host.write("around.tf", AROUND).unwrap();
        host.write("ephemeral.tf", &together("ephemeral-resources", "ephemeral-resource.tf")).unwrap();
        host.apply().await.unwrap();
        host.destroy().await.unwrap();
        world.stop().await;
    })
    .await;
}
