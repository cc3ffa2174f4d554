//! What works with which version of Terraform and OpenTofu: the tables of `docs/guides/hosts.md`.
//!
//! Each feature runs under each host, also where the host does not have it: there, it must fail. So the versions in the
//! page are results, and not claims.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use tfkit_test::scenario::{Failed, Plan, Product};
use tfkit_test::{Action, Host, Scenario};
use tokio::task::JoinSet;

use crate::world::{World, hosts, scenario, writes_the_page};

/// A feature of the provider that depends on the host.
struct Feature {
    name: &'static str,
    /// First version of Terraform that has it.
    terraform: Option<(u32, u32)>,
    /// First version of OpenTofu that has it.
    tofu: Option<(u32, u32)>,
    check: Check,
}

#[derive(Clone, Copy)]
enum Check {
    Schema,
    LifeCycle,
    Import,
    ImportBlock,
    GeneratedConfiguration,
    MockedTest,
    Functions,
    Move,
    Ephemeral,
    WriteOnly,
    Identity,
    ImportByIdentity,
    Query,
    GeneratedByQuery,
    Actions,
}

const fn feature(
    name: &'static str,
    terraform: Option<(u32, u32)>,
    tofu: Option<(u32, u32)>,
    check: Check,
) -> Feature {
    Feature { name, terraform, tofu, check }
}

const FEATURES: [Feature; 15] = [
    feature("schema for editors and tools", Some((1, 0)), Some((1, 6)), Check::Schema),
    feature("create, empty plan, update, destroy", Some((1, 0)), Some((1, 6)), Check::LifeCycle),
    feature("`import` command", Some((1, 0)), Some((1, 6)), Check::Import),
    feature("`import` blocks", Some((1, 5)), Some((1, 6)), Check::ImportBlock),
    feature("`plan -generate-config-out`", Some((1, 5)), Some((1, 6)), Check::GeneratedConfiguration),
    feature("`test` with mocks", Some((1, 7)), Some((1, 8)), Check::MockedTest),
    feature("functions", Some((1, 8)), Some((1, 7)), Check::Functions),
    feature("`moved` from another provider address", Some((1, 1)), Some((1, 6)), Check::Move),
    feature("ephemeral resources", Some((1, 10)), Some((1, 11)), Check::Ephemeral),
    feature("write-only arguments", Some((1, 11)), Some((1, 11)), Check::WriteOnly),
    feature("identities in the state", Some((1, 12)), Some((1, 12)), Check::Identity),
    feature("`import` blocks with an identity", Some((1, 12)), Some((1, 12)), Check::ImportByIdentity),
    feature("`query`", Some((1, 14)), None, Check::Query),
    feature("`query -generate-config-out`", Some((1, 14)), None, Check::GeneratedByQuery),
    feature("actions", Some((1, 14)), None, Check::Actions),
];

impl Feature {
    fn is_in(&self, host: &Host) -> bool {
        let since = match host.product() {
            Product::Terraform => self.terraform,
            Product::OpenTofu => self.tofu,
        };
        since.is_some_and(|(major, minor)| host.is_at_least(major, minor))
    }

    /// Returns its columns before those of the hosts.
    fn since(&self) -> String {
        let version = |since: Option<(u32, u32)>| {
            since.map_or_else(|| "–".to_owned(), |(major, minor)| format!("{major}.{minor}"))
        };
        format!("| {} | {} | {} |", self.name, version(self.terraform), version(self.tofu))
    }
}

const TEAM: &str = "resource \"zenml_team\" \"it\" {\n  name    = \"builders\"\n  members = []\n}\n";

/// A workspace and objects in it.
const OBJECTS: &str = r#"
resource "zenml_workspace" "it" {
  name                = "alpha"
  deletion_protection = false
}

resource "zenml_project" "it" {
  workspace_id = zenml_workspace.it.id
  name         = "vision"
}

resource "zenml_stack_component" "it" {
  workspace_id  = zenml_workspace.it.id
  name          = "images"
  type          = "container_registry"
  flavor        = "default"
  configuration = { uri = "registry.example.com" }
}

resource "zenml_secret" "it" {
  workspace_id = zenml_workspace.it.id
  name         = "login"
  values       = { password = "canary" }
}
"#;

/// Why a host does not have a feature.
struct Refused(String);

impl From<Failed> for Refused {
    fn from(failed: Failed) -> Self {
        Self(failed.to_string())
    }
}

/// Runs a feature. A wrong result of a host that has it is a panic.
async fn run(check: Check, world: &World, host: &mut Scenario) -> Result<(), Refused> {
    match check {
        Check::Schema => schema(host).await,
        Check::LifeCycle => life_cycle(host).await,
        Check::Import => import(host).await,
        Check::ImportBlock => import_block(world, host, TEAM).await,
        Check::GeneratedConfiguration => import_block(world, host, "").await,
        Check::MockedTest => mocked_test(host).await,
        Check::Functions => functions(host).await,
        Check::Move => moved(host).await,
        Check::Ephemeral => ephemeral(world, host).await,
        Check::WriteOnly => write_only(world, host).await,
        Check::Identity => identity(host).await,
        Check::ImportByIdentity => import_by_identity(world, host).await,
        Check::Query => query(world, host, &[]).await,
        Check::GeneratedByQuery => query(world, host, &["-generate-config-out=generated.tf"]).await,
        Check::Actions => actions(host).await,
    }
}

async fn schema(host: &Scenario) -> Result<(), Refused> {
    let output = host.run(&["providers", "schema", "-json"]).await?;
    let schema: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    let providers = schema["provider_schemas"].as_object().unwrap();
    let (_, ours) = providers.iter().find(|(name, _)| name.ends_with("zenml-io/zenml")).unwrap();
    assert!(ours["resource_schemas"]["zenml_stack"].is_object());
    Ok(())
}

async fn life_cycle(host: &Scenario) -> Result<(), Refused> {
    let objects = format!("{TEAM}{OBJECTS}");
    host.write("main.tf", &objects).unwrap();
    host.apply().await?;
    host.write("main.tf", &objects.replace("registry.example.com", "images.example.com")).unwrap();
    let plan = host.apply().await?;
    assert_eq!(plan.changed().into_values().collect::<Vec<_>>(), [Action::Update]);
    host.destroy().await?;
    Ok(())
}

async fn import(host: &Scenario) -> Result<(), Refused> {
    host.write("main.tf", &format!("{TEAM}{OBJECTS}")).unwrap();
    host.apply().await?;
    let id = |attributes: serde_json::Value| attributes["id"].as_str().unwrap().to_owned();
    let (team, project) =
        (host.attributes("zenml_team.it").await?, host.attributes("zenml_project.it").await?);
    let workspace = project["workspace_id"].as_str().unwrap().to_owned();
    host.import_equals_state("zenml_team.it", &id(team), &[]).await?;
    Ok(host.import_equals_state("zenml_project.it", &format!("{workspace}/{}", id(project)), &[]).await?)
}

/// Imports a team that exists; without a resource, the host generates it.
async fn import_block(world: &World, host: &Scenario, resource: &str) -> Result<(), Refused> {
    let id = world.team("builders").await;
    let block = format!("import {{\n  to = zenml_team.it\n  id = \"{id}\"\n}}\n");
    host.write("main.tf", &format!("{block}{resource}")).unwrap();
    let options: &[&str] = if resource.is_empty() { &["-generate-config-out=generated.tf"] } else { &[] };
    let plan = host.plan_with(options).await?;
    only_imports(&plan, 1);
    host.apply_saved(&plan).await?;
    Ok(host.must_be_settled().await?)
}

/// Checks that a plan imports objects and changes nothing.
fn only_imports(plan: &Plan, count: usize) {
    assert_eq!(plan.changed().len(), 0, "{}", plan.summary());
    assert_eq!(plan.imports().len(), count, "{}", plan.summary());
}

async fn mocked_test(host: &Scenario) -> Result<(), Refused> {
    host.write("main.tf", &format!("{TEAM}{OBJECTS}")).unwrap();
    let assertion = "assert {\n    condition     = zenml_project.it.workspace_id == zenml_workspace.it.id\n    \
                     error_message = \"Another workspace.\"\n  }";
    let test = format!("mock_provider \"zenml\" {{}}\nrun \"applies\" {{\n  {assertion}\n}}\n");
    host.write("mocked.tftest.hcl", &test).unwrap();
    let output = host.run(&["test"]).await?;
    // Before Terraform 1.6, the command exists and finds no tests.
    if output.says("1 passed, 0 failed") { Ok(()) } else { Err(Refused(output.words())) }
}

async fn functions(host: &Scenario) -> Result<(), Refused> {
    let call = "provider::zenml::secret_reference(\"login\", \"password\")";
    host.write("main.tf", &format!("output \"reference\" {{\n  value = {call}\n}}\n")).unwrap();
    host.apply().await?;
    assert_eq!(host.output("reference").await?, "{{login.password}}");
    Ok(())
}

/// Takes over a team from a provider with another address, as from a fork.
async fn moved(host: &mut Scenario) -> Result<(), Refused> {
    host.write("main.tf", TEAM).unwrap();
    host.apply().await?;
    let file = host.work().join("terraform.tfstate");
    let state = fs::read_to_string(&file).unwrap();
    fs::write(&file, state.replace("zenml-io/zenml", "acme/zenml")).unwrap();
    let folder = Path::new(env!("CARGO_BIN_EXE_terraform-provider-zenml")).parent().unwrap();
    let folder = folder.display().to_string();
    let both = ["zenml-io/zenml", "acme/zenml"].map(|address| format!("    {address:?} = {folder:?}\n"));
    let overrides = both.concat();
    host.write("both.tfrc", &format!("provider_installation {{\n  dev_overrides {{\n{overrides}  }}\n}}\n"))
        .unwrap();
    host.set_env("TF_CLI_CONFIG_FILE", host.work().join("both.tfrc").display().to_string());
    let moved = "moved {\n  from = zenml_team.it\n  to   = zenml_team.ours\n}\n";
    host.write("main.tf", &format!("{}{moved}", TEAM.replace("\"it\"", "\"ours\""))).unwrap();
    let plan = host.plan().await?;
    assert_eq!(
        plan.actions().into_iter().collect::<Vec<_>>(),
        [("zenml_team.ours".to_owned(), Action::NoOp)]
    );
    host.apply_saved(&plan).await?;
    Ok(host.must_be_settled().await?)
}

/// A token that exists only during a run configures the provider of a project.
async fn ephemeral(world: &World, host: &mut Scenario) -> Result<(), Refused> {
    let workspace = world.workspace("alpha").await;
    let main = format!(
        "ephemeral \"zenml_access_token\" \"it\" {{\n  workspace_id = \"{workspace}\"\n}}\n\nprovider \"zenml\" {{\n  \
         alias      = \"short\"\n  server_url = ephemeral.zenml_access_token.it.url\n  api_token  = \
         ephemeral.zenml_access_token.it.token\n}}\n\nresource \"zenml_project\" \"it\" {{\n  provider = \
         zenml.short\n  name     = \"vision\"\n}}\n"
    );
    host.write("main.tf", &main).unwrap();
    host.apply().await?;
    host.destroy().await?;
    Ok(())
}

async fn write_only(world: &World, host: &mut Scenario) -> Result<(), Refused> {
    let workspace = world.workspace("alpha").await;
    let main = format!(
        "resource \"zenml_secret\" \"it\" {{\n  workspace_id      = \"{workspace}\"\n  name              = \
         \"login\"\n  values_wo         = {{ password = \"canary\" }}\n  values_wo_version = 1\n}}\n"
    );
    host.write("main.tf", &main).unwrap();
    host.apply().await?;
    assert!(!fs::read_to_string(host.work().join("terraform.tfstate")).unwrap().contains("canary"));
    host.destroy().await?;
    Ok(())
}

/// The state has the identity of a team.
async fn identity(host: &Scenario) -> Result<(), Refused> {
    host.write("main.tf", TEAM).unwrap();
    host.apply().await?;
    let state = fs::read_to_string(host.work().join("terraform.tfstate")).unwrap();
    if state.contains("\"identity\": {") { Ok(()) } else { Err(Refused(state)) }
}

async fn import_by_identity(world: &World, host: &Scenario) -> Result<(), Refused> {
    let (id, organization) = (world.team("builders").await, world.organization());
    let identity = format!("{{ id = \"{id}\", organization_id = \"{organization}\" }}");
    let block = format!("import {{\n  to       = zenml_team.it\n  identity = {identity}\n}}\n");
    host.write("main.tf", &format!("{block}{TEAM}")).unwrap();
    let plan = host.plan().await?;
    only_imports(&plan, 1);
    host.apply_saved(&plan).await?;
    Ok(host.must_be_settled().await?)
}

async fn query(world: &World, host: &Scenario, options: &[&str]) -> Result<(), Refused> {
    for name in ["builders", "operators", "reviewers"] {
        world.team(name).await;
    }
    let list = "list \"zenml_team\" \"all\" {\n  provider = zenml\n\n  config {\n    name_prefix = \"build\"\n  }\n}\n";
    host.write("search.tfquery.hcl", list).unwrap();
    let found = host.query(options).await?;
    assert_eq!(found.names("list.zenml_team.all"), ["builders"]);
    if options.is_empty() {
        return Ok(());
    }
    let plan = host.plan().await?;
    only_imports(&plan, 1);
    host.apply_saved(&plan).await?;
    Ok(host.must_be_settled().await?)
}

async fn actions(host: &Scenario) -> Result<(), Refused> {
    let action = "action \"zenml_deactivate_workspace\" \"it\" {\n  config {\n    workspace_id = \
                  zenml_workspace.it.id\n  }\n}\n";
    let workspace = OBJECTS.split("\n\n").next().unwrap();
    host.write("main.tf", &format!("{workspace}\n\n{action}")).unwrap();
    host.apply().await?;
    let told = host.invoke("action.zenml_deactivate_workspace.it").await?;
    assert!(told.says("Workspace \"alpha\" is deactivated"), "{}", told.words());
    Ok(())
}

/// Returns whether a feature works with a host, and panics if that is not what the page says.
async fn works(feature: &Feature, host: &Host) -> bool {
    let world = World::start().await;
    let mut scenario = scenario(host)
        .env("ZENML_CONTROL_PLANE_URL", world.platform.url())
        .env("ZENML_SERVICE_ACCOUNT_KEY", world.key());
    let result = run(feature.check, &world, &mut scenario).await;
    let (name, since) = (feature.name, feature.since());
    match &result {
        Ok(()) => assert!(feature.is_in(host), "{name} works with {host}, but the table says {since}"),
        Err(Refused(why)) => assert!(!feature.is_in(host), "{name} fails with {host}: {why}"),
    }
    world.stop().await;
    result.is_ok()
}

/// Returns the results of all features under a host, a few at the same time.
async fn results(host: &Host) -> Vec<bool> {
    let mut results = vec![false; FEATURES.len()];
    let mut running = JoinSet::new();
    let mut waiting = FEATURES.iter().enumerate();
    loop {
        while running.len() < 3 {
            let Some((index, feature)) = waiting.next() else { break };
            let host = host.clone();
            running.spawn(async move { (index, works(feature, &host).await) });
        }
        let Some(finished) = running.join_next().await else { return results };
        let (index, works) = finished.unwrap();
        results[index] = works;
    }
}

/// Returns the table of the page.
fn table(hosts: &[(Host, Vec<bool>)]) -> String {
    let mut text = String::from("| | Terraform from | OpenTofu from |");
    for (host, _) in hosts {
        let _ = write!(text, " {host} |");
    }
    text += "\n|---|---|---|";
    text += &"---|".repeat(hosts.len());
    for (index, feature) in FEATURES.iter().enumerate() {
        let _ = write!(text, "\n{}", feature.since());
        for (_, results) in hosts {
            let _ = write!(text, " {} |", if results[index] { "yes" } else { "–" });
        }
    }
    text + "\n"
}

#[tokio::test(flavor = "multi_thread")]
async fn each_feature_works_with_exactly_the_hosts_that_have_it() {
    let mut all = Vec::new();
    for host in hosts().await {
        let results = results(&host).await;
        all.push((host, results));
    }
    let table = table(&all);
    println!("{table}");
    if writes_the_page() {
        fs::write(page(), with_table(&fs::read_to_string(page()).unwrap(), &table)).unwrap();
    }
}

/// Returns the page with another table in the place of the one that has the features.
fn with_table(page: &str, table: &str) -> String {
    let (before, rest) = page.split_once("| | Terraform from |").expect("the page has the table");
    let (_, after) = rest.split_once("\n\n").expect("a blank line ends the table");
    format!("{before}{table}\n{after}")
}

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guides/hosts.md")
}

#[test]
fn the_page_of_the_hosts_lists_each_feature_with_its_versions() {
    let page = fs::read_to_string(page()).unwrap();
    for feature in &FEATURES {
        assert!(page.contains(&feature.since()), "run `make hosts`: the page has no row {}", feature.since());
    }
}
