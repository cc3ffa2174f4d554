//! Scenarios that run the real host with built-in providers.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use serde_json::json;
use tfkit_test::scenario::Running;
use tfkit_test::{Action, Host, NoHost, Origin, Scenario, Search};

/// The environment of these tests, read only here.
mod environment {
    #![expect(clippy::disallowed_methods, reason = "this is the one module that reads the environment")]

    use tfkit_test::Search;

    pub(super) fn search() -> Search {
        Search { path: std::env::var_os("PATH").unwrap_or_default(), ..Search::default() }
    }
}

/// Returns the hosts of this machine. Prints a message if there is none.
#[expect(clippy::print_stdout, reason = "a skipped test must print that")]
async fn hosts() -> Vec<Host> {
    match environment::search().hosts().await {
        Ok(hosts) => hosts,
        Err(NoHost::Skipped(why)) => {
            println!("SKIPPED: {why}");
            Vec::new()
        }
        Err(NoHost::Failed(why)) => panic!("{why}"),
    }
}

const MAIN: &str = r#"
variable "text" { type = string }

resource "terraform_data" "note" {
  input            = var.text
  triggers_replace = "one"
}

output "text" { value = terraform_data.note.output }
"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_real_host_plans_applies_and_destroys() {
    for host in hosts().await {
        let mut scenario = Scenario::new(&host, &Origin::BuiltIn).unwrap();
        scenario.write("main.tf", MAIN).unwrap();
        scenario.set_variable("text", &json!("hi"));
        scenario.init().await.unwrap();

        let plan = scenario.plan().await.unwrap();
        assert_eq!(plan.action("terraform_data.note"), Some(Action::Create));
        assert!(plan.is_unknown("terraform_data.note", "id"));
        assert_eq!(plan.after("terraform_data.note")["input"], "hi");
        assert!(scenario.addresses().await.unwrap().is_empty(), "a plan creates nothing");

        scenario.apply().await.unwrap();
        assert_eq!(scenario.output("text").await.unwrap(), "hi");
        assert_eq!(scenario.addresses().await.unwrap(), ["terraform_data.note"]);

        scenario.set_variable("text", &json!("ho"));
        let plan = scenario.plan().await.unwrap();
        assert_eq!(plan.action("terraform_data.note"), Some(Action::Update));
        assert_eq!(plan.changed_attributes("terraform_data.note"), ["input", "output"]);
        let failed = scenario.must_be_settled().await.unwrap_err();
        assert!(
            failed.says("is not empty after an apply: update terraform_data.note (input, output)"),
            "{failed}"
        );
        scenario.apply_saved(&plan).await.unwrap();
        scenario.must_be_settled().await.unwrap();

        scenario.write("main.tf", &MAIN.replace("\"one\"", "\"two\"")).unwrap();
        let plan = scenario.plan().await.unwrap();
        assert_eq!(plan.action("terraform_data.note"), Some(Action::Replace));
        assert_eq!(plan.replaced_by("terraform_data.note"), ["triggers_replace"]);
        assert!(scenario.plan_refresh_only().await.unwrap().drifted().is_empty());

        scenario.destroy().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_is_compared_with_the_state() {
    for host in hosts().await {
        let mut scenario = Scenario::new(&host, &Origin::BuiltIn).unwrap();
        scenario.write("main.tf", MAIN).unwrap();
        scenario.set_variable("text", &json!("hi"));
        scenario.init().await.unwrap();
        scenario.apply().await.unwrap();
        let id = scenario.attributes("terraform_data.note").await.unwrap()["id"].as_str().unwrap().to_owned();
        let failed = scenario.import_equals_state("terraform_data.note", &id, &["input"]).await.unwrap_err();
        assert!(
            failed.says("terraform_data.note differs from the state in output, triggers_replace"),
            "{failed}"
        );
        let except = ["input", "output", "triggers_replace"];
        scenario.import_equals_state("terraform_data.note", &id, &except).await.unwrap();
        scenario.must_be_settled().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_found_however_the_host_breaks_their_lines() {
    for host in hosts().await {
        let scenario = Scenario::new(&host, &Origin::BuiltIn).unwrap().env("TF_VAR_text", "hi");
        let long = "a sentence that is so long that the host breaks it into several lines inside of the box that it draws";
        let check = format!(
            "lifecycle {{\n precondition {{\n condition = var.text == \"\"\n error_message = {long:?}\n }}\n}}\n}}"
        );
        scenario.write("main.tf", &MAIN.replace("\"one\"\n}", &format!("\"one\"\n{check}"))).unwrap();
        scenario.init().await.unwrap();
        let failed = scenario.plan().await.unwrap_err();
        assert!(failed.says(long), "{failed}");
        assert!(!failed.says("something else"));
        assert!(scenario.transcript().contains("$ plan"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_traced_scenario_keeps_its_logs_and_nothing_of_the_users_environment() {
    for host in hosts().await {
        let scenario =
            Scenario::new(&host, &Origin::BuiltIn).unwrap().traced().env("TF_VAR_text", "canary-8f14");
        scenario.write("main.tf", MAIN).unwrap();
        scenario.init().await.unwrap();
        scenario.apply().await.unwrap();
        assert!(scenario.logs().unwrap().contains("[TRACE]"));
        // The host itself logs values that are not sensitive.
        let places = scenario.find("canary-8f14").unwrap();
        for place in ["logs/", "transcript", "work/terraform.tfstate"] {
            assert!(places.iter().any(|found| found.starts_with(place)), "{place}: {places:?}");
        }
        assert!(scenario.find("canary-0000").unwrap().is_empty());
        let directory = scenario.keep();
        assert!(directory.join("work/terraform.tfstate").is_file());
        std::fs::remove_dir_all(directory).unwrap();
    }
}

/// Creates a program that prints one line and ends.
fn script(path: PathBuf, says: &str) -> PathBuf {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, format!("#!/bin/sh\necho '{says}'\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

const FOREIGN: &str = r#"
terraform {
  required_providers {
    fake = { source = "example.com/acme/fake" }
  }
}

resource "fake_thing" "a" {}
"#;

#[tokio::test(flavor = "multi_thread")]
async fn an_overridden_provider_is_started_without_init() {
    for host in hosts().await {
        let directory = tempfile::tempdir().unwrap();
        script(directory.path().join("terraform-provider-fake"), "not a handshake");
        let address = "example.com/acme/fake".to_owned();
        let origin = Origin::Override { address, directory: directory.path().to_owned() };
        let scenario = Scenario::new(&host, &origin).unwrap();
        scenario.write("main.tf", FOREIGN).unwrap();
        let failed = scenario.plan().await.unwrap_err();
        // The host may miss the line of a program that ends immediately, but not that the program is not a provider.
        assert!(failed.says("Unrecognized remote plugin message"), "{failed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mirrored_provider_is_installed_by_init() {
    let system = if cfg!(target_os = "macos") { "darwin" } else { std::env::consts::OS };
    let machine = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    for host in hosts().await {
        let mirror = tempfile::tempdir().unwrap();
        let package = format!("example.com/acme/fake/1.2.3/{system}_{machine}");
        script(mirror.path().join(package).join("terraform-provider-fake_v1.2.3"), "not a handshake");
        let scenario = Scenario::new(&host, &Origin::Mirror { directory: mirror.path().to_owned() }).unwrap();
        scenario.write("main.tf", FOREIGN).unwrap();
        let output = scenario.init().await.unwrap();
        assert!(output.says("example.com/acme/fake v1.2.3"), "{}", output.words());
        assert!(scenario.work().join(".terraform.lock.hcl").is_file());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_requested_host_is_found_or_the_reason_is_reported() {
    let directory = tempfile::tempdir().unwrap();
    let binary = |name: &str, says: &str| script(directory.path().join(name), says);
    let none = Search { path: OsString::from("/nonexistent"), ..Search::default() };
    let reason = "neither terraform nor tofu found in PATH";
    assert_eq!(none.hosts().await, Err(NoHost::Skipped(reason.to_owned())));
    let required = Search { required: true, ..none.clone() };
    assert_eq!(required.hosts().await, Err(NoHost::Failed(reason.to_owned())));
    let preferred = Search { preferred: Some("tofu".into()), ..none.clone() };
    assert_eq!(preferred.hosts().await, Err(NoHost::Failed("host binary tofu not found".to_owned())));

    let tofu = binary("tofu", "OpenTofu v1.10.2-rc1");
    let terraform = binary("terraform", "Terraform v1.5.7");
    let listed = std::env::join_paths([&tofu, &terraform]).unwrap();
    let search = Search { listed: Some(listed), ..none };
    let shown: Vec<String> = search.hosts().await.unwrap().iter().map(Host::to_string).collect();
    assert_eq!(shown, ["OpenTofu 1.10.2", "Terraform 1.5.7"]);

    let path = Search { path: directory.path().into(), ..Search::default() };
    let hosts = path.hosts().await.unwrap();
    assert_eq!((hosts[0].to_string().as_str(), hosts[0].is_at_least(1, 6)), ("Terraform 1.5.7", false));
}

/// One step that ends immediately, and one that does not end by itself.
const ENDLESS: &str = r#"
resource "terraform_data" "quick" {}

resource "terraform_data" "endless" {
  depends_on = [terraform_data.quick]
  provisioner "local-exec" {
    command = "touch begun; exec sleep 60"
  }
}
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_command_can_be_interrupted_in_each_way_and_its_results_are_kept() {
    type Cut = fn(&Running<'_>) -> std::io::Result<()>;
    let cuts: &[(Cut, &str)] = &[
        (|running| running.interrupt(), "Interrupt received."),
        (|running| running.kill(), "apply -auto-approve: signal: 9 (SIGKILL)"),
        #[cfg(target_os = "linux")]
        (|running| running.kill_provider(), "signal: killed"),
    ];
    for host in hosts().await {
        for (cut, says) in cuts {
            let scenario = Scenario::new(&host, &Origin::BuiltIn).unwrap();
            scenario.write("main.tf", ENDLESS).unwrap();
            scenario.init().await.unwrap();
            let mut running = scenario.start(&["apply", "-auto-approve"]).unwrap();
            let begun = scenario.work().join("begun");
            running.until(async || begun.exists()).await.unwrap();
            running.until_it_says("terraform_data.quick: Creation complete").await.unwrap();
            cut(&running).unwrap();
            let failed = running.wait().await.unwrap_err();
            assert!(failed.to_string().contains(says), "{failed}");
            assert!(scenario.transcript().contains("$ apply -auto-approve"));
            assert!(scenario.addresses().await.unwrap().contains(&"terraform_data.quick".to_owned()));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_a_missing_effect_ends_with_the_command() {
    for host in hosts().await {
        let scenario = Scenario::new(&host, &Origin::BuiltIn).unwrap();
        let mut running = scenario.start(&["version"]).unwrap();
        let failed = running.until_it_says("something else").await.unwrap_err();
        assert!(failed.says("ended before its expected effect"), "{failed}");
        assert!(running.kill().is_err(), "a process that has ended is not killed");
        running.wait().await.unwrap();
    }
}
