//! The local platform as a separate process, as a user starts it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use tokio::time::Instant;

use super::census::Census;
use crate::{Failure, environment};

/// Timeout until the platform accepts connections.
const START: Duration = Duration::from_secs(20);
/// Log message of the platform for each answered request.
const ANSWERED: &str = "request answered";
/// Polling interval for the ready file.
const LOOK: Duration = Duration::from_millis(20);

/// A running platform. Dropping it stops the process, unless it was [kept](Platform::keep).
#[derive(Debug)]
pub struct Platform {
    process: Child,
    binary: PathBuf,
    database: PathBuf,
    log: PathBuf,
    ready: Ready,
    kept: bool,
}

/// The ready file: the address of the platform, and its first credentials.
#[derive(Clone, Debug, Deserialize)]
pub struct Ready {
    pub control_plane_url: String,
    pub organization_id: String,
    pub organization_name: String,
    pub pid: u32,
    pub service_account_key: String,
    pub admin: Admin,
}

/// The first local user, who can create others.
#[derive(Clone, Debug, Deserialize)]
pub struct Admin {
    pub username: String,
    pub password: String,
}

impl Platform {
    /// Starts the platform on a free loopback port with a new database in `home`, and waits until it is ready.
    /// With an interpreter, its workspaces are real ZenML servers.
    pub async fn start(
        binary: &Path,
        home: &Path,
        organization: &str,
        zenml_python: Option<&Path>,
    ) -> Result<Self, Failure> {
        let database = home.join("platform.sqlite");
        let ready_file = home.join("ready.json");
        let log_file = home.join("platform.log");
        let log = fs::File::create(&log_file)
            .map_err(|error| Failure::new(format!("cannot write {}: {error}", log_file.display())))?;
        let mut command = Command::new(binary);
        command
            .env_clear()
            .envs(environment::inherited())
            .args(["-v", "serve"])
            .args(["--listen", "127.0.0.1:0"])
            .args(["--database", &format!("sqlite:{}", database.display())])
            .arg("--ready-file")
            .arg(&ready_file)
            .args(["--organization", organization])
            .args(zenml_python.map(|_| ["--engine", "zenml"]).into_iter().flatten())
            .args(
                zenml_python
                    .map(|python| [OsStr::new("--zenml-python"), python.as_os_str()])
                    .into_iter()
                    .flatten(),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        let mut process = command.spawn().map_err(|error| {
            Failure::new(format!(
                "cannot start {}: {error}\nBuild it first:\n  cargo build --bin zenml-local",
                binary.display()
            ))
        })?;
        match wait(&mut process, &ready_file).await {
            Ok(ready) => {
                Ok(Self { process, binary: binary.to_owned(), database, log: log_file, ready, kept: false })
            }
            Err(why) => {
                stop(&mut process);
                let log = fs::read_to_string(&log_file).unwrap_or_default();
                Err(Failure::new(format!("the local platform did not start: {why}\n{}", log.trim_end())))
            }
        }
    }

    /// Returns its ready file.
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// Returns the database URL for its commands.
    pub fn database(&self) -> String {
        format!("sqlite:{}", self.database.display())
    }

    /// Returns the running binary.
    pub fn binary(&self) -> &Path {
        &self.binary
    }

    /// Runs a command of `zenml-local` on its database. Returns the output.
    pub fn command(&self, arguments: &[&str]) -> Result<String, Failure> {
        let line = format!("{} {}", self.binary.display(), arguments.join(" "));
        let output = Command::new(&self.binary)
            .env_clear()
            .envs(environment::inherited())
            .args(arguments)
            .args(["--database", &self.database()])
            .stdin(Stdio::null())
            .output()
            .map_err(|error| Failure::new(format!("cannot start {line}: {error}")))?;
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr);
            return Err(Failure::new(format!("{line} failed: {}", words.trim_end())));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Returns the folders that its ZenML servers have left.
    pub fn folders(&self) -> Vec<PathBuf> {
        let mut all = self.database.as_os_str().to_owned();
        all.push(".workspaces");
        fs::read_dir(all).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
    }

    /// Counts its objects.
    pub fn census(&self) -> Result<Census, Failure> {
        let text = self.command(&["census", "--json"])?;
        serde_json::from_str(&text)
            .map_err(|error| Failure::new(format!("the census is not valid JSON: {error}")))
    }

    /// Counts the requests answered so far, on all planes.
    pub fn answered(&self) -> Result<usize, Failure> {
        let log = fs::read_to_string(&self.log)
            .map_err(|error| Failure::new(format!("cannot read {}: {error}", self.log.display())))?;
        Ok(log.lines().filter(|line| line.contains(ANSWERED)).count())
    }

    /// Keeps the process running when this value is dropped.
    pub fn keep(&mut self) {
        self.kept = true;
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        if !self.kept {
            stop(&mut self.process);
        }
    }
}

/// Waits for a complete ready file; stops early if the process ends.
async fn wait(process: &mut Child, ready_file: &Path) -> Result<Ready, String> {
    let deadline = Instant::now() + START;
    loop {
        if let Ok(Some(status)) = process.try_wait() {
            return Err(format!("it ended with {status}"));
        }
        if let Ok(text) = fs::read_to_string(ready_file) {
            return serde_json::from_str(&text)
                .map_err(|error| format!("its ready file is invalid: {error}"));
        }
        if Instant::now() > deadline {
            return Err(format!("it did not write its ready file within {} s", START.as_secs()));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Ends the process, which first ends its servers. Succeeds if it has already ended.
fn stop(process: &mut Child) {
    let asked = i32::try_from(process.id()).ok().and_then(Pid::from_raw);
    if asked.is_none_or(|pid| kill_process(pid, Signal::TERM).is_err()) {
        let _ = process.kill();
    }
    let _ = process.wait();
}
