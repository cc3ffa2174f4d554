//! The platform as a process, which can be killed and started again.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};
use xtask::demo::http::{Body, Session};

use super::built;

/// How long a change of a workspace may take on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_mins(3);

/// How a platform is started.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    /// More arguments.
    pub(super) arguments: Vec<OsString>,
    /// Environment variables. Those of pip are not passed on.
    pub(super) variables: Vec<(&'static str, OsString)>,
}

impl Settings {
    /// New workspaces are servers of this interpreter.
    pub(super) fn with(python: &Path) -> Self {
        let arguments =
            ["--engine".as_ref(), "zenml".as_ref(), "--zenml-python".as_ref(), python.as_os_str()];
        Self { arguments: arguments.map(Into::into).into(), variables: Vec::new() }
    }

    /// New workspaces are servers of environments in this folder of caches.
    pub(super) fn cached(cache: &Path) -> Self {
        let arguments = ["--engine", "zenml"].map(Into::into).into();
        Self { arguments, variables: vec![("XDG_CACHE_HOME", cache.into())] }
    }

    #[must_use]
    pub(super) fn argument(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    #[must_use]
    pub(super) fn variable(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.variables.push((name, value.into()));
        self
    }
}

/// A running platform. Its servers end with the test.
pub(super) struct Platform {
    pub(super) process: Child,
    pub(super) folder: TempDir,
    pub(super) settings: Settings,
    pub(super) session: Session,
}

impl Platform {
    pub(super) async fn start(settings: Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let process = serve(folder.path(), &settings, "127.0.0.1:0");
        let ready = ready(folder.path()).await;
        let key = ready["service_account_key"].as_str().unwrap();
        let session = Session::anonymous(ready["control_plane_url"].as_str().unwrap()).with(key);
        Self { process, folder, settings, session }
    }

    /// Kills it without a chance to clean up.
    pub(super) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Asks it to stop, and waits.
    pub(super) fn stop(&mut self) {
        signal(self.process.id(), "-TERM");
        self.process.wait().unwrap();
    }

    /// Limits the size of its files and those of all that it starts, in bytes, as a full disk does.
    pub(super) fn limit_files(&self, bytes: Option<u64>) {
        let pid = Pid::from_raw(i32::try_from(self.process.id()).unwrap());
        prlimit(pid, Resource::Fsize, Rlimit { current: bytes, maximum: None }).unwrap();
    }

    pub(super) async fn start_again(&mut self) {
        self.start_again_at("127.0.0.1:0").await;
    }

    /// Starts it on an address; port 0 is the one that it had.
    pub(super) async fn start_again_at(&mut self, address: &str) {
        fs::remove_file(self.folder.path().join("ready.json")).unwrap();
        self.process = serve(self.folder.path(), &self.settings, address);
        let ready = ready(self.folder.path()).await;
        self.session = self.session.at(ready["control_plane_url"].as_str().unwrap());
    }

    pub(super) async fn send(&self, method: &str, path: &str, body: Json) -> Json {
        let body = if body.is_null() { Body::Empty } else { Body::Json(body) };
        self.session.send(method, path, body).await.unwrap().body
    }

    pub(super) async fn create(&self, name: &str) {
        let created = self.send("POST", "/workspaces", json!({ "name": name })).await;
        assert_eq!(created["name"], name, "{created}");
    }

    pub(super) async fn get(&self, name: &str) -> Json {
        self.send("GET", &format!("/workspaces/{name}"), Json::Null).await
    }

    pub(super) async fn id(&self, name: &str) -> String {
        self.get(name).await["id"].as_str().unwrap().to_owned()
    }

    /// Waits until a workspace has a status.
    pub(super) async fn becomes(&self, name: &str, status: &str) -> Json {
        self.until(name, |found| {
            let is_over = found["status"] == status;
            assert!(is_over || found["status"] != "failed", "{}", found["state_reason"]);
            is_over
        })
        .await
    }

    /// Waits until a workspace fails, and returns why.
    pub(super) async fn fails(&self, name: &str) -> String {
        let found = self.until(name, |found| found["status"] == "failed").await;
        found["state_reason"].as_str().unwrap().to_owned()
    }

    pub(super) async fn until(&self, name: &str, is_over: impl Fn(&Json) -> bool) -> Json {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let found = self.get(name).await;
            if is_over(&found) {
                return found;
            }
            if Instant::now() >= deadline {
                let log = fs::read_to_string(self.folder.path().join("platform.log")).unwrap();
                panic!("{found}\n{log}");
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Changes a workspace.
    pub(super) async fn change(&self, name: &str, change: Json) -> Json {
        let path = format!("/workspaces/{}", self.id(name).await);
        self.send("PATCH", &path, change).await
    }

    pub(super) async fn activate(&self, name: &str) {
        let changed = self.change(name, json!({ "desired_state": "available" })).await;
        assert_eq!(changed["desired_state"], "available", "{changed}");
    }

    /// Deletes a workspace, and waits until it is gone.
    pub(super) async fn delete(&self, name: &str) {
        self.send("DELETE", &format!("/workspaces/{}", self.id(name).await), Json::Null).await;
        self.until(name, |found| !found["id"].is_string()).await;
    }

    /// The folders of all workspaces.
    pub(super) fn workspaces(&self) -> Vec<PathBuf> {
        let all = fs::read_dir(self.folder.path().join("platform.db.workspaces"));
        all.into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
    }

    /// The folder of a workspace.
    pub(super) async fn workspace(&self, name: &str) -> PathBuf {
        self.folder.path().join("platform.db.workspaces").join(self.id(name).await)
    }

    /// Process id of the server of a workspace.
    pub(super) async fn server(&self, name: &str) -> u32 {
        recorded(&self.workspace(name).await).unwrap()
    }
}

/// The process id in the record of a server.
pub(super) fn recorded(folder: &Path) -> Option<u32> {
    let record: Json = serde_json::from_slice(&fs::read(folder.join("process.json")).ok()?).ok()?;
    record["pid"].as_u64()?.try_into().ok()
}

impl Drop for Platform {
    fn drop(&mut self) {
        signal(self.process.id(), "-TERM");
        let _ = self.process.wait();
        // After a failed test, no server goes on running.
        for folder in self.workspaces() {
            if let Some(pid) = recorded(&folder)
                && command_line(pid).contains(&*folder.to_string_lossy())
            {
                signal(pid, "-KILL");
            }
        }
    }
}

fn serve(folder: &Path, settings: &Settings, address: &str) -> Child {
    let log = fs::File::options().create(true).append(true).open(folder.join("platform.log")).unwrap();
    // The limit of a file is an error for the platform, and not the end.
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(built("zenml-local"));
    command.args(["serve", "--listen", address]).args(&settings.arguments);
    command.arg("--database").arg(format!("sqlite:{}", folder.join("platform.db").display()));
    command.arg("--ready-file").arg(folder.join("ready.json"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PIP_")) {
        command.env_remove(name);
    }
    command.envs(settings.variables.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap()
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

pub(super) fn signal(pid: u32, signal: &str) {
    let _ = Command::new("kill").args([signal, &pid.to_string()]).stderr(Stdio::null()).status();
}

pub(super) fn runs(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

fn command_line(pid: u32) -> String {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&line).replace('\0', " ")
}

/// The processes whose command line contains a text.
pub(super) fn processes(text: &str) -> Vec<u32> {
    let all = fs::read_dir("/proc").unwrap().flatten();
    let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| command_line(*pid).contains(text)).collect()
}

/// The address of an available workspace.
pub(super) fn address(workspace: &Json) -> String {
    workspace["zenml_service"]["status"]["server_url"].as_str().unwrap().to_owned()
}

/// Creates a project in the workspace, or looks for it.
pub(super) async fn project(platform: &Platform, server: &str, method: &str) -> u16 {
    let found = platform.session.at(format!("{server}/api/v1"));
    let body = if method == "POST" { Body::Json(json!({ "name": "kept" })) } else { Body::Empty };
    let path = if method == "POST" { "/projects" } else { "/projects/kept" };
    found.send(method, path, body).await.unwrap().status
}
