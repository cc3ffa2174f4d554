//! The real host: `terraform` or `tofu` plans, creates, updates, imports, reads and deletes a note.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Instant;

use serde_json::Value;

use crate::host::example_of;

/// Returns the hosts on the path. Without any, the tests of this file print that and pass.
#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test searches for programs and prints the result"
)]
pub(crate) fn hosts() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found: Vec<_> = ["terraform", "tofu"]
        .iter()
        .filter_map(|name| {
            std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
        })
        .collect();
    if found.is_empty() {
        println!("skipped: neither terraform nor tofu is on the path");
    }
    found
}

/// Returns the version of a Terraform binary, `None` for OpenTofu.
pub(crate) fn version(host: &Path) -> Option<(u32, u32)> {
    let output = Command::new(host).arg("version").env("CHECKPOINT_DISABLE", "1").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let (major, rest) = text.strip_prefix("Terraform v")?.split_once('.')?;
    let minor = rest.split_once('.')?.0;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// Returns the provider's name: the last part of its source address.
fn name_of(source: &str) -> &str {
    source.rsplit('/').next().unwrap_or(source)
}

/// A folder with a configuration, and a copy of the example with the name that hosts expect.
pub(crate) struct Project {
    host: PathBuf,
    /// Source address of the provider.
    source: &'static str,
    folder: tempfile::TempDir,
    /// Value of `TF_REATTACH_PROVIDERS`, if the host attaches to a running provider.
    attach: Option<String>,
}

impl Project {
    pub(crate) fn new(host: &Path) -> Self {
        Self::at(host, "echo", "example.com/tests/echo")
    }

    /// A project of an example provider, by the name of the example and the source address of the provider.
    pub(crate) fn at(host: &Path, example: &str, source: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let plugins = folder.path().join("plugins");
        fs::create_dir(&plugins).unwrap();
        fs::create_dir(folder.path().join("notes")).unwrap();
        let plugin = plugins.join(format!("terraform-provider-{}", name_of(source)));
        let binary = example_of(example);
        fs::hard_link(&binary, &plugin).or_else(|_| fs::copy(&binary, &plugin).map(|_| ())).unwrap();
        let settings = format!(
            "provider_installation {{\n  dev_overrides {{\n    \"{source}\" = \"{}\"\n  }}\n  direct \
             {{}}\n}}\n",
            plugins.display()
        );
        fs::write(folder.path().join("settings.tfrc"), settings).unwrap();
        Self { host: host.to_owned(), source, folder, attach: None }
    }

    /// A project whose host attaches to the example, which runs already, and finds it nowhere else.
    pub(crate) fn attached(host: &Path, variable: &str) -> Self {
        let project = Self::new(host);
        fs::remove_dir_all(project.folder.path().join("plugins")).unwrap();
        fs::write(project.folder.path().join("settings.tfrc"), "").unwrap();
        Self { attach: Some(variable.to_owned()), ..project }
    }

    pub(crate) fn configure(&self, body: &str) {
        self.configure_with("token = \"host-test-token\"", body);
    }

    /// Returns the folder that the provider block names.
    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.path().join("notes")
    }

    /// Writes a configuration: more arguments of the provider block, and all other blocks.
    pub(crate) fn configure_with(&self, arguments: &str, body: &str) {
        let (name, source, folder) = (name_of(self.source), self.source, self.folder());
        let head = format!(
            "terraform {{\n  required_providers {{\n    {name} = {{ source = \"{source}\" }}\n  }}\n}}\n\
             provider \"{name}\" {{\n  folder = \"{}\"\n  {arguments}\n}}\n",
            folder.display()
        );
        fs::write(self.folder.path().join("main.tf"), head + body).unwrap();
    }

    /// Runs the host, with any result.
    pub(crate) fn try_run(&self, arguments: &[&str]) -> Output {
        Command::new(&self.host)
            .args(arguments)
            .current_dir(self.folder.path())
            .env("TF_CLI_CONFIG_FILE", self.folder.path().join("settings.tfrc"))
            .env("CHECKPOINT_DISABLE", "1")
            .envs(self.attach.iter().map(|variable| ("TF_REATTACH_PROVIDERS", variable)))
            .output()
            .unwrap()
    }

    /// Runs the host. It must succeed.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let output = self.try_run(arguments);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?} failed: {text}\n{errors}");
        text
    }

    pub(crate) fn apply(&self) -> String {
        self.run(&["apply", "-no-color", "-input=false", "-auto-approve"])
    }

    /// Returns whether a plan would change anything.
    pub(crate) fn plan_changes(&self) -> bool {
        let output = self.try_run(&["plan", "-no-color", "-input=false", "-detailed-exitcode"]);
        match output.status.code() {
            Some(0) => false,
            Some(2) => true,
            _ => panic!("{}", String::from_utf8_lossy(&output.stderr)),
        }
    }

    pub(crate) fn attributes(&self, address: &str) -> Value {
        let state: Value = serde_json::from_str(&self.run(&["show", "-json"])).unwrap();
        let resources = state["values"]["root_module"]["resources"].as_array().cloned().unwrap_or_default();
        let found = resources.into_iter().find(|resource| resource["address"] == address);
        found.map_or(Value::Null, |resource| resource["values"].clone())
    }

    pub(crate) fn note(&self, name: &str) -> PathBuf {
        self.folder.path().join("notes").join(format!("{name}.note"))
    }
}

const NOTE: &str = "resource \"echo_note\" \"it\" {\n  name = \"first\"\n  text = \"hello\"\n}\n";

#[test]
fn hosts_read_the_schemas() {
    for host in hosts() {
        let project = Project::new(&host);
        project.configure("");
        let text = project.run(&["providers", "schema", "-json"]);
        let schemas: Value = serde_json::from_str(&text).unwrap();
        let provider = &schemas["provider_schemas"]["example.com/tests/echo"];
        let note = &provider["resource_schemas"]["echo_note"]["block"]["attributes"];
        assert_eq!(note["colour"]["optional"], true);
        assert_eq!(note["colour"]["computed"], true);
        assert_eq!(note["text"]["description_kind"], "markdown");
        assert_eq!(provider["provider"]["block"]["attributes"]["token"]["sensitive"], true);
        assert!(provider["data_source_schemas"]["echo_note"].is_object());
    }
}

#[test]
fn hosts_create_update_and_delete_an_object() {
    for host in hosts() {
        let project = Project::new(&host);
        project.configure(NOTE);
        assert!(project.apply().contains("1 added"));
        assert_eq!(
            project.attributes("echo_note.it"),
            serde_json::json!({ "id": "first", "name": "first", "text": "hello", "colour": "yellow", "length": 5 })
        );
        assert!(!project.plan_changes(), "a second plan must be empty");

        project.configure(&NOTE.replace("hello", "hello, world"));
        assert!(project.apply().contains("1 changed"));
        assert_eq!(project.attributes("echo_note.it")["length"], 12);

        // Changed and deleted without the host.
        fs::write(project.note("first"), "blue\nhello, world").unwrap();
        assert!(project.plan_changes(), "drift must be detected");
        fs::remove_file(project.note("first")).unwrap();
        assert!(project.apply().contains("1 added"));

        project.configure(&NOTE.replace("first", "second"));
        assert!(project.apply().contains("1 added, 0 changed, 1 destroyed"));
        assert!(project.note("second").exists() && !project.note("first").exists());

        project.run(&["destroy", "-no-color", "-auto-approve"]);
        assert!(!project.note("second").exists());
    }
}

#[test]
fn hosts_import_an_object_and_read_it_as_a_data_source() {
    for host in hosts() {
        let project = Project::new(&host);
        fs::write(project.note("first"), "yellow\nhello").unwrap();
        project.configure(&format!(
            "{NOTE}data \"echo_note\" \"it\" {{\n  name = \"first\"\n}}\noutput \"text\" {{\n  value = \
             data.echo_note.it.text\n}}\n"
        ));
        project.run(&["import", "-no-color", "echo_note.it", "first"]);
        project.apply();
        assert!(!project.plan_changes(), "an imported object must plan empty");
        assert_eq!(project.run(&["output", "-raw", "text"]), "hello");
    }
}

#[test]
fn hosts_show_errors_with_their_commands_unbroken() {
    for host in hosts() {
        let project = Project::new(&host);
        project.configure("data \"echo_note\" \"it\" {\n  name = \"absent\"\n}\n");
        let output = project.try_run(&["plan", "-no-color", "-input=false"]);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success());
        assert!(errors.contains("Error: No note \"absent\" found"), "{errors}");
        assert!(errors.contains("on main.tf line"), "the error must point at the attribute: {errors}");
    }
}

/// Returns whether a host is of this version or a later one, of Terraform and of OpenTofu.
fn is_at_least(host: &Path, terraform: (u32, u32), tofu: (u32, u32)) -> bool {
    let output = Command::new(host).arg("version").env("CHECKPOINT_DISABLE", "1").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (product, version) = text.lines().next().and_then(|line| line.split_once(" v")).unwrap();
    let mut numbers = version.split('.').map(|number| number.parse().unwrap_or_default());
    let version = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
    version >= if product == "OpenTofu" { tofu } else { terraform }
}

#[test]
fn hosts_call_functions_and_show_their_errors_at_the_argument() {
    for host in hosts().iter().filter(|host| is_at_least(host, (1, 8), (1, 7))) {
        let project = Project::new(host);
        let output = |call: &str| format!("output \"text\" {{\n  value = provider::echo::{call}\n}}\n");
        project.configure(&output("repeat(2, null, \"a\", \"b\")"));
        project.apply();
        assert_eq!(project.run(&["output", "-raw", "text"]), "abab");
        for (call, argument, problem) in [
            ("repeat(200, null, \"a\")", "\"times\"", "That is too often"),
            ("repeat(2, null, \"a\", \"\")", "\"texts\"", "must not be empty"),
        ] {
            project.configure(&output(call));
            let failed = project.try_run(&["validate", "-no-color"]);
            let errors = String::from_utf8_lossy(&failed.stderr).into_owned();
            assert!(!failed.status.success());
            assert!(errors.contains(&format!("value for {argument} parameter")), "{call}: {errors}");
            assert!(errors.contains(problem), "{call}: {errors}");
        }
    }
}

#[test]
fn hosts_renew_an_ephemeral_resource_while_it_is_in_use_and_store_none_of_it() {
    for host in hosts().iter().filter(|host| is_at_least(host, (1, 10), (1, 11))) {
        let project = Project::new(host);
        // The second provider block is configured with the ephemeral value, and its note waits for a renewal.
        project.configure(&format!(
            "ephemeral \"echo_visit\" \"it\" {{\n  name = \"ann\"\n}}\nprovider \"echo\" {{\n  alias  = \
             \"visitor\"\n  folder = \"{}\"\n  token  = ephemeral.echo_visit.it.password\n}}\nresource \"echo_note\" \
             \"it\" {{\n  provider = echo.visitor\n  name = \"first\"\n  text = \"wait for a renewal\"\n}}\n",
            project.folder.path().join("notes").display()
        ));
        project.run(&["plan", "-no-color", "-input=false", "-out=plan"]);
        assert!(project.note("end-of-visit-of-ann").exists(), "a plan closes it");
        fs::remove_file(project.note("end-of-visit-of-ann")).unwrap();
        let log = project.folder.path().join("trace.log");
        let applied = Command::new(host)
            .args(["apply", "-no-color", "-input=false", "plan"])
            .current_dir(project.folder.path())
            .env("TF_CLI_CONFIG_FILE", project.folder.path().join("settings.tfrc"))
            .envs([("CHECKPOINT_DISABLE", "1"), ("TF_LOG", "TRACE")])
            .env("TF_LOG_PATH", &log)
            .output()
            .unwrap();
        assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
        assert!(project.note("renewed").exists() && project.note("end-of-visit-of-ann").exists());
        assert!(!project.note("visit-of-ann").exists(), "nothing stays open");
        for file in ["trace.log", "terraform.tfstate", "plan"] {
            let bytes = fs::read(project.folder.path().join(file)).unwrap();
            let found = bytes.windows(15).any(|window| window == b"password-of-ann");
            assert!(!found, "{file} contains the password");
        }
    }
}

/// One plan starts several processes, so starting must be fast. With the two seconds that a host waits for a provider
/// that does not end, this would take far longer.
#[test]
fn hosts_do_not_wait_for_the_provider_to_start_or_end() {
    for host in hosts() {
        let project = Project::new(&host);
        project.configure(NOTE);
        let started = Instant::now();
        project.run(&["plan", "-no-color", "-input=false"]);
        let took = started.elapsed();
        assert!(took.as_secs() < 5, "a plan of one note took {took:?}");
    }
}

#[test]
fn hosts_move_objects_of_other_types() {
    for host in hosts() {
        // OpenTofu 1.10 has it too, with another output.
        if version(&host).is_none_or(|version| version < (1, 8)) {
            println!("skipped: {} does not move objects between types", host.display());
            continue;
        }
        let project = Project::new(&host);
        fs::write(project.note("first"), "yellow\nhello").unwrap();
        let data = |input: &str| format!("resource \"terraform_data\" \"it\" {{\n  input = {input}\n}}\n");
        project.configure(&data("\"first\""));
        project.apply();

        let moved = format!("{NOTE}moved {{\n  from = terraform_data.it\n  to   = echo_note.it\n}}\n");
        project.configure(&moved);
        let plan = project.run(&["plan", "-no-color", "-input=false"]);
        assert!(plan.contains("terraform_data.it has moved to echo_note.it"), "{plan}");
        assert!(plan.contains("0 to add, 0 to change, 0 to destroy"), "{plan}");
        project.apply();
        assert_eq!(project.attributes("echo_note.it")["text"], "hello");
        assert!(!project.plan_changes());

        // What is not described is refused with its reason.
        let refused = |body: &str| {
            project.configure(body);
            let output = project.try_run(&["plan", "-no-color", "-input=false"]);
            assert!(!output.status.success());
            String::from_utf8_lossy(&output.stderr).into_owned()
        };
        project.run(&["state", "rm", "echo_note.it"]);
        project.configure(&data("7"));
        project.apply();
        let errors = refused(&moved);
        assert!(errors.contains("The input of the terraform_data is not the name of a note"), "{errors}");
    }
}

#[test]
fn hosts_pass_the_provider_meta_of_a_module_to_its_objects() {
    for host in hosts() {
        let project = Project::new(&host);
        let meta = "terraform {\n  provider_meta \"echo\" {\n    signature = \"Ann\"\n  }\n}\n";
        project.configure(&format!("{NOTE}{meta}"));
        assert!(project.apply().contains("1 added"));
        assert_eq!(fs::read_to_string(project.note("first-signature")).unwrap(), "Ann");
        assert!(!project.plan_changes());
    }
}
