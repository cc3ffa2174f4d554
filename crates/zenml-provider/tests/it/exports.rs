//! `terraform-provider-zenml export`, with the real binary and real hosts.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};

use tfkit_test::scenario::Plan;
use tfkit_test::{Action, Scenario};
use tokio::process::Command;

use crate::generated::{PRO, RICH};
use crate::world::{World, hosts, scenario, types_without};

/// A value that is only in secrets.
const CANARY: &str = "canary-5e2c81";

/// Secrets, and names that are not labels.
pub(crate) const ODD: &str = r#"
resource "zenml_secret" "canary" {
  {workspace}
  name   = "canary"
  values = { key = "canary-5e2c81" }
}

resource "zenml_stack_component" "canary" {
  {workspace}
  name          = "canary"
  type          = "alerter"
  flavor        = "slack"
  configuration = { slack_token = "canary-5e2c81", default_slack_channel_id = "general" }
}

resource "zenml_tag" "odd" {
  for_each = toset(["we\"ird $${x} %%{if}", "we ird x if", "模型", "42"])

  {workspace}
  name = each.key
}
"#;

async fn export(world: &World, directory: &Path, more: &[&str]) -> Output {
    let environment =
        [("ZENML_CONTROL_PLANE_URL", world.platform.url()), ("ZENML_SERVICE_ACCOUNT_KEY", world.key())];
    export_with(environment, directory, more).await
}

/// Runs the export with an environment.
pub(crate) async fn export_with(environment: [(&str, &str); 2], directory: &Path, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_terraform-provider-zenml"))
        .args(["export", "--out"])
        .arg(directory)
        .args(more)
        .env_clear()
        .envs(environment)
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap()
}

pub(crate) fn told(output: &Output) -> String {
    assert!(output.stdout.is_empty(), "standard output is reserved for the handshake");
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn names(directory: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Plans exported files: everything is imported, and nothing is created or changed.
pub(crate) async fn plan_of(host: &Scenario, text: &str) -> Plan {
    let plan = host.plan().await.unwrap_or_else(|failed| panic!("{failed}\n{text}"));
    assert_eq!(plan.changed().len(), 0, "{}\n{text}", plan.summary());
    assert!(plan.actions().values().all(|action| *action == Action::NoOp));
    plan
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exported_organization_with_every_type_is_imported_without_a_change() {
    for host in hosts().await {
        let world = World::start().await;
        world.person("ann@example.com").await;
        let connect = |scenario: Scenario| {
            scenario
                .env("ZENML_CONTROL_PLANE_URL", world.platform.url())
                .env("ZENML_SERVICE_ACCOUNT_KEY", world.key())
        };
        let made = connect(scenario(&host));
        let workspace = "workspace_id = zenml_workspace.it.id";
        let configuration = format!("{PRO}{RICH}{ODD}").replace("{workspace}", workspace);
        made.write("main.tf", &configuration).unwrap();
        made.apply().await.unwrap();
        let objects = made.addresses().await.unwrap();

        let exported = connect(scenario(&host));
        exported.remove("provider.tf").unwrap();
        let output = export(&world, &exported.work(), &[]).await;
        let progress = told(&output);
        assert!(output.status.success(), "{progress}");
        assert!(progress.contains("zenml_stack_component in workspace \"alpha\": "), "{progress}");
        let files = names(&exported.work());
        for file in ["providers.tf", "imports.tf", "variables.tf", "stack.tf", "team.tf"] {
            assert!(files.contains(file), "{files:?}");
        }
        let read = |name: &str| fs::read_to_string(exported.work().join(name)).unwrap();
        let text: String = files.iter().map(|name| read(name)).collect();
        assert!(!text.contains(CANARY) && !text.contains("ZENPROKEY_"), "{text}");
        for reference in [
            "workspace_id = zenml_workspace.alpha.id",
            "= zenml_stack_component.orchestrator_t_orchestrator.id",
            "= zenml_service_connector.t_registry.id",
            "= [zenml_secret.t_login.id]",
            "= zenml_team.builders.id",
            "service_account_id = zenml_service_account.pipelines.id",
            "resource \"zenml_tag\" \"we_ird_x_if_2\"",
            "name         = \"we\\\"ird $${x} %%{if}\"",
            "= jsonencode({",
            "uri                = \"registry.example.com\"",
            "configuration = nonsensitive(var.stack_component_alerter_canary_configuration)",
        ] {
            assert!(text.contains(reference), "{reference} is not in\n{text}");
        }
        exported.run(&["fmt", "-check", "-diff"]).await.unwrap();

        let plan = plan_of(&exported, &text).await;
        assert!(plan.actions().len() >= objects.len(), "{:?} of {objects:?}", plan.actions());
        let addresses = plan.actions();
        // Teams contain their members.
        assert_eq!(types_without(addresses.keys().map(String::as_str)), ["zenml_team_membership"]);
        exported.apply_saved(&plan).await.unwrap();
        exported.must_be_settled().await.unwrap();

        let again = export(&world, &exported.work(), &[]).await;
        assert!(!again.status.success());
        assert!(told(&again).contains("already contains a configuration"), "{}", told(&again));
        assert_eq!(read("stack.tf"), fs::read_to_string(exported.work().join("stack.tf")).unwrap());
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_can_be_narrowed_and_says_what_is_wrong() {
    let world = World::start().await;
    let (one, other) = (world.workspace("one").await, world.workspace("other").await);
    for workspace in [one, other] {
        world.project(workspace, "vision").await;
    }
    world.team("builders").await;
    let directory = std::env::temp_dir().join(format!("zenml-export-{}", uuid::Uuid::new_v4()));
    let out = |name: &str| directory.join(name);

    let all = export(&world, &out("all"), &[]).await;
    assert!(all.status.success(), "{}", told(&all));
    let projects = fs::read_to_string(out("all").join("project.tf")).unwrap();
    for line in ["\"vision\"", "\"vision_2\"", "zenml_workspace.one.id", "zenml_workspace.other.id"] {
        assert!(projects.contains(line), "{projects}");
    }
    let narrow = export(&world, &out("narrow"), &["--workspace", "one", "--type", "zenml_project"]).await;
    assert!(narrow.status.success(), "{}", told(&narrow));
    assert_eq!(names(&out("narrow")), ["imports.tf", "project.tf", "providers.tf"].map(str::to_owned).into());
    let projects = fs::read_to_string(out("narrow").join("project.tf")).unwrap();
    assert!(projects.contains(&one.to_string()) && !projects.contains("vision_2"), "{projects}");

    for (more, expected) in [
        (vec!["--workspace", "three"], "There is no workspace \"three\""),
        (vec!["--type", "zenml_unicorn"], "There is no type \"zenml_unicorn\" to export"),
        (vec!["--workspace", "one", "--type", "team"], "There is nothing to export"),
        (vec!["--unknown"], "Unknown argument \"--unknown\""),
    ] {
        let refused = export(&world, &out("refused"), &more).await;
        assert!(!refused.status.success(), "{more:?}");
        let told = told(&refused);
        assert!(told.contains(expected), "{told}");
        assert!(!out("refused").exists(), "nothing is written");
    }
    fs::remove_dir_all(&directory).unwrap();
    world.stop().await;
}
