//! The embedded engine: a workspace is rows in the platform's database, served by the platform itself.

use std::sync::Arc;

use super::deployment;
use crate::audit::Origin;
use crate::crypto::Vault;
use crate::engine::{DEFAULT_VERSION, Endpoint, Work, WorkspaceEngine, WorkspaceSpec};
use crate::error::Result;
use crate::rbac::{Actor, Tx, WorkspacePlace};
use crate::store::Store;
use crate::unit_of_work;

/// Creates workspaces that the platform serves at `{base}/w/{id}`.
///
/// Whether one is deactivated is stored in its row on the control plane, where the router reads it: rows need not be
/// stopped or upgraded.
#[derive(Debug)]
pub(crate) struct Embedded {
    store: Arc<Store>,
    vault: Arc<Vault>,
    base_url: String,
}

impl Embedded {
    /// Creates an engine whose workspaces are rows of this database, served below this address.
    pub(crate) const fn new(store: Arc<Store>, vault: Arc<Vault>, base_url: String) -> Self {
        Self { store, vault, base_url }
    }

    fn endpoint(&self, workspace: &WorkspaceSpec) -> Endpoint {
        Endpoint {
            server_url: format!("{}/w/{}", self.base_url, workspace.place.workspace),
            version: DEFAULT_VERSION.to_owned(),
            note: String::new(),
            watch: None,
        }
    }

    async fn write(&self, work: impl AsyncFnOnce(&mut Tx) -> Result<()>) -> Result<()> {
        unit_of_work::write(&self.store, &Actor::Platform, &Origin::default(), work).await
    }

    async fn exists(&self, place: WorkspacePlace) -> Result<bool> {
        deployment::exists_unchecked(&mut *self.store.begin_read().await?, place).await
    }
}

impl WorkspaceEngine for Embedded {
    fn deploy<'a>(&'a self, workspace: &'a WorkspaceSpec) -> Work<'a, Endpoint> {
        Box::pin(async move {
            self.write(async |tx| deployment::populate(tx, &self.vault, workspace.place).await).await?;
            Ok(self.endpoint(workspace))
        })
    }

    fn upgrade<'a>(&'a self, workspace: &'a WorkspaceSpec) -> Work<'a, Endpoint> {
        Box::pin(async { Ok(self.endpoint(workspace)) })
    }

    fn deactivate<'a>(&'a self, _: &'a WorkspaceSpec) -> Work<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn delete<'a>(&'a self, workspace: &'a WorkspaceSpec) -> Work<'a, ()> {
        Box::pin(async move {
            Ok(self.write(async |tx| deployment::erase_unchecked(tx, workspace.place).await).await?)
        })
    }

    fn adopt<'a>(&'a self, workspace: &'a WorkspaceSpec) -> Work<'a, Option<Endpoint>> {
        Box::pin(async move { Ok(self.exists(workspace.place).await?.then(|| self.endpoint(workspace))) })
    }
}
