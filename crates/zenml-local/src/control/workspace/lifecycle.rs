//! Background work on workspaces: deployment, deactivation, deletion, and resuming unfinished work of an earlier run.

use std::sync::Arc;
use std::time::{Duration, Instant};

use printable::Chain;
use zenml_api::control::workspace::WorkspaceStatus;
use zenml_api::{Identifier, WorkspaceId};

use super::sql::{self, Stored};
use crate::audit::Origin;
use crate::engine::{
    Endpoint, EngineError, EngineKind, Watch, WorkspaceEngine, WorkspaceSpec, is_older_version,
    is_same_version,
};
use crate::error::Result;
use crate::faults::Deployment;
use crate::rbac::{Actor, Tx, WorkspacePlace};
use crate::state::Shared;
use crate::unit_of_work;

/// Initial and maximum delay of background work after a failed write to the database.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// How often a server that ends by itself is started again before its workspace has failed, and the first of the
/// pauses, which double.
const RESTARTS: u32 = 4;
const FIRST_RESTART: Duration = Duration::from_secs(1);
/// After this time, a server has recovered, and its next end is the first one.
const STABLE: Duration = Duration::from_mins(5);

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

/// Resumes after an earlier run: continues unfinished work and adopts running workspaces. What the platform serves
/// itself is adopted before this returns; servers are adopted in the background, at the same time.
pub(crate) async fn resume(shared: &Arc<Shared>) -> Result<()> {
    let (unfinished, running, served) = read(shared, async |tx| {
        Ok((
            sql::unfinished_unchecked(tx.sql()).await?,
            sql::running_unchecked(tx.sql()).await?,
            sql::of_engine_unchecked(tx.sql(), EngineKind::Zenml).await?,
        ))
    })
    .await?;
    let platform = Arc::clone(shared);
    shared.tasks.spawn(async move {
        let known: Vec<_> = served.iter().map(|id| id.uuid()).collect();
        if let Err(error) = platform.engines.zenml.end_others(&known).await {
            tracing::error!(cause = %Chain(&error), "servers of other workspaces were not ended");
        }
    });
    for id in unfinished {
        write(shared, async |tx| sql::try_again_unchecked(tx.sql(), id).await).await?;
        start(shared, id);
    }
    for id in running {
        let stored = read(shared, async |tx| sql::stored_unchecked(tx.sql(), id).await).await?;
        match stored.engine {
            EngineKind::Embedded => adopt(shared, &stored).await?,
            EngineKind::Zenml => {
                let platform = Arc::clone(shared);
                shared.tasks.spawn(async move {
                    if let Err(error) = adopt(&platform, &stored).await {
                        tracing::error!(workspace.id = %id, cause = %Chain(&error), "a workspace was not adopted");
                    }
                });
            }
        }
    }
    Ok(())
}

/// Takes over a workspace that was available and re-creates missing parts.
async fn adopt(shared: &Arc<Shared>, stored: &Stored) -> Result<()> {
    match engine(shared, stored).adopt(&spec(stored)).await {
        Ok(Some(endpoint)) => {
            finish(shared, stored, &WorkspaceStatus::Available, "", Some(&endpoint)).await.map(drop)
        }
        Ok(None) => {
            write(shared, async |tx| {
                sql::set_status_unchecked(tx.sql(), stored.id, &WorkspaceStatus::Pending, "").await
            })
            .await?;
            start(shared, stored.id);
            Ok(())
        }
        Err(error) => fail(shared, stored, error).await.map(drop),
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
                return fail(shared, &stored, EngineError::failed(reason)).await.map(drop);
            }
        }
    }
    loop {
        let stored = match read(shared, async |tx| sql::stored_unchecked(tx.sql(), id).await).await {
            Err(error) if error.status() == http::StatusCode::NOT_FOUND => return Ok(()),
            stored => stored?,
        };
        let outcome = match stored.desired_state {
            WorkspaceStatus::Deleted => return delete(shared, &stored).await,
            WorkspaceStatus::Deactivated => deactivate(shared, &stored).await,
            _ => deploy(shared, &stored).await,
        }?;
        match outcome {
            Outcome::Recorded | Outcome::Superseded => return Ok(()),
            // Other work may have seen the new state first, and this work may have undone it.
            Outcome::Outdated => {}
        }
    }
}

/// What became of the result of some work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// It was recorded.
    Recorded,
    /// The desired state has changed in the meantime.
    Outdated,
    /// Later work has begun, which records its own result.
    Superseded,
}

async fn deploy(shared: &Arc<Shared>, stored: &Stored) -> Result<Outcome> {
    let spec = spec(stored);
    let engine = engine(shared, stored);
    let upgrade = spec.deployed.as_ref().is_some_and(|version| !is_same_version(version, &spec.version));
    let result = if upgrade { engine.upgrade(&spec).await } else { engine.deploy(&spec).await };
    match result {
        Err(error) => fail(shared, stored, error).await,
        Ok(endpoint) => {
            finish(shared, stored, &WorkspaceStatus::Available, &endpoint.note, Some(&endpoint)).await
        }
    }
}

async fn deactivate(shared: &Arc<Shared>, stored: &Stored) -> Result<Outcome> {
    match engine(shared, stored).deactivate(&spec(stored)).await {
        Err(error) => fail(shared, stored, error).await,
        Ok(()) => finish(shared, stored, &WorkspaceStatus::Deactivated, "", None).await,
    }
}

async fn delete(shared: &Arc<Shared>, stored: &Stored) -> Result<()> {
    if stored.is_managed
        && let Err(error) = engine(shared, stored).delete(&spec(stored)).await
    {
        return fail(shared, stored, error).await.map(drop);
    }
    write(shared, async |tx| sql::remove_unchecked(tx.sql(), stored.id).await).await
}

/// Starts the server of a workspace again when it ends by itself, with growing pauses. Gives up after some times.
fn watch(shared: &Arc<Shared>, stored: Stored, watch: Watch) {
    let platform = Arc::clone(shared);
    shared.tasks.spawn(async move {
        let (mut spec, mut times) = (spec(&stored), 0);
        loop {
            let (engine, since) = (engine(&platform, &stored), Instant::now());
            let Ok(mut reason) = engine.ended(&spec, watch).await else { return };
            if since.elapsed() >= STABLE {
                times = 0;
            }
            let endpoint = loop {
                if times == RESTARTS {
                    return report(fail(&platform, &stored, EngineError::failed(reason)).await);
                }
                tracing::warn!(workspace.id = %stored.id, reason, "a server ended and is started again");
                report(finish(&platform, &stored, &WorkspaceStatus::Pending, &reason, None).await);
                tokio::time::sleep(FIRST_RESTART * 2_u32.pow(times)).await;
                times += 1;
                // In the version that ran, which is not the desired one after a failed upgrade.
                match read(&platform, async |tx| sql::stored_unchecked(tx.sql(), stored.id).await).await {
                    Ok(current) => spec.version = current.server_version.unwrap_or(current.version),
                    Err(error) => return report(Err(error)),
                }
                match engine.restart(&spec, watch).await {
                    Ok(endpoint) => break endpoint,
                    Err(EngineError::Superseded) => return,
                    Err(EngineError::Failed { reason: again, .. }) => reason = again,
                }
            };
            let recorded = record(&platform, &stored, &WorkspaceStatus::Available, "", Some(&endpoint)).await;
            report(recorded);
        }
    });
}

fn report(recorded: Result<Outcome>) {
    if let Err(error) = recorded {
        tracing::error!(cause = %Chain(&error), "the status of a workspace was not recorded");
    }
}

/// Records that a workspace failed, unless the cause is only a failed write to the platform's own database.
async fn fail(shared: &Arc<Shared>, stored: &Stored, error: EngineError) -> Result<Outcome> {
    let (reason, source) = match error {
        EngineError::Superseded => return Ok(Outcome::Superseded),
        EngineError::Failed { reason, source } => (reason, source),
    };
    if let Some(cause) = source
        && cause.is_of_storage()
    {
        return Err(cause);
    }
    tracing::warn!(workspace.id = %stored.id, cause = reason, "a workspace failed");
    finish(shared, stored, &WorkspaceStatus::Failed, &reason, None).await
}

/// Records the result of work, and watches what runs now.
async fn finish(
    shared: &Arc<Shared>,
    stored: &Stored,
    status: &WorkspaceStatus,
    reason: &str,
    endpoint: Option<&Endpoint>,
) -> Result<Outcome> {
    let outcome = record(shared, stored, status, reason, endpoint).await?;
    if outcome == Outcome::Recorded
        && let Some(run) = endpoint.and_then(|endpoint| endpoint.watch)
    {
        watch(shared, stored.clone(), run);
    }
    Ok(outcome)
}

/// Records the result of work, unless the desired state has changed in the meantime: then other work records it.
async fn record(
    shared: &Arc<Shared>,
    stored: &Stored,
    status: &WorkspaceStatus,
    reason: &str,
    endpoint: Option<&Endpoint>,
) -> Result<Outcome> {
    write(shared, async |tx| {
        let current = sql::stored_unchecked(tx.sql(), stored.id).await?;
        if current.desired_state != stored.desired_state {
            return Ok(Outcome::Outdated);
        }
        if let Some(Endpoint { server_url, version, note, .. }) = endpoint {
            sql::set_endpoint_unchecked(tx.sql(), stored.id, server_url, version).await?;
            // A change of the version was given up, or this database was restored and the server has a newer one, which
            // cannot go back. Whoever wants another version sees that it is not there, and can ask for it again.
            let is_over = !note.is_empty()
                || (stored.engine == EngineKind::Zenml && is_older_version(&current.version, version));
            if is_over && current.version == stored.version {
                sql::set_version_unchecked(tx.sql(), stored.id, version).await?;
            }
        }
        if current.status != *status || current.state_reason != reason {
            sql::set_status_unchecked(tx.sql(), stored.id, status, reason).await?;
        }
        Ok(Outcome::Recorded)
    })
    .await
}

fn engine<'a>(shared: &'a Shared, stored: &Stored) -> &'a dyn WorkspaceEngine {
    shared.engines.of(stored.engine)
}

fn spec(stored: &Stored) -> WorkspaceSpec {
    WorkspaceSpec {
        place: WorkspacePlace { organization: stored.organization.uuid(), workspace: stored.id.uuid() },
        name: stored.name.clone(),
        version: stored.version.clone(),
        deployed: stored.server_version.clone(),
    }
}

async fn read<T>(shared: &Shared, work: impl AsyncFnOnce(&mut Tx) -> Result<T>) -> Result<T> {
    unit_of_work::read(&shared.store, &Actor::Platform, &Origin::default(), work).await
}

async fn write<T>(shared: &Shared, work: impl AsyncFnOnce(&mut Tx) -> Result<T>) -> Result<T> {
    unit_of_work::write(&shared.store, &Actor::Platform, &Origin::default(), work).await
}
