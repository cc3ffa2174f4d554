//! The real `zenml` client, as a person runs it.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};
use xtask::demo::http::{Body, Session};
use zenml_local::Platform;

use crate::shown;

/// The client with a configuration of its own.
pub(crate) struct Client {
    program: PathBuf,
    home: TempDir,
}

impl Client {
    /// `python` is an interpreter with ZenML.
    pub(crate) fn new(python: &Path) -> Self {
        Self { program: python.with_file_name("zenml"), home: TempDir::new().unwrap() }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let (mut command, home) = (Command::new(&self.program), self.home.path());
        command.args(arguments).env_clear().current_dir(home);
        command.env("HOME", home).env("ZENML_CONFIG_PATH", home.join("config")).env("PATH", "/usr/bin:/bin");
        // A line is not wrapped, and no browser opens.
        command.env("COLUMNS", "400").env("BROWSER", "/bin/true");
        command.env("PYTHONUNBUFFERED", "1").env("ZENML_ANALYTICS_OPT_IN", "false");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// Runs a command. Returns what it prints.
    pub(crate) async fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().await.unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    }

    /// Starts a login, which waits for a person.
    pub(crate) async fn log_in(&self, arguments: &[&str]) -> Login {
        let mut process = self.command(arguments).spawn().unwrap();
        // The client writes messages to its standard error.
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let mut printed = String::new();
        loop {
            let line = lines.next_line().await.unwrap().unwrap_or_else(|| panic!("no link: {printed}"));
            let mut words = line.split_whitespace();
            if let Some(link) = words.find(|word| word.contains("/pages/device?")) {
                return Login { link: link.to_owned(), process, lines, printed };
            }
            printed += &line;
        }
    }
}

/// A login that waits for a person.
pub(crate) struct Login {
    /// What the client prints for the browser.
    pub(crate) link: String,
    process: Child,
    lines: Lines<BufReader<ChildStderr>>,
    printed: String,
}

impl Login {
    /// Waits until the client has ended. Returns whether it succeeded, and what it printed.
    pub(crate) async fn ended(mut self) -> (bool, String) {
        while let Some(line) = self.lines.next_line().await.unwrap() {
            self.printed += &line;
        }
        (self.process.wait().await.unwrap().success(), self.printed)
    }

    /// Waits until the client is connected. Returns what it printed.
    pub(crate) async fn connected(self) -> String {
        let (succeeded, printed) = self.ended().await;
        assert!(succeeded, "{printed}");
        printed
    }
}

/// The first user of a platform.
pub(crate) async fn administrator(platform: &Platform) -> Session {
    let admin = platform.admin().unwrap();
    shown(Session::log_in(platform.url(), &admin.username, admin.password.expose()).await)
}

/// Creates a workspace and waits until it is no longer pending.
pub(crate) async fn workspace(control: &Session, platform: &Platform, name: &str) -> Json {
    let new = Body::Json(json!({ "name": name, "organization_id": platform.organization_id() }));
    let made = shown(control.expect("POST", "/workspaces", new).await);
    let path = format!("/workspaces/{}", made["id"].as_str().unwrap());
    loop {
        let found = shown(control.expect("GET", &path, Body::Empty).await);
        if found["status"] != "pending" {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
