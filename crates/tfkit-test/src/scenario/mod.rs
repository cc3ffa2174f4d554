//! Runs the real host in its own directory.

mod command;
mod host;
mod plan;
mod query;
#[cfg(unix)]
mod running;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value as Json;
use tempfile::TempDir;

pub use self::command::{Failed, Output};
pub use self::host::{Host, NoHost, Product, Search};
pub use self::plan::Plan;
pub use self::query::Queried;
#[cfg(unix)]
pub use self::running::Running;

/// Where the host gets the provider from.
#[derive(Clone, Debug)]
pub enum Origin {
    /// Only built-in providers.
    BuiltIn,
    /// A directory with the provider's binary, used directly: no `init`, no version, no checksum.
    Override {
        /// Source address without a host name, `NAMESPACE/TYPE`, or with one.
        address: String,
        /// Directory that contains `terraform-provider-TYPE`.
        directory: PathBuf,
    },
    /// A filesystem mirror, for a real `init`.
    Mirror {
        /// Root of the mirror, `HOST/NAMESPACE/TYPE/…` below it.
        directory: PathBuf,
    },
}

/// A directory in which a host runs, with its own configuration, home and environment, isolated from the user's.
///
/// Every command returns its output, or a [`Failed`] with it. Checks use the host's JSON.
#[derive(Debug)]
pub struct Scenario {
    host: Host,
    directory: TempDir,
    environment: BTreeMap<String, String>,
    transcript: Mutex<String>,
    /// Number of the next plan or log file.
    next: Mutex<u32>,
    traced: bool,
}

impl Scenario {
    /// Creates the directory. Nothing runs yet.
    pub fn new(host: &Host, origin: &Origin) -> io::Result<Self> {
        let directory = tempfile::Builder::new().prefix("scenario-").tempdir()?;
        let inside = |name: &str| directory.path().join(name);
        for name in ["home", "work", "logs", "plans", "printed"] {
            std::fs::create_dir(inside(name))?;
        }
        std::fs::write(inside("host.tfrc"), cli_configuration(origin))?;
        let mut environment = BTreeMap::new();
        let mut set = |name: &str, value: &Path| {
            environment.insert(name.to_owned(), value.display().to_string());
        };
        set("HOME", &inside("home"));
        set("TMPDIR", directory.path());
        set("TF_CLI_CONFIG_FILE", &inside("host.tfrc"));
        set("CHECKPOINT_DISABLE", Path::new("1"));
        set("TF_IN_AUTOMATION", Path::new("1"));
        set("TF_INPUT", Path::new("0"));
        set("PATH", Path::new(host.path()));
        let (transcript, next) = (Mutex::default(), Mutex::default());
        Ok(Self { host: host.clone(), directory, environment, transcript, next, traced: false })
    }

    /// Returns the host that it runs.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Returns the directory of the configuration.
    pub fn work(&self) -> PathBuf {
        self.directory.path().join("work")
    }

    /// Sets an environment variable of the host and of the provider.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.set_env(name, value);
        self
    }

    /// Sets an environment variable from now on.
    pub fn set_env(&mut self, name: &str, value: impl Into<String>) {
        self.environment.insert(name.to_owned(), value.into());
    }

    /// Sets a variable of the root module from now on: strings unchanged, anything else as JSON.
    pub fn set_variable(&mut self, name: &str, value: &Json) {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.set_env(&format!("TF_VAR_{name}"), text);
    }

    /// Returns the environment of the host, to continue by hand after a scenario.
    pub fn environment(&self) -> impl Iterator<Item = (&str, &str)> {
        self.environment.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Logs everything from now on. Read it with [`logs`](Self::logs).
    #[must_use]
    pub fn traced(mut self) -> Self {
        self.traced = true;
        self
    }

    /// Writes a file of the configuration; `main.tf` or any relative path.
    pub fn write(&self, name: &str, text: &str) -> io::Result<()> {
        let path = self.work().join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, text)
    }

    /// Removes a file of the configuration.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.work().join(name))
    }

    /// Installs providers and modules.
    pub async fn init(&self) -> Result<Output, Failed> {
        self.run(&["init"]).await
    }

    /// Checks the configuration without touching a state or a server.
    pub async fn validate(&self) -> Result<Output, Failed> {
        self.run(&["validate"]).await
    }

    /// Plans after a refresh.
    pub async fn plan(&self) -> Result<Plan, Failed> {
        self.plan_with(&[]).await
    }

    /// Plans with more options, such as `-refresh=false`, `-refresh-only`, `-destroy`, `-target=…`.
    pub async fn plan_with(&self, options: &[&str]) -> Result<Plan, Failed> {
        let file = self.directory.path().join("plans").join(format!("{}.plan", self.number()));
        let file_name = file.display().to_string();
        let out = format!("-out={file_name}");
        self.run(&[&["plan", out.as_str()], options].concat()).await?;
        let shown = self.run(&["show", "-json", &file_name]).await?;
        Ok(Plan::new(file, shown.json("show")?))
    }

    /// Applies the configuration. Afterwards, the plan must be empty, without and with a refresh.
    pub async fn apply(&self) -> Result<Plan, Failed> {
        let plan = self.apply_unsettled().await?;
        self.must_be_settled().await?;
        Ok(plan)
    }

    /// Applies the configuration. The next plan is not checked.
    pub async fn apply_unsettled(&self) -> Result<Plan, Failed> {
        let plan = self.plan().await?;
        self.apply_saved(&plan).await?;
        Ok(plan)
    }

    /// Applies a saved plan.
    pub async fn apply_saved(&self, plan: &Plan) -> Result<Output, Failed> {
        self.run(&["apply", "-auto-approve", &plan.file().display().to_string()]).await
    }

    /// Runs one action of the configuration by its address, such as `action.cloud_team_check.it`, and nothing else.
    pub async fn invoke(&self, address: &str) -> Result<Output, Failed> {
        self.run(&["apply", "-auto-approve", &format!("-invoke={address}")]).await
    }

    /// Fails if the configuration would change anything.
    pub async fn must_be_settled(&self) -> Result<(), Failed> {
        for options in [&["-refresh=false"][..], &[]] {
            let plan = self.plan_with(options).await?;
            if !plan.is_empty() {
                return Err(Failed::not_empty(options, &plan));
            }
        }
        Ok(())
    }

    /// Destroys everything. Fails if something is left in the state.
    pub async fn destroy(&self) -> Result<Output, Failed> {
        let output = self.run(&["destroy", "-auto-approve"]).await?;
        let left = self.addresses().await?;
        if left.is_empty() { Ok(output) } else { Err(Failed::left(&left)) }
    }

    /// Plans only the differences that a refresh finds.
    pub async fn plan_refresh_only(&self) -> Result<Plan, Failed> {
        self.plan_with(&["-refresh-only"]).await
    }

    /// Imports an object into the state by its id.
    pub async fn import(&self, address: &str, id: &str) -> Result<Output, Failed> {
        self.run(&["import", address, id]).await
    }

    /// Runs the lists in the query files (`*.tfquery.hcl`) with more options, such as `-generate-config-out=FILE`.
    /// Requires Terraform 1.14 or later.
    pub async fn query(&self, options: &[&str]) -> Result<Queried, Failed> {
        let output = self.run(&[&["query", "-json"], options].concat()).await?;
        Queried::read(&output)
    }

    /// Removes an object from the state without deleting it.
    pub async fn forget(&self, address: &str) -> Result<Output, Failed> {
        self.run(&["state", "rm", address]).await
    }

    /// Removes an object from the state, imports it again and compares. The named attributes may differ. Restores the
    /// state afterwards.
    pub async fn import_equals_state(&self, address: &str, id: &str, except: &[&str]) -> Result<(), Failed> {
        let state = self.work().join("terraform.tfstate");
        let before = self.attributes(address).await?;
        let saved = std::fs::read(&state).map_err(|error| Failed::io("import", &error))?;
        self.forget(address).await?;
        self.import(address, id).await?;
        let after = self.attributes(address).await?;
        std::fs::write(&state, saved).map_err(|error| Failed::io("import", &error))?;
        let names =
            before.as_object().into_iter().chain(after.as_object()).flatten().map(|(name, _)| name.as_str());
        let mut differing: Vec<&str> =
            names.filter(|name| !except.contains(name) && before[*name] != after[*name]).collect();
        differing.sort_unstable();
        differing.dedup();
        if differing.is_empty() { Ok(()) } else { Err(Failed::import_differs(address, &differing)) }
    }

    /// Returns the value of an output of the root module.
    pub async fn output(&self, name: &str) -> Result<Json, Failed> {
        self.run(&["output", "-json", name]).await?.json("output")
    }

    /// Returns the state as the host shows it.
    pub async fn state(&self) -> Result<Json, Failed> {
        self.run(&["show", "-json"]).await?.json("show")
    }

    /// Returns the addresses of all managed objects in the state, including modules, sorted.
    pub async fn addresses(&self) -> Result<Vec<String>, Failed> {
        let state = self.state().await?;
        let mut addresses: Vec<String> = plan::resources(&state["values"]["root_module"])
            .into_iter()
            .filter(|resource| resource["mode"] == "managed")
            .filter_map(|resource| resource["address"].as_str().map(str::to_owned))
            .collect();
        addresses.sort();
        Ok(addresses)
    }

    /// Returns the attributes of an object in the state; null if there is none.
    pub async fn attributes(&self, address: &str) -> Result<Json, Failed> {
        let state = self.state().await?;
        let resources = plan::resources(&state["values"]["root_module"]);
        let found = resources.into_iter().find(|resource| resource["address"] == address);
        Ok(found.map_or(Json::Null, |resource| resource["values"].clone()))
    }

    /// Runs any other command of the host in the directory of the configuration.
    pub async fn run(&self, arguments: &[&str]) -> Result<Output, Failed> {
        let environment = self.environment_of_command();
        let result = command::run(self.host.binary(), &self.work(), &environment, arguments).await;
        self.write_down(&arguments.join(" "), &result);
        result
    }

    /// Returns the environment of the next command, with its own log if the scenario is traced.
    fn environment_of_command(&self) -> BTreeMap<String, String> {
        let mut environment = self.environment.clone();
        if self.traced {
            let log = self.directory.path().join("logs").join(format!("{}.log", self.number()));
            environment.insert("TF_LOG".to_owned(), "TRACE".to_owned());
            environment.insert("TF_LOG_PATH".to_owned(), log.display().to_string());
        }
        environment
    }

    fn write_down(&self, line: &str, result: &Result<Output, Failed>) {
        let output = match result {
            Ok(output) => output,
            Err(failed) => failed.output(),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(lock(&self.transcript), "$ {line}\n{}\n{}", output.stdout, output.stderr);
    }

    /// Returns everything that the host has printed. It contains the state if that was shown.
    pub fn transcript(&self) -> String {
        lock(&self.transcript).clone()
    }

    /// Returns all logs of a [traced](Self::traced) scenario.
    pub fn logs(&self) -> io::Result<String> {
        let mut logs = String::new();
        for entry in std::fs::read_dir(self.directory.path().join("logs"))? {
            logs.push_str(&String::from_utf8_lossy(&std::fs::read(entry?.path())?));
        }
        Ok(logs)
    }

    /// Returns where a string occurs: `transcript`, or the name of a log or of a file of the configuration and the
    /// state, sorted. Use it for marked secrets. Saved plans are compressed and not searched: check [`Plan::json`].
    pub fn find(&self, needle: &str) -> io::Result<Vec<String>> {
        let mut places = Vec::new();
        let mut directories = vec![self.work(), self.directory.path().join("logs")];
        while let Some(directory) = directories.pop() {
            for entry in std::fs::read_dir(directory)? {
                let path = entry?.path();
                if path.is_symlink() {
                    continue;
                }
                if path.is_dir() {
                    directories.push(path);
                } else if contains(&std::fs::read(&path)?, needle.as_bytes()) {
                    let inside = path.strip_prefix(self.directory.path()).unwrap_or(&path);
                    places.push(inside.display().to_string());
                }
            }
        }
        if self.transcript().contains(needle) {
            places.push("transcript".to_owned());
        }
        places.sort();
        Ok(places)
    }

    /// Keeps the directory and returns its path, to inspect it after a failed test.
    pub fn keep(self) -> PathBuf {
        self.directory.keep()
    }

    fn number(&self) -> u32 {
        let mut next = lock(&self.next);
        *next += 1;
        *next
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    !needle.is_empty() && haystack.windows(needle.len()).any(|window| window == needle)
}

/// Returns the configuration file of the host.
fn cli_configuration(origin: &Origin) -> String {
    match origin {
        Origin::BuiltIn => {
            "provider_installation {\n  filesystem_mirror {\n    path = \"/nonexistent\"\n  }\n}\n".to_owned()
        }
        Origin::Override { address, directory } => {
            let directory = directory.display().to_string();
            format!(
                "provider_installation {{\n  dev_overrides {{\n    {address:?} = {directory:?}\n  }}\n}}\n"
            )
        }
        Origin::Mirror { directory } => {
            let directory = directory.display().to_string();
            format!("provider_installation {{\n  filesystem_mirror {{\n    path = {directory:?}\n  }}\n}}\n")
        }
    }
}
