//! Bringing the server of a workspace to run, in a version.

use std::path::PathBuf;

use tokio::time::Instant;

use super::process::{LOOK, Process};
use super::reason::{ended, not_copied, not_written, with_log};
use super::settings::{Place, url, variables};
use super::slot::end;
use super::{Lifetime, Servers, probe, rows};
use crate::engine::{Endpoint, EngineError, Watch, WorkspaceSpec, is_older_version, is_same_version};

/// A server that serves its workspace.
#[derive(Debug)]
pub(super) struct Running {
    port: u16,
    version: String,
    note: String,
}

impl Running {
    pub(super) fn into_endpoint(self, workspace: &WorkspaceSpec, turn: Watch) -> Endpoint {
        let Self { port, version, note } = self;
        tracing::info!(workspace.id = %workspace.place.workspace, port, version, "the server of a workspace runs");
        Endpoint { server_url: url(port), version, note, watch: Some(turn) }
    }
}

impl Servers {
    /// Brings the server of a workspace to run in its version. If the database is that of an earlier version, this is an
    /// upgrade, also if only the platform's own database is newer than the folder.
    pub(super) async fn bring(
        &self,
        workspace: &WorkspaceSpec,
        process: &mut Option<Process>,
    ) -> Result<Running, EngineError> {
        let earlier = self.folder(workspace).data().version().or_else(|| workspace.deployed.clone());
        match earlier {
            Some(earlier) if is_older_version(&earlier, &workspace.version) => {
                self.change_version(workspace, &earlier, process).await
            }
            _ => self.run(workspace, &workspace.version, process).await,
        }
    }

    /// Runs another version. If that fails, the earlier one runs again, on the database as it was.
    async fn change_version(
        &self,
        workspace: &WorkspaceSpec,
        earlier: &str,
        process: &mut Option<Process>,
    ) -> Result<Running, EngineError> {
        let reason = match self.try_version(workspace, process).await {
            Err(EngineError::Failed { reason, .. }) => reason,
            other => return other,
        };
        let folder = self.folder(workspace);
        if folder.data().is_kept() {
            end(process).await;
            folder.data().restore().map_err(|error| not_copied(&error, &folder))?;
        }
        let wanted = &workspace.version;
        match self.run(workspace, earlier, process).await {
            Ok(again) => {
                let note = format!("Version {wanted} does not run, so {earlier} still does. {reason}");
                Ok(Running { note, ..again })
            }
            Err(EngineError::Failed { reason: again, source }) => {
                let reason = format!(
                    "Version {wanted} does not run, and neither does {earlier} again, on its own database. {reason} \
                     {earlier}: {again}"
                );
                Err(EngineError::Failed { reason, source })
            }
            Err(error) => Err(error),
        }
    }

    async fn try_version(
        &self,
        workspace: &WorkspaceSpec,
        process: &mut Option<Process>,
    ) -> Result<Running, EngineError> {
        // First, so that a version that cannot be installed does not interrupt the workspace.
        self.python(workspace, &workspace.version).await?;
        let folder = self.folder(workspace);
        self.check(workspace, &workspace.version)?;
        let is_changed = |running: &Running| is_same_version(&running.version, &workspace.version);
        if !self.running(workspace, process).await?.as_ref().is_some_and(is_changed) {
            end(process).await;
            let data = folder.data();
            data.prepare(true).and_then(|()| data.keep()).map_err(|error| not_copied(&error, &folder))?;
        }
        let running = self.run(workspace, &workspace.version, process).await?;
        if let Err(error) = folder.data().forget() {
            // It is in the way of nothing: the next upgrade begins after this one.
            tracing::warn!(%error, folder = %folder.path().display(), "the copy of a database was not removed");
        }
        Ok(running)
    }

    /// Brings the server of a workspace to run in a version: the one that runs already, or a new one.
    pub(super) async fn run(
        &self,
        workspace: &WorkspaceSpec,
        version: &str,
        process: &mut Option<Process>,
    ) -> Result<Running, EngineError> {
        if let Some(running) = self.running(workspace, process).await?
            && is_same_version(&running.version, version)
        {
            self.folder(workspace)
                .data()
                .complete(&running.version)
                .map_err(|error| not_written(&error, &self.folder(workspace)))?;
            return Ok(running);
        }
        end(process).await;
        let folder = self.folder(workspace);
        self.check(workspace, version)?;
        let python = self.python(workspace, version).await?;
        let port = rows::port(&self.store, workspace).await?;
        // Held until the server has started: starts wait for each other.
        let _permit = self.starts.acquire().await;
        let at = Place { platform: &self.base_url, folder: &folder, port };
        let variables = variables(&self.store, &self.vault, workspace, at).await?;
        let started = folder.prepare().and_then(|()| {
            folder.data().prepare(workspace.deployed.is_some())?;
            Process::start(&python, &folder, port, &variables, self.lifetime == Lifetime::Process)
        });
        let started = started.map_err(|error| not_written(&error, &folder))?;
        let running = self.ready(workspace, port, process.insert(started)).await;
        let complete = |running: Running| match folder.data().complete(&running.version) {
            Ok(()) => Ok(running),
            Err(error) => Err(not_written(&error, &folder)),
        };
        let running = running.and_then(complete);
        if running.is_err() {
            end(process).await;
        }
        running
    }

    /// Checks that the data of the workspace is there, and that a version can use it.
    fn check(&self, workspace: &WorkspaceSpec, version: &str) -> Result<(), EngineError> {
        let folder = self.folder(workspace);
        let checked = folder.check().and_then(|()| folder.data().check(workspace.deployed.is_some()));
        checked.map_err(EngineError::failed)?;
        match folder.data().version() {
            Some(found) if is_older_version(version, &found) => Err(EngineError::failed(format!(
                "The database of the workspace in {} is that of ZenML {found}, which {version} cannot use. Set the version \
                 of the workspace to {found}, or put back a copy of the folder from before its upgrade.",
                folder.path().display()
            ))),
            _ => Ok(()),
        }
    }

    async fn python(&self, workspace: &WorkspaceSpec, version: &str) -> Result<PathBuf, EngineError> {
        let progress = rows::Progress { store: &self.store, workspace };
        self.pythons.of_version(version, progress).await.map_err(EngineError::failed)
    }

    /// Finds the server that runs, also one of an earlier run of the platform. One that does not serve the workspace is
    /// ended.
    pub(super) async fn running(
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
        let deadline = Instant::now() + self.patience;
        loop {
            let known = probe::info(port).await;
            if !process.is_running() {
                return Err(EngineError::failed(ended(process.status(), port, &folder)));
            }
            if let Some(info) = known
                && info.pro_workspace_id == Some(workspace.place.workspace)
            {
                if info.pro_api_url.is_none_or(|url| url == self.base_url) {
                    return Ok(Running { port, version: info.version, note: String::new() });
                }
                if process.is_adopted() {
                    // It was started when the platform had another address, and cannot ask for permissions.
                    return Err(EngineError::failed(
                        "The server belongs to another address of the platform.",
                    ));
                }
                // It is that of a copy of this platform, and the new one will find its port taken.
            }
            if Instant::now() >= deadline {
                let seconds = self.patience.as_secs();
                let reason = format!(
                    "The server did not start within {seconds} seconds (--start-timeout of zenml-local serve)"
                );
                return Err(EngineError::failed(with_log(&reason, &folder)));
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}
