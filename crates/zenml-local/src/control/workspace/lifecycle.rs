//! Background work on workspaces: deployment, deactivation, deletion, and resuming unfinished work of an earlier run.

use std::sync::Arc;
use std::time::Duration;

use printable::Chain;
use zenml_api::control::workspace::WorkspaceStatus;
use zenml_api::{Identifier, WorkspaceId};

use super::sql::{self, Stored};
use crate::audit::Origin;
use crate::engine::{Endpoint, EngineError, State, WorkspaceSpec};
use crate::error::Result;
use crate::faults::Deployment;
use crate::rbac::{Actor, Tx, WorkspacePlace};
use crate::state::Shared;
use crate::unit_of_work;

/// Initial and maximum delay of background work after a failed write to the database.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// Brings a workspace to its desired state, in the background and on behalf of the platform.
pub(super) fn start(shared: &Arc<Shared>, id: WorkspaceId) {
    let platform = Arc::clone(shared);
    shared.tasks.spawn(async move {
        let mut pause = FIRST_PAUSE;
        while let Err(error) = bring(&platform, id).await {
            tracing::error!(
                workspace.id = %id,
                cause = %Chain(&error),
                "a workspace could not reach its desired state"
            );
            if !error.is_of_storage() {
                break;
            }
            // Otherwise the work would only resume at the next start, and the disk may have free space again.
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    });
}

/// Resumes after an earlier run: continues unfinished work and adopts running workspaces.
pub(crate) async fn resume(shared: &Arc<Shared>) -> Result<()> {
    let (unfinished, running) = read(shared, async |tx| {
        Ok((sql::unfinished_unchecked(tx.sql()).await?, sql::running_unchecked(tx.sql()).await?))
    })
    .await?;
    for id in unfinished {
        start(shared, id);
    }
    for id in running {
        let stored = read(shared, async |tx| sql::stored_unchecked(tx.sql(), id).await).await?;
        adopt(shared, &stored).await?;
    }
    Ok(())
}

/// Takes over a workspace that was available and re-creates missing parts.
async fn adopt(shared: &Arc<Shared>, stored: &Stored) -> Result<()> {
    let (engine, spec, id) = (&shared.engine, spec(stored), stored.id);
    let adopted = match engine.state(&spec).await {
        Ok(State::Running) => engine.adopt(&spec).await,
        Ok(State::Stopped | State::Absent) => Ok(None),
        Ok(State::Failed(reason)) => Err(EngineError { reason, source: None }),
        Err(error) => Err(error),
    };
    match adopted {
        Ok(Some(Endpoint { server_url, version })) => {
            write(shared, async |tx| sql::set_endpoint_unchecked(tx.sql(), id, &server_url, &version).await)
                .await
        }
        Ok(None) => {
            write(shared, async |tx| {
                sql::set_status_unchecked(tx.sql(), id, &WorkspaceStatus::Pending, "").await
            })
            .await?;
            start(shared, id);
            Ok(())
        }
        Err(error) => fail(shared, stored, error).await,
    }
}

async fn bring(shared: &Arc<Shared>, id: WorkspaceId) -> Result<()> {
    let stored = read(shared, async |tx| sql::stored_unchecked(tx.sql(), id).await).await?;
    if stored.desired_state != WorkspaceStatus::Deleted {
        match shared.faults.deployment(&stored.name) {
            None => {}
            Some(Deployment::PendingForever) => return Ok(()),
            Some(Deployment::PendingSeconds(seconds)) => {
                tokio::time::sleep(Duration::from_secs(seconds)).await;
            }
            Some(Deployment::Failed(reason)) => {
                return fail(shared, &stored, EngineError { reason, source: None }).await;
            }
        }
    }
    // The desired state may have changed in the meantime. Then other work has started, and only the last one counts.
    let stored = match read(shared, async |tx| sql::stored_unchecked(tx.sql(), id).await).await {
        Err(error) if error.status() == http::StatusCode::NOT_FOUND => return Ok(()),
        stored => stored?,
    };
    match stored.desired_state {
        WorkspaceStatus::Deleted => delete(shared, &stored).await,
        WorkspaceStatus::Deactivated => deactivate(shared, &stored).await,
        _ => deploy(shared, &stored).await,
    }
}

async fn deploy(shared: &Arc<Shared>, stored: &Stored) -> Result<()> {
    let spec = spec(stored);
    let engine = &shared.engine;
    let upgrade = stored.server_version.as_ref().is_some_and(|version| *version != spec.version);
    let result = if upgrade { engine.upgrade(&spec).await } else { engine.deploy(&spec).await };
    match result {
        Err(error) => fail(shared, stored, error).await,
        Ok(endpoint) => finish(shared, stored, &WorkspaceStatus::Available, "", Some(&endpoint)).await,
    }
}

async fn deactivate(shared: &Arc<Shared>, stored: &Stored) -> Result<()> {
    match shared.engine.deactivate(&spec(stored)).await {
        Err(error) => fail(shared, stored, error).await,
        Ok(()) => finish(shared, stored, &WorkspaceStatus::Deactivated, "", None).await,
    }
}

async fn delete(shared: &Arc<Shared>, stored: &Stored) -> Result<()> {
    if stored.is_managed
        && let Err(error) = shared.engine.delete(&spec(stored)).await
    {
        return fail(shared, stored, error).await;
    }
    write(shared, async |tx| sql::remove_unchecked(tx.sql(), stored.id).await).await
}

/// Records that a workspace failed, unless the cause is only a failed write to the platform's own database.
async fn fail(shared: &Arc<Shared>, stored: &Stored, error: EngineError) -> Result<()> {
    if let Some(cause) = error.source
        && cause.is_of_storage()
    {
        return Err(cause);
    }
    tracing::warn!(workspace.id = %stored.id, cause = error.reason, "a workspace failed");
    finish(shared, stored, &WorkspaceStatus::Failed, &error.reason, None).await
}

/// Records the result of work, unless the desired state has changed in the meantime: then other work records it.
async fn finish(
    shared: &Arc<Shared>,
    stored: &Stored,
    status: &WorkspaceStatus,
    reason: &str,
    endpoint: Option<&Endpoint>,
) -> Result<()> {
    write(shared, async |tx| {
        if sql::stored_unchecked(tx.sql(), stored.id).await?.desired_state != stored.desired_state {
            return Ok(());
        }
        if let Some(Endpoint { server_url, version }) = endpoint {
            sql::set_endpoint_unchecked(tx.sql(), stored.id, server_url, version).await?;
        }
        sql::set_status_unchecked(tx.sql(), stored.id, status, reason).await
    })
    .await
}

fn spec(stored: &Stored) -> WorkspaceSpec {
    WorkspaceSpec {
        place: WorkspacePlace { organization: stored.organization.uuid(), workspace: stored.id.uuid() },
        name: stored.name.clone(),
        version: stored.version.clone(),
    }
}

async fn read<T>(shared: &Shared, work: impl AsyncFnOnce(&mut Tx) -> Result<T>) -> Result<T> {
    unit_of_work::read(&shared.store, &Actor::Platform, &Origin::default(), work).await
}

async fn write<T>(shared: &Shared, work: impl AsyncFnOnce(&mut Tx) -> Result<T>) -> Result<T> {
    unit_of_work::write(&shared.store, &Actor::Platform, &Origin::default(), work).await
}
