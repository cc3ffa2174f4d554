//! Interrupted runs: by Ctrl-C, by killing the provider, and by killing host and provider.

use std::fmt::Write as _;
use std::fs;

use serde_json::{Value as Json, json};
use tfkit_test::scenario::{Failed, Product, Running};
use tfkit_test::{Action, Scenario};
use zenml_api::control::workspace::WorkspaceStatus;

use crate::relay::Relay;
use crate::server::{Server, on_each_server};
use crate::world::under_each_host;

/// How many objects a host creates at the same time.
const PARALLEL: usize = 10;

/// Identical components.
fn components(count: usize) -> String {
    format!(
        "resource \"zenml_stack_component\" \"c\" {{\n  count  = {count}\n  name   = \"${{var.prefix}}-${{count.index}}\"\n  \
         type   = \"artifact_store\"\n  flavor = \"local\"\n}}\n"
    )
}

/// A server whose responses can be held back, configured for the provider of a scenario.
async fn relayed(server: &Server, host: &mut Scenario) -> Relay {
    let relay = Relay::to(server.url()).await;
    host.set_env("ZENML_SERVER_URL", relay.url());
    relay
}

/// Returns the sorted names of a scenario's components in its state; `None` while the host writes it.
fn in_state(host: &Scenario) -> Option<Vec<String>> {
    let written = fs::read(host.work().join("terraform.tfstate")).unwrap_or_default();
    let state: Json = if written.is_empty() { json!({}) } else { serde_json::from_slice(&written).ok()? };
    let resources = state["resources"].as_array().into_iter().flatten();
    let instances = resources.flat_map(|resource| resource["instances"].as_array().into_iter().flatten());
    let mut names: Vec<String> = instances
        .map(|instance| format!("component {}", instance["attributes"]["name"].as_str().unwrap()))
        .collect();
    names.sort();
    Some(names)
}

/// Returns the sorted names of a scenario's components in the state and on the server.
async fn names(server: &Server, host: &Scenario) -> [Vec<String>; 2] {
    [in_state(host).unwrap(), server.inventory().await]
}

/// Interrupts a run while responses are held back, and releases them when the provider has received the interrupt.
async fn interrupt(mut running: Running<'_>, host: &Scenario, relay: &Relay) -> Failed {
    running.until(async || relay.held() == PARALLEL).await.unwrap();
    running.interrupt().unwrap();
    let log = host.work().join("provider.log");
    let told = "Answered StopProvider";
    running.until(async || fs::read_to_string(&log).is_ok_and(|log| log.contains(told))).await.unwrap();
    fs::remove_file(log).unwrap();
    relay.release();
    running.wait().await.unwrap_err()
}

#[tokio::test]
async fn an_interrupt_lets_running_requests_finish_and_the_next_run_continues() {
    on_each_server(async |server, host| {
        let relay = relayed(server, host).await;
        host.set_env("TF_LOG_PROVIDER", "TRACE");
        host.set_env("TF_LOG_PATH", "provider.log");
        host.write("main.tf", &components(20)).unwrap();

        relay.hold("POST", "/components", 6);
        let running = host.start(&["apply", "-auto-approve"]).unwrap();
        let failed = interrupt(running, host, &relay).await;
        assert!(failed.says("execution halted"), "{failed}");
        let [in_state, there] = names(server, host).await;
        assert_eq!(in_state, there);
        assert_eq!(there.len(), 6 + PARALLEL);
        let plan = host.apply_unsettled().await.unwrap();
        let changes: Vec<Action> = plan.changed().into_values().collect();
        assert_eq!(changes, [Action::Create; 4], "{}", plan.summary());
        let plan = host.plan().await.unwrap();
        assert!(plan.is_empty(), "{}", plan.summary());
        assert_eq!(server.inventory().await.len(), 20);

        relay.hold("DELETE", "/components/", 6);
        let running = host.start(&["destroy", "-auto-approve"]).unwrap();
        let failed = interrupt(running, host, &relay).await;
        assert!(failed.says("execution halted"), "{failed}");
        let [in_state, there] = names(server, host).await;
        assert_eq!(in_state, there);
        assert_eq!(there.len(), 20 - 6 - PARALLEL);
        host.destroy().await.unwrap();
    })
    .await;
}

/// Whether the host writes created objects to the state file at once. OpenTofu 1.10 keeps them in memory for some
/// seconds.
fn writes_at_once(host: &Scenario) -> bool {
    host.host().product() == Product::Terraform
}

/// An apply of six components that is half done: three are answered, and two that the server has created are not.
async fn half_done<'a>(host: &'a Scenario, relay: &Relay) -> Running<'a> {
    host.write("main.tf", &components(6)).unwrap();
    relay.hold("POST", "/components", 3);
    let mut running = host.start(&["apply", "-auto-approve", "-parallelism=2"]).unwrap();
    running.until(async || relay.held() == 2).await.unwrap();
    if writes_at_once(host) {
        running.until(async || in_state(host).is_some_and(|names| names.len() == 3)).await.unwrap();
    }
    running
}

/// The addresses of created objects that are missing in the state, and their ids from the messages of the next apply.
async fn to_import(server: &Server, host: &mut Scenario, kept: usize) -> Vec<(String, String)> {
    host.set_env("ZENML_SERVER_URL", server.url());
    let [in_state, there] = names(server, host).await;
    assert_eq!((in_state.len(), there.len()), (kept, 5));
    let lost: Vec<&String> = there.iter().filter(|name| !in_state.contains(name)).collect();

    // Nothing has to be unlocked: the lock of a local state ends with its process.
    let failed = host.run(&["apply", "-auto-approve"]).await.unwrap_err();
    let commands = commands(&failed);
    let named: Vec<String> = commands.iter().map(|(name, _)| format!("component {name}")).collect();
    assert_eq!(named.iter().collect::<Vec<_>>(), lost, "{failed}");
    let address = |name: &str| format!("zenml_stack_component.c[{}]", name.rsplit('-').next().unwrap());
    commands.into_iter().map(|(name, id)| (address(&name), id)).collect()
}

/// The objects to import from messages: the sorted names of existing objects with their ids.
fn commands(failed: &Failed) -> Vec<(String, String)> {
    let words = failed.output().words();
    let command = |message: &str| {
        let (name, rest) = message.split_once("\" already exists")?;
        let (_, id) = rest.split_once("terraform import zenml_stack_component.NAME ")?;
        Some((name.to_owned(), id.split(' ').next()?.to_owned()))
    };
    let mut commands: Vec<_> =
        words.split("Error: Stack component \"").skip(1).map(|message| command(message).unwrap()).collect();
    commands.sort();
    commands
}

/// The imported objects match the configuration.
async fn is_as_configured(server: &Server, host: &Scenario) {
    let plan = host.plan().await.unwrap();
    assert!(plan.is_empty(), "{}", plan.summary());
    let [in_state, there] = names(server, host).await;
    assert_eq!(in_state, there);
    assert_eq!(there.len(), 6);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn objects_of_a_killed_provider_are_imported_by_the_command_in_the_next_error() {
    on_each_server(async |server, host| {
        let relay = relayed(server, host).await;
        let running = half_done(host, &relay).await;
        running.kill_provider().unwrap();
        let failed = running.wait().await.unwrap_err();
        assert!(failed.says("(*GRPCProvider).ApplyResourceChange"), "{failed}");
        for (address, id) in to_import(server, host, 3).await {
            host.import(&address, &id).await.unwrap();
        }
        is_as_configured(server, host).await;
        host.destroy().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn after_host_and_provider_are_killed_nothing_is_locked_and_an_apply_imports_the_latest_objects() {
    on_each_server(async |server, host| {
        if !host.host().is_at_least(1, 5) {
            return;
        }
        let relay = relayed(server, host).await;
        let running = half_done(host, &relay).await;
        running.kill().unwrap();
        let failed = running.wait().await.unwrap_err();
        assert!(failed.to_string().contains("signal: 9 (SIGKILL)"), "{failed}");
        let mut imports = String::new();
        let kept = if writes_at_once(host) { 3 } else { 0 };
        for (address, id) in to_import(server, host, kept).await {
            writeln!(imports, "import {{\n  to = {address}\n  id = \"{id}\"\n}}").unwrap();
        }
        host.write("imports.tf", &imports).unwrap();
        host.run(&["apply", "-auto-approve"]).await.unwrap();
        is_as_configured(server, host).await;
        host.destroy().await.unwrap();
    })
    .await;
}

/// Objects of many types, some of them with keys.
const MANY: &str = r#"
resource "zenml_workspace" "home" {
  name = "home"
}

resource "zenml_team" "t" {
  for_each = toset(["dev", "ml ops", "it's"])
  name     = each.key
  members  = ["ann@example.com"]
}

resource "zenml_project" "p" {
  workspace_id = zenml_workspace.home.id
  name         = "inside"
}

resource "zenml_secret" "s" {
  workspace_id = zenml_workspace.home.id
  name         = "token"
  values       = { token = "not-for-anybody" }
}

resource "zenml_tag" "t" {
  workspace_id = zenml_workspace.home.id
  name         = "gold"
  color        = "yellow"
}

resource "zenml_stack_component" "c" {
  for_each     = toset(["orchestrator", "artifact_store"])
  workspace_id = zenml_workspace.home.id
  name         = "one"
  type         = each.key
  flavor       = "local"
}

resource "zenml_stack" "s" {
  workspace_id = zenml_workspace.home.id
  name         = "both"
  components   = { for kind, component in zenml_stack_component.c : kind => component.id }
}

resource "zenml_workspace_role_assignment" "r" {
  workspace_id = zenml_workspace.home.id
  team_id      = zenml_team.t["dev"].id
  role         = "viewer"
}

resource "zenml_stack_role_assignment" "r" {
  workspace_id = zenml_workspace.home.id
  stack_id     = zenml_stack.s.id
  team_id      = zenml_team.t["ml ops"].id
  role         = "write"
}
"#;

/// The import blocks in the messages of an apply with `-json`, each with the address of its message.
fn blocks(failed: &Failed) -> String {
    let lines = failed.output().stdout.lines().filter_map(|line| serde_json::from_str::<Json>(line).ok());
    let block = |line: Json| {
        let diagnostic = &line["diagnostic"];
        let (_, block) = diagnostic["detail"].as_str()?.split_once("  import {\n")?;
        let (inside, _) = block.split_once("\n  }")?;
        let inside = inside.replace("ADDRESS", diagnostic["address"].as_str()?);
        Some(format!("import {{\n{inside}\n}}\n"))
    };
    lines.filter_map(block).collect()
}

/// As described in the guide "Recover a lost run".
#[tokio::test]
async fn a_lost_state_is_recovered_by_the_import_blocks_in_the_errors() {
    under_each_host(async |world, mut host| {
        if !host.host().is_at_least(1, 5) {
            return;
        }
        world.person("ann@example.com").await;
        host.write("main.tf", MANY).unwrap();
        host.apply().await.unwrap();
        let complete = world.platform.census().await.unwrap();
        host.destroy().await.unwrap();

        let relay = Relay::to(world.platform.url()).await;
        host.set_env("ZENML_CONTROL_PLANE_URL", relay.url());
        relay.hold("POST", "/assignments", 0);
        let mut running = host.start(&["apply", "-auto-approve"]).unwrap();
        running.until(async || relay.held() == 1).await.unwrap();
        running.kill().unwrap();
        running.wait().await.unwrap_err();
        host.set_env("ZENML_CONTROL_PLANE_URL", world.platform.url());
        for file in ["terraform.tfstate", "terraform.tfstate.backup"] {
            let _ = fs::remove_file(host.work().join(file));
        }

        let mut imports = String::new();
        let mut rounds = 0;
        while let Err(failed) = host.run(&["apply", "-auto-approve", "-json"]).await {
            let more = blocks(&failed);
            assert!(!more.is_empty(), "{failed}");
            assert!(rounds < 5, "{failed}");
            rounds += 1;
            imports += &more;
            host.write("recovered.tf", &imports).unwrap();
        }
        assert!(rounds > 0);
        assert_eq!(world.platform.census().await.unwrap(), complete);
        host.remove("recovered.tf").unwrap();
        let plan = host.plan().await.unwrap();
        assert!(plan.is_empty(), "{}", plan.summary());
        host.destroy().await.unwrap();
        world.stop().await;
    })
    .await;
}

#[tokio::test]
async fn an_interrupt_ends_the_wait_for_a_workspace_at_once_and_the_next_apply_continues() {
    under_each_host(async |world, host| {
        world.inject(json!({ "deployments": { "alpha": { "pending_seconds": 4 } } }));
        let main = "resource \"zenml_workspace\" \"a\" {\n  name = \"alpha\"\n}\n\nresource \"zenml_project\" \"p\" {\n  \
                    workspace_id = zenml_workspace.a.id\n  name = \"inside\"\n}\n";
        host.write("main.tf", main).unwrap();
        let mut running = host.start(&["apply", "-auto-approve"]).unwrap();
        running.until(async || world.find("alpha").await.is_some()).await.unwrap();
        running.interrupt().unwrap();
        let failed = running.wait().await.unwrap_err();
        let status = world.find("alpha").await.unwrap().status;
        assert_eq!(status, WorkspaceStatus::Pending, "the run continued until the workspace was available");
        for words in [
            "Workspace \"alpha\" is pending, not yet available",
            "the run was interrupted",
            "Nothing is lost: apply again to continue",
        ] {
            assert!(failed.says(words), "{words}: {failed}");
        }
        assert_eq!(host.addresses().await.unwrap(), ["zenml_workspace.a"]);
        let workspace = host.attributes("zenml_workspace.a").await.unwrap()["id"].clone();
        let plan = host.apply().await.unwrap();
        assert_eq!(plan.action("zenml_project.p"), Some(Action::Create));
        // A tainted workspace would have been replaced now.
        assert_eq!(host.attributes("zenml_workspace.a").await.unwrap()["id"], workspace);
        host.destroy().await.unwrap();
        world.stop().await;
    })
    .await;
}
