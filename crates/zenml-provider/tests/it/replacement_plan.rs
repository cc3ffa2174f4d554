//! Plans for objects in use: users of deleted objects, and roles that follow replaced ones.

use serde_json::{Value as Json, json};
use tfkit_test::{Action, Scenario};

use crate::server::on_each_server;
use crate::world::under_each_host;

/// Every object that others can refer to by id, with its block.
const THINGS: [(&str, &str); 5] = [
    (
        "zenml_stack_component.o",
        "resource \"zenml_stack_component\" \"o\" {\n  name = \"${var.prefix}-o\"\n  type = \"orchestrator\"\n  flavor = \
         \"local\"\n}\n",
    ),
    (
        "zenml_stack_component.r",
        "resource \"zenml_stack_component\" \"r\" {\n  name = \"${var.prefix}-r\"\n  type = \"container_registry\"\n  flavor = \
         \"default\"\n  configuration = { uri = \"registry.example.com\" }\n}\n",
    ),
    (
        "zenml_service_connector.k",
        "resource \"zenml_service_connector\" \"k\" {\n  name = \"${var.prefix}-k\"\n  type = \"docker\"\n  auth_method = \
         \"password\"\n  configuration = { username = \"u\", password = \"p\" }\n  verify = false\n}\n",
    ),
    (
        "zenml_secret.x",
        "resource \"zenml_secret\" \"x\" {\n  name = \"${var.prefix}-x\"\n  values = { key = \"value\" }\n}\n",
    ),
    (
        "zenml_secret.y",
        "resource \"zenml_secret\" \"y\" {\n  name = \"${var.prefix}-y\"\n  values = { key = \"value\" }\n}\n",
    ),
];

/// All objects except one.
fn without(address: &str) -> String {
    THINGS.iter().filter(|(other, _)| *other != address).map(|(_, block)| *block).collect()
}

/// Their users: by ids as strings, and the connector by a data source.
async fn holders(host: &Scenario) -> String {
    let id = async |address: &str| host.attributes(address).await.unwrap()["id"].as_str().unwrap().to_owned();
    let (o, r) = (id("zenml_stack_component.o").await, id("zenml_stack_component.r").await);
    let (x, y) = (id("zenml_secret.x").await, id("zenml_secret.y").await);
    format!(
        r#"
data "zenml_service_connector" "k" {{ name = "${{var.prefix}}-k" }}

resource "zenml_stack_component" "a" {{
  name         = "${{var.prefix}}-a"
  type         = "artifact_store"
  flavor       = "local"
  connector_id = data.zenml_service_connector.k.id
  secrets      = ["{y}"]
}}

resource "zenml_stack" "s" {{
  name       = "${{var.prefix}}-s"
  components = {{
    orchestrator       = "{o}"
    artifact_store     = zenml_stack_component.a.id
    container_registry = "{r}"
  }}
  secrets = ["{x}"]
}}
"#
    )
}

#[tokio::test]
async fn a_plan_that_deletes_an_object_in_use_is_rejected_before_anything_is_changed() {
    on_each_server(async |server, host| {
        host.write("things.tf", &without("")).unwrap();
        host.apply().await.unwrap();
        let holders = holders(host).await;
        host.write("holders.tf", &holders).unwrap();
        host.apply().await.unwrap();
        let there = server.inventory().await;
        for (address, _) in THINGS {
            host.write("things.tf", &without(address)).unwrap();
            let words = host.plan().await.unwrap_err().output().words();
            let by = if ["zenml_service_connector.k", "zenml_secret.y"].contains(&address) {
                format!("the stack component {:?} still uses it", server.name("a"))
            } else {
                format!("the stack {:?} still uses it", server.name("s"))
            };
            let name = server.name(address.rsplit('.').next().unwrap());
            assert!(words.contains(&format!("{name:?} cannot be deleted: {by}")), "{address}: {words}");
            assert_eq!(server.inventory().await, there, "{address}");
        }
        // An object that loses its users in the same run can be deleted, and a replaced one is not deleted.
        host.write("things.tf", &without("zenml_stack_component.r")).unwrap();
        let line = holders.lines().find(|line| line.contains("container_registry")).unwrap();
        host.write("holders.tf", &holders.replace(line, "")).unwrap();
        host.apply().await.unwrap();
        host.plan_with(&["-replace=zenml_service_connector.k"]).await.unwrap();
        host.destroy().await.unwrap();
    })
    .await;
}

/// A stack with a role, and everything that the role extends to.
const ROLES: &str = r#"
variable "flavor"      { default = "local" }
variable "auth_method" { default = "secret-key" }
variable "wired"       { default = false }

resource "zenml_workspace" "w" {
  name = "alpha"
}

resource "zenml_team" "t" {
  name = "developers"
}

resource "zenml_secret" "x" {
  workspace_id = zenml_workspace.w.id
  name         = "mlflow"
  values       = { password = "hunter2" }
}

resource "zenml_service_connector" "k" {
  workspace_id  = zenml_workspace.w.id
  name          = "k"
  type          = "aws"
  auth_method   = var.auth_method
  verify        = false
  configuration = merge(
    { region = "eu-west-1", aws_access_key_id = "a", aws_secret_access_key = "b" },
    var.auth_method == "sts-token" ? { aws_session_token = "c" } : {}
  )
}

resource "zenml_stack_component" "o" {
  workspace_id = zenml_workspace.w.id
  name         = "o"
  type         = "orchestrator"
  flavor       = var.flavor
}

resource "zenml_stack_component" "a" {
  workspace_id = zenml_workspace.w.id
  name         = "a"
  type         = "artifact_store"
  flavor       = "local"
  connector_id = zenml_service_connector.k.id
}

resource "zenml_stack_component" "e" {
  workspace_id  = zenml_workspace.w.id
  name          = "e"
  type          = "experiment_tracker"
  flavor        = "mlflow"
  configuration = {
    tracking_uri      = "https://mlflow.example.com"
    tracking_username = "ann"
    tracking_password = "{{${zenml_secret.x.name}.password}}"
  }
}

resource "zenml_stack" "s" {
  workspace_id = zenml_workspace.w.id
  name         = "s"
  components   = {
    orchestrator       = zenml_stack_component.o.id
    artifact_store     = zenml_stack_component.a.id
    experiment_tracker = zenml_stack_component.e.id
  }
}

resource "zenml_stack_role_assignment" "g" {
  workspace_id  = zenml_workspace.w.id
  stack_id      = zenml_stack.s.id
  team_id       = zenml_team.t.id
  role          = "write"
  component_ids = var.wired ? values(zenml_stack.s.components) : null
}
"#;

/// Variables, and options of the plan.
type Replaced = (&'static [(&'static str, &'static str)], &'static [&'static str]);

const G: &str = "zenml_stack_role_assignment.g";

#[tokio::test]
async fn a_stack_role_follows_replacements_in_its_stack_in_the_same_apply() {
    under_each_host(async |world, mut host| {
        let before = world.platform.census().await.unwrap();
        let cases: [Replaced; 7] = [
            (&[("flavor", "local_docker")], &[]),
            (&[("auth_method", "sts-token")], &[]),
            (&[("flavor", "local"), ("auth_method", "secret-key")], &[]),
            (&[], &["-replace=zenml_stack_component.o"]),
            (&[], &["-replace=zenml_service_connector.k"]),
            (&[], &["-replace=zenml_secret.x"]),
            (&[], &["-replace=zenml_stack_component.a", "-replace=zenml_service_connector.k"]),
        ];
        for wired in [false, true] {
            host.set_variable("wired", &json!(wired));
            host.write("main.tf", ROLES).unwrap();
            host.apply().await.unwrap();
            for (variables, options) in cases {
                for (name, value) in variables {
                    host.set_variable(name, &json!(value));
                }
                let what = format!("wired: {wired}, {variables:?} {options:?}");
                let plan = host.plan_with(options).await.unwrap();
                assert_eq!(plan.action(G), Some(Action::Update), "{what}");
                host.apply_saved(&plan).await.unwrap();
                host.must_be_settled().await.unwrap();
                let granted = host.attributes(G).await.unwrap()["grants"].clone();
                for kept in ["stack_component.o", "stack_component.a", "service_connector.k", "secret.x"] {
                    let id = host.attributes(&format!("zenml_{kept}")).await.unwrap()["id"].clone();
                    let object = format!("{}/{}", kept.split('.').next().unwrap(), id.as_str().unwrap());
                    assert!(
                        granted.get(&object).is_some_and(Json::is_array),
                        "{what}: {object} in {granted}"
                    );
                }
                let count = granted.as_object().unwrap().len();
                assert_eq!(count, 6, "{what}: the stack, three components, a connector, a secret: {granted}");
            }
            host.destroy().await.unwrap();
            assert_eq!(world.platform.census().await.unwrap(), before);
        }
        world.stop().await;
    })
    .await;
}
