//! Workspaces that are real ZenML servers: started, watched, killed, adopted and removed by the local platform.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};
use xtask::demo::http::{Body, Session};
use zenml_test::{NoServer, Search};

/// How long a change of a workspace may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(3);

/// The interpreter with ZenML; `None` if there is none and none is required.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
pub(crate) fn python() -> Option<PathBuf> {
    match Search::from_environment().environment() {
        Ok(environment) => Some(environment.python()),
        Err(NoServer::Skipped(why)) => {
            eprintln!("SKIPPED: {why}");
            None
        }
        Err(NoServer::Failed(why)) => panic!("{why}"),
    }
}

/// The platform as a process, which can be killed and started again.
struct Platform {
    process: Child,
    folder: TempDir,
    python: PathBuf,
    session: Session,
}

impl Platform {
    async fn start(python: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let process = serve(folder.path(), python, "127.0.0.1:0");
        let ready = ready(folder.path()).await;
        let key = ready["service_account_key"].as_str().unwrap();
        let session = Session::anonymous(ready["control_plane_url"].as_str().unwrap()).with(key);
        Self { process, folder, python: python.to_owned(), session }
    }

    /// Kills it without a chance to clean up.
    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Asks it to stop, and waits.
    fn stop(&mut self) {
        signal(self.process.id(), "-TERM");
        self.process.wait().unwrap();
    }

    async fn start_again(&mut self) {
        self.start_again_at("127.0.0.1:0").await;
    }

    /// Starts it on an address; port 0 is the one that it had.
    async fn start_again_at(&mut self, address: &str) {
        fs::remove_file(self.folder.path().join("ready.json")).unwrap();
        self.process = serve(self.folder.path(), &self.python, address);
        let ready = ready(self.folder.path()).await;
        self.session = self.session.at(ready["control_plane_url"].as_str().unwrap());
    }

    async fn send(&self, method: &str, path: &str, body: Json) -> Json {
        let body = if body.is_null() { Body::Empty } else { Body::Json(body) };
        self.session.send(method, path, body).await.unwrap().body
    }

    /// Waits until the workspace has a status; panics if it gets another one that is final.
    async fn becomes(&self, status: &str) -> Json {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let found = self.send("GET", "/workspaces/alpha", Json::Null).await;
            if found["status"] == status {
                return found;
            }
            assert!(Instant::now() < deadline, "{found}");
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Changes the workspace.
    async fn change(&self, change: Json) -> Json {
        let found = self.send("GET", "/workspaces/alpha", Json::Null).await;
        self.send("PATCH", &format!("/workspaces/{}", found["id"].as_str().unwrap()), change).await
    }

    fn workspaces(&self) -> Vec<PathBuf> {
        let all = fs::read_dir(self.folder.path().join("platform.db.workspaces"));
        all.into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
    }

    /// Process id of the server.
    fn server(&self) -> u32 {
        let record = fs::read(self.workspaces()[0].join("process.json")).unwrap();
        let record: Json = serde_json::from_slice(&record).unwrap();
        record["pid"].as_u64().unwrap().try_into().unwrap()
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        signal(self.process.id(), "-TERM");
        let _ = self.process.wait();
        for server in self.workspaces() {
            // After a failed test, no server goes on running.
            if let Some(record) = fs::read(server.join("process.json")).ok()
                && let Ok(record) = serde_json::from_slice::<Json>(&record)
                && let Some(pid) = record["pid"].as_u64().and_then(|pid| pid.try_into().ok())
                && runs(pid)
            {
                signal(pid, "-KILL");
            }
        }
    }
}

fn serve(folder: &Path, python: &Path, address: &str) -> Child {
    let log = fs::File::options().create(true).append(true).open(folder.join("platform.log")).unwrap();
    let binary = built("zenml-local");
    let mut command = Command::new(&binary);
    command.args(["serve", "--listen", address, "--engine", "zenml", "--zenml-python"]).arg(python);
    command.arg("--database").arg(format!("sqlite:{}", folder.join("platform.db").display()));
    command.arg("--ready-file").arg(folder.join("ready.json"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap()
}

/// A binary of the workspace, beside the tests or one folder above.
pub(crate) fn built(name: &str) -> PathBuf {
    let program = std::env::current_exe().unwrap();
    let found = program.ancestors().skip(1).take(2).map(|folder| folder.join(name));
    found.into_iter().find(|path| path.is_file()).unwrap_or_else(|| panic!("cargo build --bin {name}"))
}

async fn ready(folder: &Path) -> Json {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Ok(text) = fs::read(folder.join("ready.json")) {
            return serde_json::from_slice(&text).unwrap();
        }
        assert!(Instant::now() < deadline, "{}", fs::read_to_string(folder.join("platform.log")).unwrap());
        sleep(Duration::from_millis(20)).await;
    }
}

fn signal(pid: u32, signal: &str) {
    let _ = Command::new("kill").args([signal, &pid.to_string()]).stderr(Stdio::null()).status();
}

fn runs(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

fn address(workspace: &Json) -> String {
    workspace["zenml_service"]["status"]["server_url"].as_str().unwrap().to_owned()
}

/// Creates a project in the workspace, or looks for it.
async fn project(platform: &Platform, server: &str, method: &str) -> u16 {
    let found = platform.session.at(format!("{server}/api/v1"));
    let body = if method == "POST" { Body::Json(json!({ "name": "kept" })) } else { Body::Empty };
    let path = if method == "POST" { "/projects" } else { "/projects/kept" };
    found.send(method, path, body).await.unwrap().status
}

#[tokio::test]
async fn a_workspace_survives_the_end_of_its_server_and_of_its_platform_at_the_same_address() {
    let Some(python) = python() else { return };
    let mut platform = Platform::start(&python).await;
    platform.send("POST", "/workspaces", json!({ "name": "alpha" })).await;
    // A first creation that is killed leaves a database that no server can use.
    sleep(Duration::from_secs(2)).await;
    platform.kill();
    let first = platform.workspaces();
    if !first.is_empty() && first[0].join("process.json").exists() {
        signal(platform.server(), "-KILL");
    }
    platform.start_again().await;
    let server = address(&platform.becomes("available").await);
    assert_eq!(project(&platform, &server, "POST").await, 200);

    // The server is killed.
    signal(platform.server(), "-KILL");
    let reason = platform.becomes("pending").await["state_reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("signal 9") && reason.contains("server.log"), "{reason}");
    assert_eq!(address(&platform.becomes("available").await), server);
    assert_eq!(project(&platform, &server, "GET").await, 200, "nothing is lost");

    // It is killed, and cannot be started again.
    signal(platform.server(), "-KILL");
    let port: u16 = server.rsplit(':').next().unwrap().parse().unwrap();
    let taken = loop {
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Ok(listener) => break listener,
            Err(_) => sleep(Duration::from_millis(10)).await,
        }
    };
    let reason = platform.becomes("failed").await["state_reason"].as_str().unwrap().to_owned();
    assert!(reason.contains(&format!("Another program uses port {port}")), "{reason}");
    drop(taken);
    platform.change(json!({ "desired_state": "available" })).await;
    assert_eq!(address(&platform.becomes("available").await), server);

    // The platform is killed: its server goes on, and is adopted.
    let process = platform.server();
    platform.kill();
    assert!(runs(process));
    platform.start_again().await;
    assert_eq!(address(&platform.becomes("available").await), server);
    assert_eq!(platform.server(), process);

    // A platform at another address cannot use a server that asks the old one.
    platform.kill();
    let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    platform.start_again_at(&other.to_string()).await;
    platform.becomes("pending").await;
    assert_eq!(address(&platform.becomes("available").await), server);
    assert!(platform.server() != process && !runs(process));
    let process = platform.server();

    // Both are killed, and the process id belongs to somebody else.
    platform.kill();
    signal(process, "-KILL");
    let mut stranger =
        Command::new("sleep").arg("600").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let record = json!({ "pid": stranger.id(), "started": "1" }).to_string();
    fs::write(platform.workspaces()[0].join("process.json"), record).unwrap();
    platform.start_again().await;
    platform.becomes("pending").await;
    assert_eq!(address(&platform.becomes("available").await), server);

    // The platform is asked to stop, and another program takes the port.
    let process = platform.server();
    platform.stop();
    assert!(!runs(process), "no server is left");
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    platform.start_again().await;
    let reason = platform.becomes("failed").await["state_reason"].as_str().unwrap().to_owned();
    assert!(reason.contains(&format!("Another program uses port {port}")), "{reason}");
    drop(taken);
    platform.change(json!({ "desired_state": "available" })).await;
    assert_eq!(address(&platform.becomes("available").await), server);

    // A version that cannot be installed does not end the one that runs.
    let version = |version: &str| json!({ "zenml_service": { "configuration": { "version": version } } });
    let process = platform.server();
    platform.change(version("99.0.0")).await;
    let found = platform.becomes("available").await;
    assert_eq!(found["zenml_service"]["status"]["version"], "0.98.0");
    assert!(found["state_reason"].as_str().unwrap().contains("Version 99.0.0 does not run"), "{found}");
    assert_eq!(platform.server(), process);
    for (refused, why) in [("0.97.0", "cannot be downgraded"), ("99.banana", "is not a version")] {
        let answer = platform.change(version(refused)).await;
        assert!(answer["detail"][1].as_str().is_some_and(|text| text.contains(why)), "{answer}");
    }
    platform.change(version("0.98.0")).await;
    assert_eq!(platform.becomes("available").await["state_reason"], "");

    // Deactivation ends the server and keeps the data.
    platform.change(json!({ "desired_state": "deactivated" })).await;
    platform.becomes("deactivated").await;
    assert!(!runs(process));
    platform.change(json!({ "desired_state": "available" })).await;
    assert_eq!(address(&platform.becomes("available").await), server);
    assert_eq!(project(&platform, &server, "GET").await, 200);

    let process = platform.server();
    let found = platform.send("GET", "/workspaces/alpha", Json::Null).await;
    platform.send("DELETE", &format!("/workspaces/{}", found["id"].as_str().unwrap()), Json::Null).await;
    let deadline = Instant::now() + PATIENCE;
    while platform.send("GET", "/workspaces/alpha", Json::Null).await["id"].is_string() {
        assert!(Instant::now() < deadline);
        sleep(Duration::from_millis(100)).await;
    }
    assert!(!runs(process) && platform.workspaces().is_empty());
    assert!(runs(stranger.id()), "a process that is not a server is left alone");
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

#[tokio::test]
async fn an_interpreter_that_cannot_run_a_server_is_the_reason_of_a_failed_workspace() {
    let Some(with_zenml) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let bare = folder.path().join("bare");
    let made = Command::new(with_zenml).args(["-m", "venv", "--without-pip"]).arg(&bare).status().unwrap();
    assert!(made.success());
    let bare = bare.join("bin/python");
    let install = format!("{} -m pip install 'zenml[server]==0.98.0'", bare.display());
    for (python, reason) in [
        (Path::new("/nonexistent/python"), "/nonexistent/python cannot be run"),
        (&bare, &format!("does not have ZenML. Install it with: {install}")),
    ] {
        let platform = Platform::start(python).await;
        platform.send("POST", "/workspaces", json!({ "name": "alpha" })).await;
        let found = platform.becomes("failed").await;
        assert!(found["state_reason"].as_str().unwrap().contains(reason), "{found}");
    }
}
