//! A Python process that runs a ZenML server, and the folder that it writes to.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde::Deserialize;
use serde_json::Value as Json;

use crate::Environment;

/// Serves until its standard input ends.
pub(crate) const PROGRAM: &str = include_str!("server.py");

/// How much of the log is shown when a start fails.
const LINES_OF_LOG: usize = 40;

/// The server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A file or process operation failed.
    #[error("cannot {what}")]
    Io {
        /// The operation.
        what: String,
        /// The cause.
        source: io::Error,
    },
    /// The process ended, or printed something other than its address.
    #[error("the ZenML server of {} did not start; the end of its log:\n{log}", environment.display())]
    Ended {
        /// The virtual environment.
        environment: PathBuf,
        /// The last lines of its log.
        log: String,
    },
}

impl StartError {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        |source| Self::Io { what: what.into(), source }
    }
}

/// The task of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Serve until the starting process ends, and clean up.
    Serve,
    /// Create the accounts and exit.
    Prepare,
}

/// The folder that one server writes to.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Result<Self, StartError> {
        let made = tempfile::Builder::new().prefix("zenml-server-").tempdir();
        // The server removes it, because a killed process does not run destructors.
        Ok(Self(made.map_err(StartError::io("create a folder for the server"))?.keep()))
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.0.join("zenml.db")
    }

    fn log_file(&self) -> PathBuf {
        self.0.join("server.log")
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read(self.log_file())
            .map(|log| String::from_utf8_lossy(&log).into_owned())
            .unwrap_or_default()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A Python process and its address.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    url: String,
    pub(crate) folder: Folder,
}

impl Process {
    /// Starts it and waits for the line with its address, which may contain more.
    pub(crate) fn start(
        environment: &Environment,
        mode: Mode,
        folder: Folder,
        signing_key: &str,
    ) -> Result<(Self, Json), StartError> {
        #[derive(Deserialize)]
        struct Ready {
            url: String,
        }
        let mut child = spawn(environment, mode, &folder, signing_key)?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            let read = BufReader::new(stdout).read_line(&mut line);
            read.map_err(StartError::io("read the output of the server"))?;
        }
        let said = serde_json::from_str::<Json>(&line).unwrap_or_default();
        if let Ok(Ready { url }) = Ready::deserialize(&said) {
            return Ok((Self { child, url, folder }, said));
        }
        // It ended or failed.
        let _ = child.kill();
        let _ = child.wait();
        let log = folder.log();
        let lines: Vec<&str> = log.lines().collect();
        let end = lines[lines.len().saturating_sub(LINES_OF_LOG)..].join("\n");
        Err(StartError::Ended { environment: environment.directory().to_owned(), log: end })
    }

    /// Its address.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Waits until it has exited by itself.
    pub(crate) fn ended(mut self) -> Result<Folder, StartError> {
        // Dropping would close its input, and it would exit too early; waiting also closes it.
        let input = self.child.stdin.take();
        let status = self.child.wait().map_err(StartError::io("wait for the server"));
        drop(input);
        status?;
        let folder = Folder(std::mem::take(&mut self.folder.0));
        Ok(folder)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The user's settings are not passed on: neither those of ZenML nor proxies.
fn spawn(
    environment: &Environment,
    mode: Mode,
    folder: &Folder,
    signing_key: &str,
) -> Result<Child, StartError> {
    let log = File::create(folder.log_file()).map_err(StartError::io("write the log of the server"))?;
    let mode = match mode {
        Mode::Serve => "serve",
        Mode::Prepare => "prepare",
    };
    let python = environment.python();
    // As a file, because the server does not load its own code in an interpreter without a program file.
    let program = folder.0.join("serve.py");
    std::fs::write(&program, PROGRAM).map_err(StartError::io("write the program of the server"))?;
    let mut command = Command::new(&python);
    command.arg(&program).arg(mode).arg(&folder.0).current_dir(&folder.0).env_clear();
    for (name, value) in variables(&folder.0, &folder.database(), signing_key) {
        command.env(name, value);
    }
    // In its own process group, so that it notices an interrupt of the tests only by the end of its input.
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log).process_group(0);
    command.spawn().map_err(StartError::io(format!("run {}", python.display())))
}

fn variables(folder: &Path, database: &Path, signing_key: &str) -> Vec<(&'static str, String)> {
    vec![
        ("HOME", folder.display().to_string()),
        ("TMPDIR", folder.display().to_string()),
        ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()),
        ("ZENML_CONFIG_PATH", folder.join("config").display().to_string()),
        ("ZENML_STORE_TYPE", "sql".to_owned()),
        ("ZENML_STORE_URL", format!("sqlite:///{}", database.display())),
        ("ZENML_SERVER_AUTO_ACTIVATE", "true".to_owned()),
        ("ZENML_SERVER_JWT_SECRET_KEY", signing_key.to_owned()),
        ("ZENML_ANALYTICS_OPT_IN", "false".to_owned()),
        ("ZENML_LOGGING_COLORS_DISABLED", "true".to_owned()),
    ]
}
