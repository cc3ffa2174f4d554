//! The engine `zenml`: each workspace is a real ZenML server in Pro mode, a process that the platform starts and
//! watches.
//!
//! A server listens on a loopback port that the workspace keeps, and writes only to its own folder. Its secrets are
//! derived from the master key. It outlives a crash of the platform, which then adopts it.

mod data;
pub(crate) mod folder;
mod probe;
mod process;
mod python;
mod reason;
mod rows;
mod run;
mod settings;
mod slot;

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::crypto::Vault;
use crate::engine::{Endpoint, EngineError, Watch, Work, WorkspaceEngine, WorkspaceSpec};
use crate::store::Store;
use folder::Folder;
use process::{LOOK, Process};
pub use python::Pythons;
use reason::{ended, in_use};
use slot::{Slot, end};

/// Purpose of the secret with which a server logs in to the control plane.
const ENROLLMENT: &str = "enrollment";

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
    /// How long a server may take to start.
    patience: Duration,
    /// A start costs 4 to 6 seconds of CPU time.
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

impl Servers {
    pub(crate) fn new(
        store: Arc<Store>,
        vault: Arc<Vault>,
        base_url: String,
        pythons: Pythons,
        lifetime: Lifetime,
        patience: Duration,
    ) -> Self {
        let starts = std::thread::available_parallelism().map_or(1, usize::from).div_ceil(2);
        let (starts, slots) = (Semaphore::new(starts), Mutex::default());
        Self { store, vault, base_url, pythons, lifetime, patience, starts, slots }
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
            self.bring(workspace, &mut process).await
        };
        Ok(slot.until_superseded(turn, work).await?.into_endpoint(workspace, turn))
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

impl WorkspaceEngine for Servers {
    fn deploy<'a>(&'a self, workspace: &'a WorkspaceSpec) -> Work<'a, Endpoint> {
        Box::pin(async move {
            let slot = self.slot(workspace);
            let turn = slot.begin();
            self.start(workspace, &slot, turn).await
        })
    }

    fn upgrade<'a>(&'a self, workspace: &'a WorkspaceSpec) -> Work<'a, Endpoint> {
        // The folder knows the version of its database.
        self.deploy(workspace)
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
            if folder.is_in_use() {
                return Err(EngineError::failed(in_use(&folder)));
            }
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

    fn end_others<'a>(&'a self, known: &'a [Uuid]) -> Work<'a, ()> {
        Box::pin(async move {
            for workspace in Folder::existing(self.store.path()) {
                if known.contains(&workspace) {
                    continue;
                }
                let folder = Folder::of(self.store.path(), workspace);
                let path = folder.path().display();
                tracing::warn!(folder = %path, "this folder belongs to no workspace of the database, and is left alone");
                end(&mut Process::find(&folder)).await;
            }
            Ok(())
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
