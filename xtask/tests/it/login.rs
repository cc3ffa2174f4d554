//! The real ZenML client logs in as people do it: it prints a link, and a person confirms it on a page.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::Command;
use xtask::demo::http::{Body, Session};
use zenml_local::{Options, Platform};
use zenml_test::{NoServer, Search};

use crate::shown;

/// A browser without scripts, with the cookie of its session.
struct Browser<'a> {
    authority: &'a str,
    cookie: String,
}

impl Browser<'_> {
    /// Sends one request. Returns the whole response as text.
    async fn send(&self, method: &str, path: &str, form: &str) -> String {
        let Self { authority, cookie } = self;
        let mut stream = TcpStream::connect(authority).await.unwrap();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {authority}\r\norigin: http://{authority}\r\ncookie: {cookie}\r\n\
             accept: text/html\r\ncontent-type: application/x-www-form-urlencoded\r\nconnection: close\r\n\
             content-length: {}\r\n\r\n{form}",
            form.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).await.unwrap();
        response
    }

    /// Signs in, and confirms the login of a link for the workspace that is preset.
    async fn confirm(&mut self, link: &str, username: &str, password: &str) -> String {
        let path = link.strip_prefix("http://").unwrap().strip_prefix(self.authority).unwrap();
        let form = format!("username={username}&password={password}&next=%2Fpages");
        let signed_in = self.send("POST", "/pages/sign-in", &form).await;
        between(&signed_in, "set-cookie: ", ";").clone_into(&mut self.cookie);
        let page = self.send("GET", path, "").await;
        let preset = page.split("<option value=\"").find(|option| option.contains("selected")).unwrap();
        let form = format!(
            "token={}&user_code={}&workspace={}&answer=confirm",
            between(&page, "name=\"token\" value=\"", "\""),
            between(&page, "name=\"user_code\" value=\"", "\""),
            preset.split('"').next().unwrap(),
        );
        self.send("POST", "/pages/device", &form).await;
        self.send("GET", "/pages/device/done", "").await
    }
}

#[track_caller]
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}")).1;
    rest.split_once(after).unwrap().0
}

/// A command of the client with a configuration of its own.
fn client(python: &Path, home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(python.with_file_name("zenml"));
    command.args(arguments).env_clear().current_dir(home).stdin(Stdio::null()).stdout(Stdio::piped());
    command.env("HOME", home).env("ZENML_CONFIG_PATH", home.join("config")).env("PATH", "/usr/bin:/bin");
    // A line is not wrapped, and no browser opens.
    command
        .env("PYTHONUNBUFFERED", "1")
        .env("COLUMNS", "400")
        .env("BROWSER", "/bin/true")
        .env("ZENML_ANALYTICS_OPT_IN", "false");
    command.stderr(Stdio::piped()).kill_on_drop(true);
    command
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[tokio::test]
async fn the_real_client_logs_in_to_a_workspace_after_a_person_has_confirmed_it_on_the_page() {
    let environment = match Search::from_environment().environment() {
        Ok(environment) => environment,
        Err(NoServer::Skipped(why)) => return println!("SKIPPED: {why}"),
        Err(NoServer::Failed(why)) => panic!("{why}"),
    };
    let platform = Platform::start(Options::default()).await.unwrap();
    let (url, admin) = (platform.url().to_owned(), platform.admin().unwrap());
    let (username, password) = (admin.username.as_str(), admin.password.expose().as_str());
    let control = shown(Session::log_in(&url, username, password).await);
    let new = Body::Json(json!({ "name": "alpha", "organization_id": platform.organization_id() }));
    let made = shown(control.expect("POST", "/workspaces", new).await);
    let path = format!("/workspaces/{}", made["id"].as_str().unwrap());
    while shown(control.expect("GET", &path, Body::Empty).await)["status"] == "pending" {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }

    let home = TempDir::new().unwrap();
    let (python, home) = (environment.python(), home.path());
    let mut login = client(&python, home, &["login", "alpha", "--pro-api-url", &url]).spawn().unwrap();
    // The client writes messages to its standard error.
    let mut lines = BufReader::new(login.stderr.take().unwrap()).lines();
    let mut printed = String::new();
    let link = loop {
        let line = lines.next_line().await.unwrap().unwrap_or_else(|| panic!("no link: {printed}"));
        if let Some(start) = line.find(&format!("{url}/pages/device?")) {
            break line[start..].split_whitespace().next().unwrap().to_owned();
        }
        printed += &line;
    };
    assert!(link.ends_with("&workspace=alpha"), "{link}");
    let mut browser = Browser { authority: url.strip_prefix("http://").unwrap(), cookie: String::new() };
    let page = browser.confirm(&link, username, password).await;
    assert!(page.contains("<h1>Login confirmed</h1>"), "{page}");
    while let Some(line) = lines.next_line().await.unwrap() {
        printed += &line;
    }
    assert!(login.wait().await.unwrap().success(), "{printed}");
    assert!(printed.contains("Connected to ZenML Pro server: alpha"), "{printed}");

    let status = client(&python, home, &["status"]).output().await.unwrap();
    let status = text(&status);
    assert!(status.contains("Connected to a ZenML Pro server: `alpha`"), "{status}");
    let devices = shown(control.expect("GET", "/devices", Body::Empty).await);
    assert_eq!(devices[0]["zenml_version"], zenml_test::VERSION, "{devices}");
    platform.stop().await;
}
