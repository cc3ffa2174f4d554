//! The examples of whole stacks, on each server, without verification in the clouds.

use std::fs;
use std::path::Path;

use serde_json::json;
use tfkit_test::Scenario;

use crate::server::{Server, on_each_server};

/// Variables of the examples.
const VARIABLES: [(&str, &str); 21] = [
    ("access_key_id", "NOT-A-KEY-ID"),
    ("bucket", "example-bucket"),
    ("client_id", "00000000-0000-0000-0000-000000000001"),
    ("client_secret", "not-a-secret"),
    ("code_build_project", "example-images"),
    ("compute_cluster", "example-cluster"),
    ("container", "example-container"),
    ("execution_role_arn", "arn:aws:iam::000000000000:role/example-pipelines"),
    ("machine_learning_workspace", "example-workspace"),
    ("project", "example-project"),
    ("registry", "registry.example.com"),
    ("resource_group", "example-group"),
    ("role_arn", "arn:aws:iam::000000000000:role/example-server"),
    ("secret_access_key", "not-a-secret-key"),
    ("service_account_key", r#"{"type":"service_account","project_id":"example-project"}"#),
    ("storage_account", "examplestorage"),
    ("subscription_id", "00000000-0000-0000-0000-000000000002"),
    ("tenant_id", "00000000-0000-0000-0000-000000000003"),
    ("verify_connectors", "false"),
    ("workload_service_account", "pipelines@example.com"),
    ("labels", r#"{"team":"vision"}"#),
];

fn prepare(server: &Server, host: &mut Scenario) {
    for (name, value) in VARIABLES {
        host.set_variable(name, &json!(value));
    }
    host.set_variable("name", &json!(server.prefix()));
    host.remove("provider.tf").unwrap();
}

/// Replaces the files of the configuration with those of an example.
fn write(host: &Scenario, example: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(example);
    for file in ["main.tf", "variables.tf", "outputs.tf"] {
        host.write(file, &fs::read_to_string(folder.join(file)).unwrap()).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_whole_stacks_apply_plan_empty_and_are_destroyed() {
    on_each_server(async |server, host| {
        prepare(server, host);
        for (example, components) in [("complete-azure", 5), ("complete-gcp", 4), ("complete-aws", 4)] {
            write(host, example);
            host.apply().await.unwrap();
            let ids = host.output("component_ids").await.unwrap();
            assert_eq!(ids.as_object().map(serde_json::Map::len), Some(components), "{example}: {ids}");
            assert_eq!(server.inventory().await.len(), components + 4, "{example}");
            host.destroy().await.unwrap();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_of_data_sources_builds_on_the_stack_of_another_configuration() {
    on_each_server(async |server, host| {
        prepare(server, host);
        write(host, "complete-aws");
        host.apply().await.unwrap();
        let theirs = fs::read_to_string(host.work().join("terraform.tfstate")).unwrap();
        host.remove("terraform.tfstate").unwrap();

        write(host, "complete-data-sources");
        host.set_variable("stack", &json!(server.name("aws")));
        host.apply().await.unwrap();
        assert_eq!(host.output("artifact_path").await.unwrap(), "s3://example-bucket");
        assert_eq!(host.output("connector_of_store").await.unwrap(), server.name("s3-bucket"));
        host.destroy().await.unwrap();

        write(host, "complete-aws");
        host.write("terraform.tfstate", &theirs).unwrap();
        host.destroy().await.unwrap();
    })
    .await;
}
