//! The engine `zenml`: each workspace is a real ZenML server in Pro mode, a process that the platform starts and
//! watches.
//!
//! A server listens on a loopback port that the workspace keeps, and writes only to its own folder. Its secrets are
//! derived from the master key. It outlives a crash of the platform, which then adopts it.

pub(crate) mod folder;
mod probe;
mod process;
mod python;
mod rows;

use std::collections::HashMap;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::pin::Pin;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;
use uuid::Uuid;

use crate::crypto::Vault;
use crate::engine::{Endpoint, EngineError, Watch, Work, WorkspaceEngine, WorkspaceSpec, is_same_version};
use crate::store::Store;
use folder::Folder;
use process::{LOOK, Process};
pub use python::Pythons;

/// How long a server may take to start. On a slow machine, one takes a minute.
const STARTING: Duration = Duration::from_mins(5);
/// Exit codes of the program.
const LOCKED: i32 = 75;
const TAKEN: i32 = 76;
/// Purposes of a server's secrets.
const ENROLLMENT: &str = "enrollment";
const SESSIONS: &str = "sessions";
const SECRETS: &str = "secrets";

/// Returns the secret with which the server of a workspace logs in to the control plane.
pub(crate) fn enrollment_key(vault: &Vault, workspace: Uuid) -> zenml_api::Sensitive<String> {
    vault.secret_of_server(workspace, ENROLLMENT)
}

/// The servers of a platform.
#[derive(Debug)]
pub(crate) struct Servers {
    store: Arc<Store>,
    vault: Arc<Vault>,
    base_url: String,
    pythons: Pythons,
    lifetime: Lifetime,
    /// A start costs 16 seconds of CPU time.
    starts: Semaphore,
    slots: Mutex<HashMap<Uuid, Arc<Slot>>>,
}

/// How long servers run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lifetime {
    /// Until the platform stops. After a crash of the platform, its next run adopts them.
    Platform,
    /// Longer than the platform: its next run adopts them.
    Kept,
    /// At most as long as the process of the platform: its database is removed with it.
    Process,
}

/// The server of one workspace.
#[derive(Debug)]
struct Slot {
    /// Number of the latest work.
    turn: watch::Sender<u64>,
    /// One work at a time.
    process: tokio::sync::Mutex<Option<Process>>,
}

impl Slot {
    fn new() -> Self {
        Self { turn: watch::Sender::new(0), process: tokio::sync::Mutex::default() }
    }

    /// Begins work, and ends all earlier work.
    fn begin(&self) -> Watch {
        self.turn.send_modify(|turn| *turn += 1);
        Watch(*self.turn.borrow())
    }

    /// Does work until later work begins.
    async fn until_superseded<T>(
        &self,
        turn: Watch,
        work: impl Future<Output = Result<T, EngineError>>,
    ) -> Result<T, EngineError> {
        let mut turns = self.turn.subscribe();
        tokio::select! {
            biased;
            // The sender lives in `self`, so this cannot fail.
            _ = turns.wait_for(|latest| *latest != turn.0) => Err(EngineError::Superseded),
            result = work => result,
        }
    }
}

impl Servers {
    pub(crate) fn new(
        store: Arc<Store>,
        vault: Arc<Vault>,
        base_url: String,
        pythons: Pythons,
        lifetime: Lifetime,
    ) -> Self {
        let starts = std::thread::available_parallelism().map_or(1, usize::from).div_ceil(2);
        let (starts, slots) = (Semaphore::new(starts), Mutex::default());
        Self { store, vault, base_url, pythons, lifetime, starts, slots }
    }

    fn slot(&self, workspace: &WorkspaceSpec) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(workspace.place.workspace).or_insert_with(|| Arc::new(Slot::new())))
    }

    fn folder(&self, workspace: &WorkspaceSpec) -> Folder {
        Folder::of(self.store.path(), workspace.place.workspace)
    }

    /// Starts the server of a workspace in its turn.
    async fn start(
        &self,
        workspace: &WorkspaceSpec,
        slot: &Slot,
        turn: Watch,
    ) -> Result<Endpoint, EngineError> {
        let work = async {
            let mut process = slot.process.lock().await;
            self.run(workspace, &workspace.version, &mut process).await
        };
        Ok(slot.until_superseded(turn, work).await?.into_endpoint(workspace, turn))
    }

    /// Brings the server of a workspace to run in a version: the one that runs already, or a new one.
    async fn run(
        &self,
        workspace: &WorkspaceSpec,
        version: &str,
        process: &mut Option<Process>,
    ) -> Result<Running, EngineError> {
        if let Some(running) = self.running(workspace, process).await?
            && is_same_version(&running.version, version)
        {
            return Ok(running);
        }
        end(process).await;
        let python = self.python(workspace, version).await?;
        let port = rows::port(&self.store, workspace).await?;
        let folder = self.folder(workspace);
        // Held until the server has started: starts wait for each other.
        let _permit = self.starts.acquire().await;
        let variables = self.variables(workspace, &folder, port).await?;
        let started = folder.prepare().and_then(|()| {
            let ends_with_us = self.lifetime == Lifetime::Process;
            Process::start(&python, &folder, port, &variables, ends_with_us)
        });
        let started = started.map_err(|error| {
            EngineError::failed(format!(
                "The server cannot be started in {}: {error}.",
                folder.path().display()
            ))
        })?;
        let running = self.ready(workspace, port, process.insert(started)).await;
        let complete = |running| match folder.complete() {
            Ok(()) => Ok(running),
            Err(error) => {
                Err(EngineError::failed(format!("{} cannot be written: {error}.", folder.path().display())))
            }
        };
        let running = running.and_then(complete);
        if running.is_err() {
            end(process).await;
        }
        running
    }

    async fn python(&self, workspace: &WorkspaceSpec, version: &str) -> Result<PathBuf, EngineError> {
        let say = async |what: &str| {
            tracing::info!(workspace.id = %workspace.place.workspace, "{what}");
            if let Err(error) = rows::say(&self.store, workspace, what).await {
                tracing::debug!(%error, "the progress of a workspace was not recorded");
            }
        };
        self.pythons.of_version(version, say).await.map_err(EngineError::failed)
    }

    /// Finds the server that runs, also one of an earlier run of the platform. One that does not serve the workspace is
    /// ended.
    async fn running(
        &self,
        workspace: &WorkspaceSpec,
        process: &mut Option<Process>,
    ) -> Result<Option<Running>, EngineError> {
        if process.as_mut().is_none_or(|process| !process.is_running()) {
            *process = Process::find(&self.folder(workspace));
        }
        let (Some(found), Some(port)) = (process, rows::read(&self.store, workspace).await?.port) else {
            return Ok(None);
        };
        Ok(self.ready(workspace, port, found).await.ok())
    }

    /// Waits until the server on the port is the one of the workspace.
    async fn ready(
        &self,
        workspace: &WorkspaceSpec,
        port: u16,
        process: &mut Process,
    ) -> Result<Running, EngineError> {
        let folder = self.folder(workspace);
        let deadline = Instant::now() + STARTING;
        loop {
            let known = probe::info(port).await;
            if !process.is_running() {
                return Err(EngineError::failed(ended(process.status(), port, &folder)));
            }
            if let Some(info) = known
                && info.pro_workspace_id == Some(workspace.place.workspace)
            {
                if info.pro_api_url.as_ref().is_some_and(|url| *url != self.base_url) {
                    // It was started when the platform had another address, and cannot ask for permissions.
                    return Err(EngineError::failed(
                        "The server belongs to another address of the platform.",
                    ));
                }
                return Ok(Running { port, version: info.version, note: String::new() });
            }
            if Instant::now() >= deadline {
                let reason = format!("The server did not start within {} minutes", STARTING.as_secs() / 60);
                return Err(EngineError::failed(with_log(&reason, &folder)));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn variables(
        &self,
        workspace: &WorkspaceSpec,
        folder: &Folder,
        port: u16,
    ) -> Result<Vec<(&'static str, String)>, EngineError> {
        let id = workspace.place.workspace;
        let secret = |purpose| self.vault.secret_of_server(id, purpose).into_exposed();
        let text = |path: PathBuf| path.display().to_string();
        let organization_name = rows::read(&self.store, workspace).await?.organization_name;
        let (platform, home) = (self.base_url.clone(), text(folder.home()));
        Ok(vec![
            ("HOME", home.clone()),
            ("TMPDIR", home),
            ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()),
            ("ZENML_CONFIG_PATH", text(folder.configuration())),
            ("ZENML_STORE_TYPE", "sql".to_owned()),
            ("ZENML_STORE_URL", format!("sqlite:///{}", text(folder.database()))),
            ("ZENML_SECRETS_STORE_TYPE", "sql".to_owned()),
            ("ZENML_SECRETS_STORE_ENCRYPTION_KEY", secret(SECRETS)),
            ("ZENML_SERVER_DEPLOYMENT_TYPE", "cloud".to_owned()),
            ("ZENML_SERVER_PRO_API_URL", platform.clone()),
            ("ZENML_SERVER_PRO_DASHBOARD_URL", platform.clone()),
            ("ZENML_SERVER_PRO_OAUTH2_AUDIENCE", platform),
            ("ZENML_SERVER_PRO_OAUTH2_CLIENT_SECRET", secret(ENROLLMENT)),
            ("ZENML_SERVER_PRO_ORGANIZATION_ID", workspace.place.organization.to_string()),
            ("ZENML_SERVER_PRO_ORGANIZATION_NAME", organization_name),
            ("ZENML_SERVER_PRO_WORKSPACE_ID", id.to_string()),
            ("ZENML_SERVER_PRO_WORKSPACE_NAME", workspace.name.clone()),
            ("ZENML_SERVER_SERVER_URL", url(port)),
            ("ZENML_SERVER_JWT_SECRET_KEY", secret(SESSIONS)),
            ("ZENML_ANALYTICS_OPT_IN", "false".to_owned()),
            ("ZENML_LOGGING_COLORS_DISABLED", "true".to_owned()),
            ("PYTHONDONTWRITEBYTECODE", "1".to_owned()),
            ("PYTHONUNBUFFERED", "1".to_owned()),
        ])
    }

    /// Runs another version. If that fails, the earlier one runs again, on the database as it was.
    async fn change_version(
        &self,
        workspace: &WorkspaceSpec,
        process: &mut Option<Process>,
    ) -> Result<Running, EngineError> {
        let reason = match self.try_version(workspace, process).await {
            Err(EngineError::Failed { reason, .. }) => reason,
            other => return other,
        };
        let (Some(earlier), wanted) = (&workspace.deployed, &workspace.version) else {
            return Err(EngineError::failed(reason));
        };
        let folder = self.folder(workspace);
        if folder.has_kept_database() {
            end(process).await;
            folder.restore_database().map_err(|error| not_copied(&error))?;
        }
        let again = self.run(workspace, earlier, process).await?;
        Ok(Running {
            note: format!("Version {wanted} does not run, so {earlier} still does. {reason}"),
            ..again
        })
    }

    async fn try_version(
        &self,
        workspace: &WorkspaceSpec,
        process: &mut Option<Process>,
    ) -> Result<Running, EngineError> {
        // First, so that a version that cannot be installed does not interrupt the workspace.
        self.python(workspace, &workspace.version).await?;
        let folder = self.folder(workspace);
        let is_changed = |running: &Running| is_same_version(&running.version, &workspace.version);
        if !self.running(workspace, process).await?.as_ref().is_some_and(is_changed) {
            end(process).await;
            folder.keep_database().map_err(|error| not_copied(&error))?;
        }
        let running = self.run(workspace, &workspace.version, process).await?;
        folder.forget_kept_database().map_err(|error| not_copied(&error))?;
        Ok(running)
    }

    /// Ends all servers.
    async fn end_all(&self) {
        let slots: Vec<_> = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            slots.drain().map(|(_, slot)| slot).collect()
        };
        for slot in &slots {
            slot.begin();
        }
        let mut ending = tokio::task::JoinSet::new();
        for slot in slots {
            ending.spawn(async move { end(&mut *slot.process.lock().await).await });
        }
        ending.join_all().await;
    }
}

/// A server that serves its workspace.
#[derive(Debug)]
struct Running {
    port: u16,
    version: String,
    note: String,
}

impl Running {
    fn into_endpoint(self, workspace: &WorkspaceSpec, turn: Watch) -> Endpoint {
        let Self { port, version, note } = self;
        tracing::info!(workspace.id = %workspace.place.workspace, port, version, "the server of a workspace runs");
        Endpoint { server_url: url(port), version, note, watch: Some(turn) }
    }
}

fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

fn not_copied(error: &std::io::Error) -> EngineError {
    EngineError::failed(format!("The database of the workspace cannot be copied: {error}."))
}

async fn end(process: &mut Option<Process>) {
    if let Some(process) = process {
        process.end().await;
    }
    *process = None;
}

/// Says why a server ended.
fn ended(status: Option<ExitStatus>, port: u16, folder: &Folder) -> String {
    match status.map(|status| (status.code(), status.signal())) {
        Some((Some(TAKEN), _)) => format!(
            "Another program uses port {port}, which belongs to this workspace, because Terraform state contains it. \
             Stop that program, and activate the workspace."
        ),
        Some((Some(LOCKED), _)) => {
            format!("Another server is running in {}. Stop it.", folder.path().display())
        }
        Some((Some(code), _)) => with_log(&format!("The server ended with exit code {code}"), folder),
        Some((None, Some(signal))) => with_log(&format!("The server was ended by signal {signal}"), folder),
        _ => with_log("The server ended", folder),
    }
}

/// Adds the last line of the log, and where the rest is.
fn with_log(what: &str, folder: &Folder) -> String {
    let log = folder.log();
    let line = folder.last_words().unwrap_or_default();
    format!("{what}. Its log, {}, says: {}", log.display(), printable::line(&line))
}

impl WorkspaceEngine for Servers {
    fn deploy<'a>(&'a self, workspace: &'a WorkspaceSpec) -> Work<'a, Endpoint> {
        Box::pin(async move {
            let slot = self.slot(workspace);
            let turn = slot.begin();
            self.start(workspace, &slot, turn).await
        })
    }

    fn upgrade<'a>(&'a self, workspace: &'a WorkspaceSpec) -> Work<'a, Endpoint> {
        Box::pin(async move {
            let slot = self.slot(workspace);
            let turn = slot.begin();
            let work = async {
                let mut process = slot.process.lock().await;
                self.change_version(workspace, &mut process).await
            };
            Ok(slot.until_superseded(turn, work).await?.into_endpoint(workspace, turn))
        })
    }

    fn deactivate<'a>(&'a self, workspace: &'a WorkspaceSpec) -> Work<'a, ()> {
        Box::pin(async move {
            let slot = self.slot(workspace);
            slot.begin();
            let mut process = slot.process.lock().await;
            if process.is_none() {
                *process = Process::find(&self.folder(workspace));
            }
            end(&mut process).await;
            Ok(())
        })
    }

    fn delete<'a>(&'a self, workspace: &'a WorkspaceSpec) -> Work<'a, ()> {
        Box::pin(async move {
            self.deactivate(workspace).await?;
            let folder = self.folder(workspace);
            folder.remove().map_err(|error| {
                EngineError::failed(format!("{} cannot be removed: {error}.", folder.path().display()))
            })?;
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            slots.remove(&workspace.place.workspace);
            Ok(())
        })
    }

    fn adopt<'a>(&'a self, workspace: &'a WorkspaceSpec) -> Work<'a, Option<Endpoint>> {
        Box::pin(async move {
            let slot = self.slot(workspace);
            let turn = slot.begin();
            let work = async {
                let mut process = slot.process.lock().await;
                self.running(workspace, &mut process).await
            };
            let running = slot.until_superseded(turn, work).await?;
            Ok(running.map(|running| running.into_endpoint(workspace, turn)))
        })
    }

    fn ended<'a>(&'a self, workspace: &'a WorkspaceSpec, watch: Watch) -> Work<'a, String> {
        Box::pin(async move {
            let slot = self.slot(workspace);
            let work = async {
                loop {
                    tokio::time::sleep(LOOK).await;
                    let mut process = slot.process.lock().await;
                    let Some(process) = process.as_mut() else { continue };
                    if process.is_running() {
                        continue;
                    }
                    let port = rows::read(&self.store, workspace).await?.port.unwrap_or_default();
                    return Ok(ended(process.status(), port, &self.folder(workspace)));
                }
            };
            slot.until_superseded(watch, work).await
        })
    }

    fn restart<'a>(&'a self, workspace: &'a WorkspaceSpec, watch: Watch) -> Work<'a, Endpoint> {
        Box::pin(async move {
            // In the same turn: later work ends it, and if it fails, it can be tried again.
            let slot = self.slot(workspace);
            self.start(workspace, &slot, watch).await
        })
    }

    fn stop(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            if self.lifetime != Lifetime::Kept {
                self.end_all().await;
            }
        })
    }
}
