//! Stacks with lists of components, and components with typed settings, on both servers under real hosts.

use serde_json::json;
use tfkit_test::{Action, Scenario};
use zenml_api::workspace::component::{self, ComponentUpdate};
use zenml_api::workspace::stack::{self, StackUpdate};
use zenml_api::{ComponentId, Patch, StackId};

use crate::server::{Server, on_each_server};

const S: &str = "zenml_stack.it";
const K: &str = "zenml_stack_component.kubernetes";

/// Everything but the settings of the orchestrator and the stack.
const AROUND: &str = r#"
resource "zenml_secret" "it" {
  name   = "${var.prefix}-keys"
  values = { KEY = "v" }
}

resource "zenml_stack_component" "store" {
  name     = "${var.prefix}-store"
  type     = "artifact_store"
  flavor   = "s3"
  settings = { path = "s3://bucket", client_kwargs = { endpoint_url = "https://s3.example.com", retries = 3 } }
}

resource "zenml_stack_component" "alerter" {
  for_each = toset(["a", "b", "c"])
  name     = "${var.prefix}-${each.key}"
  type     = "alerter"
  flavor   = "slack"

  configuration = {
    slack_token              = "token"
    default_slack_channel_id = "channel"
  }
}
"#;

fn kubernetes(settings: &str) -> String {
    format!(
        "resource \"zenml_stack_component\" \"kubernetes\" {{\n  name = \"${{var.prefix}}-kubernetes\"\n  type = \
         \"orchestrator\"\n  flavor = \"kubernetes\"\n  {settings}\n  environment = {{ A = \"1\" }}\n  secrets = \
         [zenml_secret.it.id]\n}}\n"
    )
}

fn stack(components: &str) -> String {
    format!(
        "resource \"zenml_stack\" \"it\" {{\n  name = \"${{var.prefix}}-dev\"\n  {components}\n  environment = {{ LEVEL = \
         \"info\" }}\n  secrets = [zenml_secret.it.id]\n}}\n"
    )
}

/// A stack with these alerters, in this order.
fn listed(alerters: &str) -> String {
    let alerters: Vec<String> =
        alerters.chars().map(|alerter| format!("zenml_stack_component.alerter[\"{alerter}\"].id")).collect();
    stack(&format!(
        "component_lists = {{\n    orchestrator = [zenml_stack_component.kubernetes.id]\n    artifact_store = \
         [zenml_stack_component.store.id]\n    alerter = [{}]\n    model_registry = null\n  }}",
        alerters.join(", ")
    ))
}

async fn id(host: &Scenario, address: &str) -> String {
    host.attributes(address).await.unwrap()["id"].as_str().unwrap().to_owned()
}

/// The last letters of the names of the stack's alerters, in the order of the server.
async fn alerters(server: &Server, stack: StackId) -> String {
    let components = server.api.call(&stack::GET, stack).await.unwrap().metadata.unwrap().components;
    let alerters = components.get("alerter").into_iter().flatten();
    alerters.filter_map(|component| component.name.chars().last()).collect()
}

#[tokio::test]
async fn a_stack_with_several_components_of_a_type_passes_its_life_cycle_on_each_server() {
    on_each_server(async |server, host| {
        host.write("around.tf", AROUND).unwrap();
        host.write("kubernetes.tf", &kubernetes("")).unwrap();
        host.write("stack.tf", &listed("ba")).unwrap();
        host.apply().await.unwrap();
        let there: StackId = id(host, S).await.parse().unwrap();
        assert_eq!(alerters(server, there).await, "ba");
        host.import_equals_state(S, &server.name("dev"), &["component_lists"]).await.unwrap();
        for order in ["ab", "cab", "replaced", "c"] {
            if order == "replaced" {
                // Each new one has the position of the old one.
                for alerter in ["a", "b", "c"] {
                    let replace = format!("-replace=zenml_stack_component.alerter[\"{alerter}\"]");
                    let plan = host.plan_with(&[&replace]).await.unwrap();
                    host.apply_saved(&plan).await.unwrap();
                    assert_eq!(alerters(server, there).await, "cab", "{alerter}");
                }
                continue;
            }
            host.write("stack.tf", &listed(order)).unwrap();
            assert_eq!(host.apply().await.unwrap().changed(), [(S.to_owned(), Action::Update)].into());
            assert_eq!(alerters(server, there).await, order);
        }
        // Changes from outside are reverted.
        let change = StackUpdate {
            environment: Patch::Set([("OTHER".to_owned(), "x".to_owned())].into()),
            ..StackUpdate::default()
        };
        server.api.send(&stack::UPDATE, there, (), change).await.unwrap();
        assert_eq!(host.plan().await.unwrap().changed_attributes(S), ["environment"]);
        host.apply().await.unwrap();
        // The same in the other form.
        let single = "components = {\n    orchestrator = zenml_stack_component.kubernetes.id\n    artifact_store = \
                      zenml_stack_component.store.id\n    alerter = zenml_stack_component.alerter[\"c\"].id\n  }";
        host.write("stack.tf", &stack(single)).unwrap();
        let planned = host.apply().await.unwrap();
        assert_eq!(planned.action(S), Some(Action::Update));
        assert_eq!(planned.changed_attributes(S), ["component_lists", "components"]);
        assert_eq!(alerters(server, there).await, "c");
        host.import_equals_state(S, &there.to_string(), &[]).await.unwrap();
        host.destroy().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn typed_settings_pass_their_life_cycle_on_each_server() {
    on_each_server(async |server, host| {
        let write = |settings: &str| host.write("kubernetes.tf", &kubernetes(settings)).unwrap();
        host.write("around.tf", AROUND).unwrap();
        let late = "resource \"terraform_data\" \"late\" {\n  input = \"zenml\"\n}\n";
        host.write("late.tf", late).unwrap();
        // A part of unknown type is known only during the apply.
        write(
            "settings = {\n    kubernetes_namespace = terraform_data.late.output\n    synchronous = false\n    \
             max_parallelism = 8\n    job_monitoring_delay = 0.5\n    fail_on_container_waiting_reasons = [\"a\", \"b\"]\n    \
             kubernetes_context = null\n  }",
        );
        host.apply().await.unwrap();
        let there: ComponentId = id(host, K).await.parse().unwrap();
        let stored = async || {
            let metadata = server.api.call(&component::GET, there).await.unwrap().metadata.unwrap();
            serde_json::to_value(metadata.configuration.expose()).unwrap()
        };
        let expected = json!({ "kubernetes_namespace": "zenml", "synchronous": false, "max_parallelism": 8,
            "job_monitoring_delay": 0.5, "fail_on_container_waiting_reasons": ["a", "b"] });
        assert_eq!(stored().await, expected);
        // The same with other types.
        write(
            "settings = {\n    kubernetes_namespace = \"zenml\"\n    synchronous = \"False\"\n    max_parallelism = \"8\"\n    \
             job_monitoring_delay = 0.50\n    fail_on_container_waiting_reasons = tolist([\"a\", \"b\"])\n  }",
        );
        host.must_be_settled().await.unwrap();
        // The same as strings: nothing is sent, and only the form changes.
        write(
            "configuration = {\n    kubernetes_namespace = \"zenml\"\n    synchronous = false\n    max_parallelism = 8\n    \
             job_monitoring_delay = 0.5\n    fail_on_container_waiting_reasons = jsonencode([\"a\", \"b\"])\n  }",
        );
        let before = server.api.call(&component::GET, there).await.unwrap().body;
        let planned = host.apply().await.unwrap();
        assert_eq!(planned.changed_attributes(K), ["configuration", "settings"]);
        assert_eq!(server.api.call(&component::GET, there).await.unwrap().body, before);
        host.import_equals_state(K, &there.to_string(), &["configuration"]).await.unwrap();
        // A change of one value, and a revert of a change from outside.
        write("settings = {\n    max_parallelism = 9\n    synchronous = true\n  }");
        assert_eq!(host.apply().await.unwrap().action(K), Some(Action::Update));
        assert_eq!(stored().await, json!({ "max_parallelism": 9, "synchronous": true }));
        let change = ComponentUpdate {
            environment: Patch::Set([].into()),
            remove_secrets: Some(vec![id(host, "zenml_secret.it").await]),
            ..ComponentUpdate::default()
        };
        server.api.send(&component::UPDATE, there, (), change).await.unwrap();
        let planned = host.apply().await.unwrap();
        assert_eq!(planned.changed_attributes(K), ["environment", "secrets", "updated"]);
        assert_eq!(id(host, K).await, there.to_string());
        host.destroy().await.unwrap();
    })
    .await;
}

/// Terraform also compares the precision of numbers, and once ended `plan -refresh-only -detailed-exitcode` with 2
/// and "No changes" for every state with a number.
#[tokio::test]
async fn a_refresh_shows_no_change_of_numbers_on_each_server() {
    on_each_server(async |_, host| {
        let numbers = "settings = {\n    max_parallelism = 8\n    job_monitoring_delay = 0.5\n  }";
        host.write("around.tf", AROUND).unwrap();
        host.write("kubernetes.tf", &kubernetes(numbers)).unwrap();
        host.apply().await.unwrap();
        for _ in 0..3 {
            host.run(&["plan", "-refresh-only", "-detailed-exitcode"]).await.unwrap();
        }
        host.destroy().await.unwrap();
    })
    .await;
}
