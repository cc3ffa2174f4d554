//! A Terraform or OpenTofu of its own: own provider mirror, own CLI configuration, own working directory.
//!
//! Nothing of the user's set-up is read or written: no `~/.terraformrc`, no plug-in cache, no `TF_*` variables.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::{Failure, environment};

/// Address of the provider below the host's registry.
const PROVIDER: &str = "zenml-io/zenml";
/// Registries that a source address without a host stands for: that of Terraform and that of OpenTofu.
const REGISTRIES: [&str; 2] = ["registry.terraform.io", "registry.opentofu.org"];

/// A binary of Terraform or OpenTofu with a configuration to work on.
#[derive(Debug)]
pub struct Terraform {
    binary: PathBuf,
    /// Folder that holds the mirror and the CLI configuration.
    home: PathBuf,
    /// Folder that holds the configuration and its state.
    directory: PathBuf,
    variables: Vec<(String, String)>,
}

/// What came of one command.
#[derive(Debug)]
pub struct Finished {
    /// Exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// What it printed, without colours.
    pub stdout: String,
    pub stderr: String,
}

impl Terraform {
    /// Prepares a host below `home`: installs the provider binary into a mirror, writes the CLI configuration, and
    /// makes an empty folder for the configuration to work on.
    pub fn new(home: &Path, provider: &Path) -> Result<Self, Failure> {
        let mirror = home.join("mirror");
        for registry in REGISTRIES {
            install(provider, &mirror.join(registry).join(PROVIDER))?;
        }
        let configuration = format!(
            "disable_checkpoint = true\n\nprovider_installation {{\n  filesystem_mirror {{\n    path = {}\n  }}\n}}\n",
            // A JSON string is an HCL string.
            Value::from(mirror.display().to_string()),
        );
        write(&home.join("terraform.rc"), &configuration)?;
        let directory = home.join("configuration");
        fs::create_dir_all(&directory)
            .map_err(|error| Failure::new(format!("cannot make {}: {error}", directory.display())))?;
        Ok(Self { binary: environment::terraform(), home: home.to_owned(), directory, variables: Vec::new() })
    }

    /// Sets an input variable of the configuration for all later commands.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.push((format!("TF_VAR_{name}"), value.to_owned()));
    }

    /// Writes a file of the configuration.
    pub fn write(&self, file: &str, content: &str) -> Result<(), Failure> {
        write(&self.directory.join(file), content)
    }

    /// Folder that holds the mirror, the CLI configuration and the working directory.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Folder that holds the configuration and its state.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// What a shell needs so that the same binary sees what these commands see, as `NAME=value` pairs.
    pub fn shell(&self) -> Vec<(String, String)> {
        let mut pairs =
            vec![("TF_CLI_CONFIG_FILE".to_owned(), self.home.join("terraform.rc").display().to_string())];
        pairs.extend(self.variables.iter().cloned());
        pairs
    }

    /// Name of the program, for the user's eyes.
    pub fn program(&self) -> String {
        self.binary.display().to_string()
    }

    /// Runs a command to its end, whatever its exit code.
    pub fn run(&self, arguments: &[&str]) -> Result<Finished, Failure> {
        let output = self.command(arguments).output().map_err(|error| {
            Failure::new(format!(
                "cannot start {}: {error}\nGet it, or choose another one with TERRAFORM=PATH:\n  scripts/terraform",
                self.binary.display()
            ))
        })?;
        Ok(Finished::from(output))
    }

    /// Runs a command that must succeed, and gives what it printed.
    pub fn succeed(&self, arguments: &[&str]) -> Result<String, Failure> {
        let finished = self.run(arguments)?;
        match finished.code {
            Some(0) => Ok(finished.stdout),
            _ => Err(self.failure(arguments, &finished)),
        }
    }

    /// Runs a plan that must find nothing to do.
    pub fn expect_empty_plan(&self, more: &[&str]) -> Result<(), Failure> {
        let arguments = [&["plan", "-detailed-exitcode"], more].concat();
        let finished = self.run(&arguments)?;
        match finished.code {
            Some(0) => Ok(()),
            Some(2) => Err(Failure::new(format!(
                "the plan should be empty, but it is not: {}\n{}",
                self.line(&arguments),
                finished.stdout.trim_end()
            ))),
            _ => Err(self.failure(&arguments, &finished)),
        }
    }

    /// The value of every output, by name.
    pub fn outputs(&self) -> Result<Value, Failure> {
        let text = self.succeed(&["output", "-json"])?;
        let mut outputs: Value = serde_json::from_str(&text)
            .map_err(|error| Failure::new(format!("`output -json` printed no JSON: {error}")))?;
        if let Some(all) = outputs.as_object_mut() {
            for output in all.values_mut() {
                *output = output["value"].take();
            }
        }
        Ok(outputs)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .current_dir(&self.directory)
            .env_clear()
            .envs(environment::inherited())
            .env("TF_CLI_CONFIG_FILE", self.home.join("terraform.rc"))
            .env("TF_IN_AUTOMATION", "1")
            .env("TF_INPUT", "0")
            .env("TF_CLI_ARGS", "-no-color")
            .env("CHECKPOINT_DISABLE", "1")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .args(arguments)
            .stdin(Stdio::null());
        command
    }

    fn line(&self, arguments: &[&str]) -> String {
        format!("{} {}", self.binary.display(), arguments.join(" "))
    }

    fn failure(&self, arguments: &[&str], finished: &Finished) -> Failure {
        let code = finished.code.map_or_else(|| "a signal".to_owned(), |code| format!("exit code {code}"));
        Failure::new(format!(
            "{} ended with {code}\n{}\n{}",
            self.line(arguments),
            finished.stdout.trim_end(),
            finished.stderr.trim_end()
        ))
    }
}

impl From<Output> for Finished {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Puts the provider binary where a filesystem mirror has it: `VERSION/OS_ARCH/terraform-provider-NAME_vVERSION`.
fn install(provider: &Path, package: &Path) -> Result<(), Failure> {
    let version = env!("CARGO_PKG_VERSION");
    let directory = package.join(version).join(platform());
    let installed = directory.join(format!("terraform-provider-zenml_v{version}"));
    fs::create_dir_all(&directory)
        // A hard link costs no time; across file systems there is none.
        .and_then(|()| fs::hard_link(provider, &installed).or_else(|_| fs::copy(provider, &installed).map(drop)))
        .map_err(|error| {
            Failure::new(format!(
                "cannot install the provider {} as {}: {error}\nBuild it first:\n  cargo build -p zenml-provider",
                provider.display(),
                installed.display()
            ))
        })
}

/// Operating system and processor, as Terraform names them.
fn platform() -> String {
    let system = if cfg!(target_os = "macos") { "darwin" } else { std::env::consts::OS };
    let processor = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("{system}_{processor}")
}

/// Writes a file, naming it when that fails.
fn write(path: &Path, content: &str) -> Result<(), Failure> {
    fs::write(path, content)
        .map_err(|error| Failure::new(format!("cannot write {}: {error}", path.display())))
}
