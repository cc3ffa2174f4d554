//! What the platform's database knows about a server: its port, and the names that the server shows.

use std::net::{Ipv4Addr, TcpListener};

use sqlx::Row as _;

use crate::engine::WorkspaceSpec;
use crate::error::{Error, Result};
use crate::store::Store;

/// How many free ports are tried that another workspace uses while it does not run.
const TRIES: usize = 100;

/// The stored part of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    /// Its port, once it has one.
    pub(super) port: Option<u16>,
    /// Name of its organization.
    pub(super) organization_name: String,
}

/// Reads it.
pub(super) async fn read(store: &Store, workspace: &WorkspaceSpec) -> Result<Stored> {
    let mut sql = store.begin_read().await?;
    let row = sqlx::query(
        "SELECT w.port, o.name FROM workspace w JOIN organization o ON o.id = w.organization_id WHERE w.id = $1",
    )
    .bind(workspace.place.workspace.to_string())
    .fetch_optional(&mut *sql)
    .await?
    .ok_or_else(|| Error::not_found("The workspace was not found."))?;
    let port: Option<i64> = row.try_get(0)?;
    let port = port.map(u16::try_from).transpose();
    let port = port.map_err(|error| Error::internal("a stored port is invalid", error))?;
    Ok(Stored { port, organization_name: row.try_get(1)? })
}

/// Returns the port of a workspace. The first call chooses a free one, and stores it: addresses in Terraform state
/// contain it.
pub(super) async fn port(store: &Store, workspace: &WorkspaceSpec) -> Result<u16> {
    if let Some(port) = read(store, workspace).await?.port {
        return Ok(port);
    }
    for _ in 0..TRIES {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
        let port = free.map_err(|error| Error::internal("there is no free port", error))?.port();
        let mut sql = store.begin().await?;
        let stored = sqlx::query("UPDATE OR IGNORE workspace SET port = $1 WHERE id = $2 AND port IS NULL")
            .bind(i64::from(port))
            .bind(workspace.place.workspace.to_string())
            .execute(&mut *sql)
            .await?;
        sql.commit().await?;
        if stored.rows_affected() == 1 {
            return Ok(port);
        }
    }
    Err(Error::internal("there is no free port", "all free ports belong to other workspaces"))
}

/// Shows users what the platform does for a workspace that is not available yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress<'a> {
    pub(super) store: &'a Store,
    pub(super) workspace: &'a WorkspaceSpec,
}

impl Progress<'_> {
    /// Shows it in the log, and as the reason of the state.
    pub(super) async fn say(self, what: &str) {
        tracing::info!(workspace.id = %self.workspace.place.workspace, "{what}");
        if let Err(error) = self.record(what).await {
            tracing::debug!(%error, "the progress of a workspace was not recorded");
        }
    }

    async fn record(self, what: &str) -> Result<()> {
        let mut sql = self.store.begin().await?;
        sqlx::query("UPDATE workspace SET state_reason = $1 WHERE id = $2 AND status = 'pending'")
            .bind(what)
            .bind(self.workspace.place.workspace.to_string())
            .execute(&mut *sql)
            .await?;
        Ok(sql.commit().await?)
    }
}
