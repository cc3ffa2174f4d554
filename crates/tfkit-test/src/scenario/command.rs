//! Running the host once.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value as Json;
use tokio::process::Command;

use super::Plan;

/// Time limit of a command; one that takes longer hangs.
const TIME_LIMIT: Duration = Duration::from_mins(10);

/// The output of a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Output {
    /// Returns both streams as one line of words, without the boxes and line breaks that the host adds to messages.
    pub fn words(&self) -> String {
        let is_drawn = |c: char| matches!(c, '│' | '╷' | '╵' | '─');
        let plain = format!("{} {}", self.stdout, self.stderr).replace(is_drawn, " ");
        plain.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Returns whether the words were printed, wherever the host broke the lines.
    pub fn says(&self, words: &str) -> bool {
        self.words().contains(&words.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    pub(super) fn json(&self, command: &str) -> Result<Json, Failed> {
        serde_json::from_str(&self.stdout)
            .map_err(|error| Failed::new(command, format!("did not print JSON: {error}"), self.clone()))
    }
}

/// A command that failed, or whose result is wrong.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{command}: {problem}\n{}{}", output.stdout, output.stderr)]
pub struct Failed {
    command: String,
    problem: String,
    output: Box<Output>,
}

impl Failed {
    pub(super) fn new(command: impl Into<String>, problem: String, output: Output) -> Self {
        Self { command: command.into(), problem, output: Box::new(output) }
    }

    /// Returns the output of the command.
    pub fn output(&self) -> &Output {
        &self.output
    }

    /// Returns whether the words were printed, or are part of the reason for the failure.
    pub fn says(&self, words: &str) -> bool {
        self.output.says(words) || self.problem.contains(words)
    }

    pub(super) fn io(command: &str, error: &std::io::Error) -> Self {
        Self::new(command, error.to_string(), Output::default())
    }

    pub(super) fn endless(command: &str, limit: Duration) -> Self {
        Self::new(command, format!("did not end within {limit:?}"), Output::default())
    }

    pub(super) fn not_empty(options: &[&str], plan: &Plan) -> Self {
        let command = ["plan"].iter().chain(options).copied().collect::<Vec<_>>().join(" ");
        let problem = format!("is not empty after an apply: {}", plan.summary());
        Self::new(command, problem, Output::default())
    }

    pub(super) fn left(addresses: &[String]) -> Self {
        Self::new("destroy", format!("leaves {} in the state", addresses.join(", ")), Output::default())
    }

    pub(super) fn import_differs(address: &str, attributes: &[&str]) -> Self {
        let problem = format!("{address} differs from the state in {}", attributes.join(", "));
        Self::new("import", problem, Output::default())
    }
}

/// Returns the command of a binary with exactly this environment. The process ends with its handle.
pub(super) fn command(
    binary: &Path,
    directory: &Path,
    environment: &BTreeMap<String, String>,
    arguments: &[&str],
) -> Command {
    let mut command = Command::new(binary);
    command.args(arguments).current_dir(directory).env_clear().envs(environment);
    command.env("TF_CLI_ARGS", "-no-color").stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Runs a binary with exactly this environment. Dropping the future ends it.
pub(super) async fn run(
    binary: &Path,
    directory: &Path,
    environment: &BTreeMap<String, String>,
    arguments: &[&str],
) -> Result<Output, Failed> {
    let line = arguments.join(" ");
    let mut command = command(binary, directory, environment, arguments);
    let finished = match tokio::time::timeout(TIME_LIMIT, command.output()).await {
        Ok(finished) => finished.map_err(|error| Failed::io(&line, &error))?,
        Err(_) => return Err(Failed::endless(&line, TIME_LIMIT)),
    };
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let output = Output { stdout: text(finished.stdout), stderr: text(finished.stderr) };
    judged(&line, finished.status, output)
}

/// Returns the output of a command, or the failure, depending on its exit status.
pub(super) fn judged(line: &str, status: ExitStatus, output: Output) -> Result<Output, Failed> {
    if status.success() { Ok(output) } else { Err(Failed::new(line, status.to_string(), output)) }
}
