//! One server as a process.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::Value as Json;

use crate::template::{self, Credentials};
use crate::{Environment, NoServer, Packages, Search};

/// Serves until its standard input ends.
pub(crate) const PROGRAM: &str = include_str!("server.py");

/// How much of the log is shown when a start fails.
const LINES_OF_LOG: usize = 40;

/// The server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A file or a process of this machine refused.
    #[error("cannot {what}")]
    Io {
        /// What was tried.
        what: String,
        /// What the system said.
        source: io::Error,
    },
    /// The process ended, or said something else than that it serves.
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

/// A running ZenML server with an empty database: the default user, project and stack, and the account of the tests.
///
/// Ends when it is dropped, and with the process that started it.
#[derive(Debug)]
pub struct RealServer {
    process: Process,
    credentials: Credentials,
}

impl RealServer {
    /// Starts a server. Blocks until it answers, some seconds; the first start of all makes the database that the
    /// others copy.
    pub fn start(environment: &Environment, packages: Packages) -> Result<Self, StartError> {
        let (database, credentials) = template::of(environment)?;
        let folder = Folder::new()?;
        std::fs::copy(database, folder.database()).map_err(StartError::io("copy the database"))?;
        let (process, _) =
            Process::start(environment, Mode::Serve, packages, folder, credentials.signing_key())?;
        Ok(Self { process, credentials })
    }

    /// The plain server that the tests of this binary share. The first call starts it and blocks as
    /// [`start`](Self::start) does.
    ///
    /// A start that failed fails for all: it is not tried again.
    pub fn shared() -> Result<&'static Self, NoServer> {
        static SHARED: Shared = Shared::new();
        Self::of(&SHARED, Packages::Plain)
    }

    /// The server with [`Packages::Clouds`] that the tests of this binary share.
    pub fn shared_with_clouds() -> Result<&'static Self, NoServer> {
        static SHARED: Shared = Shared::new();
        Self::of(&SHARED, Packages::Clouds)
    }

    fn of(shared: &'static Shared, packages: Packages) -> Result<&'static Self, NoServer> {
        let start = || {
            let environment = Search::from_environment().environment_with(packages)?;
            Self::start(&environment, packages)
                .map_err(|error| NoServer::Failed(printable::Chain(&error).to_string()))
        };
        shared.get_or_init(start).as_ref().map_err(Clone::clone)
    }

    /// Its address, without a path: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.process.url
    }

    /// The API key (`ZENKEY_…`) of a service account, which may do everything on a plain server.
    pub fn key(&self) -> &str {
        &self.credentials.key
    }

    /// A token of the user `default`, whose password is empty. Does not expire.
    pub fn token(&self) -> &str {
        &self.credentials.token
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        self.process.folder.log()
    }
}

type Shared = OnceLock<Result<RealServer, NoServer>>;

/// What a process is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Serve until the other side goes away, and clean up.
    Serve,
    /// Make the accounts and end.
    Prepare,
}

/// The folder that one server writes to.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Result<Self, StartError> {
        let made = tempfile::Builder::new().prefix("zenml-server-").tempdir();
        // The server removes it, because nothing is dropped in a process that is killed.
        Ok(Self(made.map_err(StartError::io("make a folder for the server"))?.keep()))
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.0.join("zenml.db")
    }

    fn log_file(&self) -> PathBuf {
        self.0.join("server.log")
    }

    fn log(&self) -> String {
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

/// A Python process and where it answers.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    url: String,
    pub(crate) folder: Folder,
}

impl Process {
    /// Starts it and waits for the line that says that it answers, which may say more.
    pub(crate) fn start(
        environment: &Environment,
        mode: Mode,
        packages: Packages,
        folder: Folder,
        signing_key: &str,
    ) -> Result<(Self, Json), StartError> {
        #[derive(Deserialize)]
        struct Ready {
            url: String,
        }
        let mut child = spawn(environment, mode, packages, &folder, signing_key)?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            let read = BufReader::new(stdout).read_line(&mut line);
            read.map_err(StartError::io("read what the server says"))?;
        }
        let said = serde_json::from_str::<Json>(&line).unwrap_or_default();
        if let Ok(Ready { url }) = Ready::deserialize(&said) {
            return Ok((Self { child, url, folder }, said));
        }
        // It ended, or is of no use.
        let _ = child.kill();
        let _ = child.wait();
        let log = folder.log();
        let lines: Vec<&str> = log.lines().collect();
        let end = lines[lines.len().saturating_sub(LINES_OF_LOG)..].join("\n");
        Err(StartError::Ended { environment: environment.directory().to_owned(), log: end })
    }

    /// Waits until it has ended by itself.
    pub(crate) fn ended(mut self) -> Result<Folder, StartError> {
        // Dropping would close its input, at which it ends before it is done; waiting closes it too.
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

/// Nothing of the user's is passed on: neither settings of ZenML nor proxies.
fn spawn(
    environment: &Environment,
    mode: Mode,
    packages: Packages,
    folder: &Folder,
    signing_key: &str,
) -> Result<Child, StartError> {
    let log = File::create(folder.log_file()).map_err(StartError::io("write the log of the server"))?;
    let mode = match mode {
        Mode::Serve => "serve",
        Mode::Prepare => "prepare",
    };
    let python = environment.python();
    // As a file, because the server refuses to load code of its own in an interpreter whose program is none.
    let program = folder.0.join("serve.py");
    std::fs::write(&program, PROGRAM).map_err(StartError::io("write the program of the server"))?;
    let mut command = Command::new(&python);
    command.arg(&program).arg(mode).arg(&folder.0).args(packages.hidden()).current_dir(&folder.0).env_clear();
    for (name, value) in variables(&folder.0, &folder.database(), signing_key) {
        command.env(name, value);
    }
    // In a group of its own, so that an interrupt of the tests reaches it as the end of its input.
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
