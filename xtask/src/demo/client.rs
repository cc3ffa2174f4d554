//! The `zenml` client of one person, with its own configuration.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use super::page;
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

    /// Logs in to a workspace as a person does it: runs `zenml login`, opens the link that it prints, signs in there, and
    /// confirms. Returns the link and what the client prints.
    pub async fn log_in(
        &self,
        control_plane: &str,
        workspace: &str,
        username: &str,
        password: &str,
    ) -> Result<(String, String), Failure> {
        let mut login = self
            .command("zenml", &["login", workspace, "--pro-api-url", control_plane])
            .spawn()
            .map_err(|error| Failure::new(format!("cannot start zenml login: {error}")))?;
        // The client writes messages to its standard error.
        let mut lines = BufReader::new(login.stderr.take().expect("it is piped")).lines();
        let (mut printed, mut confirmed) = (String::new(), None);
        while let Some(line) =
            lines.next_line().await.map_err(|error| Failure::new(format!("zenml login: {error}")))?
        {
            let link = line.split_whitespace().find(|word| word.contains("/pages/device?"));
            if let (Some(link), None) = (link, &confirmed) {
                page::confirm(link, username, password).await?;
                confirmed = Some(link.to_owned());
            }
            printed += &line;
            printed.push('\n');
        }
        let status = login.wait().await.map_err(|error| Failure::new(format!("zenml login: {error}")))?;
        match confirmed {
            Some(link) if status.success() => Ok((link, printed)),
            _ => Err(Failure::new(format!("zenml login failed ({status}): {printed}"))),
        }
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
