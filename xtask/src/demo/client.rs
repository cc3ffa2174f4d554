//! The `zenml` client of one person, with its own configuration.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};

use crate::Failure;

/// A pipeline that runs on the active stack.
const PIPELINE: &str = include_str!("pipeline.py");

/// The client of a person.
#[derive(Debug)]
pub struct Client {
    python: PathBuf,
    home: TempDir,
}

impl Client {
    /// Creates a client that has never logged in, from the interpreter of an environment with ZenML.
    pub fn new(python: &Path) -> Result<Self, Failure> {
        let home = TempDir::new()
            .map_err(|error| Failure::new(format!("cannot create a folder for the client: {error}")))?;
        Ok(Self { python: python.to_owned(), home })
    }

    /// Starts `zenml` with these arguments of a login, and waits for the link that it prints for a person.
    pub async fn log_in(&self, arguments: &[&str]) -> Result<Login, Failure> {
        let mut process = self
            .command("zenml", arguments)
            .spawn()
            .map_err(|error| Failure::new(format!("cannot start zenml: {error}")))?;
        // The client writes messages to its standard error.
        let messages = process.stderr.take().expect("it is piped");
        let (link, lines) = (String::new(), BufReader::new(messages).lines());
        let mut login = Login { link, process, lines, printed: String::new() };
        while let Some(line) = login.line().await? {
            if let Some(link) = line.split_whitespace().find(|word| word.contains("/pages/device?")) {
                link.clone_into(&mut login.link);
                return Ok(login);
            }
        }
        Err(Failure::new(format!("zenml {} printed no link: {}", arguments.join(" "), login.printed)))
    }

    /// Runs a command of the client that must succeed. Returns what it prints.
    pub async fn zenml(&self, arguments: &[&str]) -> Result<String, Failure> {
        self.run("zenml", arguments).await
    }

    /// Runs a pipeline of two steps on the active stack, and tries to change the production stack. Returns what both
    /// print.
    pub async fn pipeline(&self) -> Result<String, Failure> {
        let program = self.home.path().join("pipeline.py");
        std::fs::write(&program, PIPELINE)
            .map_err(|error| Failure::new(format!("cannot write {}: {error}", program.display())))?;
        self.run("python", &["pipeline.py"]).await
    }

    async fn run(&self, program: &str, arguments: &[&str]) -> Result<String, Failure> {
        let line = format!("{program} {}", arguments.join(" "));
        let output = self.command(program, arguments).output().await;
        let output = output.map_err(|error| Failure::new(format!("cannot start {line}: {error}")))?;
        let printed = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        if output.status.success() {
            return Ok(printed.into_owned());
        }
        Err(Failure::new(format!("{line} failed: {}", printed.trim_end())))
    }

    /// A program of the environment, without the settings of the caller.
    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let home = self.home.path();
        let mut command = Command::new(self.python.with_file_name(program));
        command.args(arguments).current_dir(home).env_clear();
        command.env("HOME", home).env("ZENML_CONFIG_PATH", home.join("config"));
        command.env("PATH", "/usr/local/bin:/usr/bin:/bin");
        // No browser opens, and a line is not wrapped.
        command.env("BROWSER", "/bin/true").env("COLUMNS", "400").env("PYTHONUNBUFFERED", "1");
        command.env("ZENML_ANALYTICS_OPT_IN", "false").env("ZENML_LOGGING_COLORS_DISABLED", "true");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }
}

/// A login that waits for a person.
#[derive(Debug)]
pub struct Login {
    /// The page on which the person confirms it.
    pub link: String,
    process: Child,
    lines: Lines<BufReader<ChildStderr>>,
    printed: String,
}

impl Login {
    /// Waits until the client has ended. Returns whether it succeeded, and what it printed.
    pub async fn ended(mut self) -> Result<(bool, String), Failure> {
        while self.line().await?.is_some() {}
        let status = self.process.wait().await;
        let status = status.map_err(|error| Failure::new(format!("cannot wait for zenml: {error}")))?;
        Ok((status.success(), self.printed))
    }

    /// Waits until the client is connected. Returns what it printed.
    pub async fn connected(self) -> Result<String, Failure> {
        let (succeeded, printed) = self.ended().await?;
        if succeeded {
            return Ok(printed);
        }
        Err(Failure::new(format!("the login failed: {printed}")))
    }

    async fn line(&mut self) -> Result<Option<String>, Failure> {
        let line = self.lines.next_line().await;
        let line = line.map_err(|error| Failure::new(format!("cannot read what zenml prints: {error}")))?;
        if let Some(line) = &line {
            self.printed.push_str(line);
            self.printed.push('\n');
        }
        Ok(line)
    }
}
