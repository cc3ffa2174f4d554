//! A Terraform or OpenTofu that installs the provider like users do: by `init`, from a filesystem mirror.
//!
//! It does not read or write the user's setup: no `~/.terraformrc`, no plugin cache, no `TF_*` variables.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tfkit_test::{Host, Origin, Scenario};

use crate::Failure;

/// Address of the provider below the host's registry.
const PROVIDER: &str = "zenml-io/zenml";
/// Default registries of source addresses without a host: those of Terraform and of OpenTofu.
const REGISTRIES: [&str; 2] = ["registry.terraform.io", "registry.opentofu.org"];

/// A host with a configuration.
#[derive(Debug)]
pub struct Terraform {
    scenario: Scenario,
    mirror: PathBuf,
}

impl Terraform {
    /// Installs the provider binary into a mirror in `home`, and creates an empty folder for the configuration.
    pub fn new(host: &Host, home: &Path, provider: &Path) -> Result<Self, Failure> {
        let mirror = home.join("mirror");
        for registry in REGISTRIES {
            install(provider, &mirror.join(registry).join(PROVIDER))?;
        }
        let scenario =
            Scenario::new(host, &Origin::Mirror { directory: mirror.clone() }).map_err(|error| {
                Failure::new(format!("cannot create a folder for the configuration: {error}"))
            })?;
        Ok(Self { scenario, mirror })
    }

    /// Sets an input variable of the configuration for all later commands.
    pub fn set(&mut self, name: &str, value: &str) {
        self.scenario.set_variable(name, &Value::from(value));
    }

    /// Writes a file of the configuration.
    pub fn write(&self, file: &str, content: &str) -> Result<(), Failure> {
        self.scenario
            .write(file, content)
            .map_err(|error| Failure::new(format!("cannot write {file} of the configuration: {error}")))
    }

    /// Returns the folder of the configuration and its state.
    pub fn directory(&self) -> PathBuf {
        self.scenario.work()
    }

    /// Returns the folder in which the provider is installed.
    pub fn mirror(&self) -> &Path {
        &self.mirror
    }

    /// Returns the host.
    pub fn host(&self) -> &Host {
        self.scenario.host()
    }

    /// Returns the variables to export in a shell to get the same environment.
    pub fn exports(&self) -> Vec<(&str, &str)> {
        self.scenario
            .environment()
            .filter(|(name, _)| name.starts_with("TF_CLI") || name.starts_with("TF_VAR"))
            .collect()
    }

    /// Runs a command that must succeed. Returns its output.
    pub async fn succeed(&self, arguments: &[&str]) -> Result<String, Failure> {
        self.scenario.run(arguments).await.map(|output| output.stdout).map_err(|failed| self.failure(&failed))
    }

    /// Runs a plan that must be empty, according to the host's exit code.
    pub async fn expect_empty_plan(&self, options: &[&str]) -> Result<(), Failure> {
        let arguments = [&["plan", "-detailed-exitcode"], options].concat();
        self.scenario
            .run(&arguments)
            .await
            .map(drop)
            .map_err(|failed| Failure::new(format!("the plan should be empty\n{}", self.failure(&failed))))
    }

    /// Returns the value of every output, by name.
    pub async fn outputs(&self) -> Result<Value, Failure> {
        let text = self.succeed(&["output", "-json"]).await?;
        let mut outputs: Value = serde_json::from_str(&text)
            .map_err(|error| Failure::new(format!("`output -json` did not print valid JSON: {error}")))?;
        if let Some(all) = outputs.as_object_mut() {
            for output in all.values_mut() {
                *output = output["value"].take();
            }
        }
        Ok(outputs)
    }

    /// Keeps the configuration and its state.
    pub fn keep(self) {
        self.scenario.keep();
    }

    fn failure(&self, failed: &dyn std::fmt::Display) -> Failure {
        Failure::new(format!("{} {}", self.host(), failed.to_string().trim_end()))
    }
}

/// Installs the provider binary into a filesystem mirror: `VERSION/OS_ARCH/terraform-provider-NAME_vVERSION`.
fn install(provider: &Path, package: &Path) -> Result<(), Failure> {
    let version = env!("CARGO_PKG_VERSION");
    let directory = package.join(version).join(platform());
    let installed = directory.join(format!("terraform-provider-zenml_v{version}"));
    fs::create_dir_all(&directory)
        // A hard link is fast, but not possible across file systems.
        .and_then(|()| fs::hard_link(provider, &installed).or_else(|_| fs::copy(provider, &installed).map(drop)))
        .map_err(|error| {
            Failure::new(format!(
                "cannot install the provider {} as {}: {error}\nBuild it first:\n  cargo build --bin terraform-provider-zenml",
                provider.display(),
                installed.display()
            ))
        })
}

/// Returns operating system and processor, as Terraform names them.
fn platform() -> String {
    let system = if cfg!(target_os = "macos") { "darwin" } else { std::env::consts::OS };
    let processor = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("{system}_{processor}")
}
