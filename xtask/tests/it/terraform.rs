//! The host of the journey: empty plans, and the errors of failed commands.

use tempfile::TempDir;
use xtask::demo::stage::Binaries;
use xtask::demo::terraform::Terraform;

use crate::{binaries, shown};

/// A host with one built-in resource, initialized.
async fn host(binaries: &Binaries, home: &TempDir) -> Terraform {
    let mut terraform = shown(Terraform::new(&binaries.host, home.path(), &binaries.provider));
    let configuration = r#"
        variable "text" {}
        resource "terraform_data" "it" { input = var.text }
        output "text" { value = terraform_data.it.output }
    "#;
    shown(terraform.write("main.tf", configuration));
    terraform.set("text", "one");
    shown(terraform.succeed(&["init"]).await);
    terraform
}

#[tokio::test]
async fn the_error_for_a_plan_with_changes_contains_the_plan() {
    for binaries in binaries().await {
        let home = TempDir::new().unwrap();
        let terraform = host(&binaries, &home).await;
        let failure = terraform.expect_empty_plan(&[]).await.unwrap_err().to_string();
        assert!(failure.starts_with("the plan should be empty"), "{failure}");
        assert!(failure.contains("terraform_data.it will be created"), "{failure}");
        shown(terraform.succeed(&["apply", "-auto-approve"]).await);
        shown(terraform.expect_empty_plan(&[]).await);
        assert_eq!(shown(terraform.outputs().await)["text"], "one");
    }
}

#[tokio::test]
async fn the_error_of_a_failed_command_contains_its_output_and_its_exit_code() {
    for binaries in binaries().await {
        let home = TempDir::new().unwrap();
        let terraform = host(&binaries, &home).await;
        shown(terraform.write("broken.tf", "output \"x\" { value = local.nothing }"));
        let failure = terraform.succeed(&["plan"]).await.unwrap_err().to_string();
        assert!(failure.contains("plan: exit status: 1") && failure.contains("local.nothing"), "{failure}");
    }
}
