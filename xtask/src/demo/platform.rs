//! The local platform as a process of its own, as a user would start it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde::Deserialize;
use tokio::time::Instant;

use super::census::Census;
use crate::{Failure, environment};

/// How long the platform may take until it accepts connections.
const START: Duration = Duration::from_secs(20);
/// What the platform logs of each request that it answered.
const ANSWERED: &str = "request answered";
/// How often to look for the ready file.
const LOOK: Duration = Duration::from_millis(20);

/// A running platform. Dropping it stops it, unless it was [kept](Platform::keep).
#[derive(Debug)]
pub struct Platform {
    process: Child,
    binary: PathBuf,
    database: PathBuf,
    log: PathBuf,
    ready: Ready,
    kept: bool,
}

/// The ready file: how to reach the platform, and its first credentials.
#[derive(Clone, Debug, Deserialize)]
pub struct Ready {
    pub control_plane_url: String,
    pub organization_id: String,
    pub organization_name: String,
    pub pid: u32,
    pub service_account_key: String,
    pub admin: Admin,
}

/// The first local user, who may make others.
#[derive(Clone, Debug, Deserialize)]
pub struct Admin {
    pub username: String,
    pub password: String,
}

impl Platform {
    /// Starts the platform on a free loopback port with a fresh database below `home`, and waits until it is ready.
    pub async fn start(binary: &Path, home: &Path, organization: &str) -> Result<Self, Failure> {
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

    /// How to reach it.
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// The database URL of its commands.
    pub fn database(&self) -> String {
        format!("sqlite:{}", self.database.display())
    }

    /// The binary that runs.
    pub fn binary(&self) -> &Path {
        &self.binary
    }

    /// Runs a command of the platform's own command line on its database, and gives what it printed.
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

    /// How many of everything it holds.
    pub fn census(&self) -> Result<Census, Failure> {
        let text = self.command(&["census", "--json"])?;
        serde_json::from_str(&text).map_err(|error| Failure::new(format!("the census is no JSON: {error}")))
    }

    /// How many requests it has answered so far, on all planes.
    pub fn answered(&self) -> Result<usize, Failure> {
        let log = fs::read_to_string(&self.log)
            .map_err(|error| Failure::new(format!("cannot read {}: {error}", self.log.display())))?;
        Ok(log.lines().filter(|line| line.contains(ANSWERED)).count())
    }

    /// Leaves the process running when this value goes away.
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

/// Waits for a whole ready file; ends early when the process does.
async fn wait(process: &mut Child, ready_file: &Path) -> Result<Ready, String> {
    let deadline = Instant::now() + START;
    loop {
        if let Ok(Some(status)) = process.try_wait() {
            return Err(format!("it ended with {status}"));
        }
        if let Ok(text) = fs::read_to_string(ready_file) {
            return serde_json::from_str(&text)
                .map_err(|error| format!("its ready file is not as expected: {error}"));
        }
        if Instant::now() > deadline {
            return Err(format!("it wrote no ready file within {} s", START.as_secs()));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Ends the process; one that ended already is fine.
fn stop(process: &mut Child) {
    let _ = process.kill();
    let _ = process.wait();
}
