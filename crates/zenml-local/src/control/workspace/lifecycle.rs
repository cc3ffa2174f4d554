//! What happens to a workspace in the background: deployment, deactivation, deletion, and taking up what an earlier
//! run of the platform left.

use std::time::Duration;

use zenml_api::control::workspace::WorkspaceStatus;
use zenml_api::{Identifier, WorkspaceId};

use super::sql::{self, Stored};
use crate::engine::{Endpoint, EngineError, State, WorkspaceSpec};
use crate::error::{Chain, Result};
use crate::faults::Deployment;
use crate::http::Cx;
use crate::rbac::WorkspacePlace;

/// How long background work waits after the database could not be written, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// Brings a workspace to its desired state, in the background and in the platform's name.
pub(super) fn start(cx: &Cx, id: WorkspaceId) {
    let cx = Cx::platform(cx.shared().clone());
    let tasks = cx.shared().clone();
    tasks.tasks.spawn(async move {
        let mut pause = FIRST_PAUSE;
        while let Err(error) = bring(&cx, id).await {
            tracing::error!(workspace.id = %id, cause = %Chain(&error), "a workspace could not be brought to its state");
            if !error.is_of_storage() {
                break;
            }
            // Nobody else would take it up before the next start, and the disk may have room again.
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    });
}

/// Takes up what an earlier run left: unfinished work goes on, running workspaces are adopted.
pub(crate) async fn resume(cx: &Cx) -> Result<()> {
    let (unfinished, running) =
        cx.read(async |tx| Ok((sql::unfinished(tx.sql()).await?, sql::running(tx.sql()).await?))).await?;
    for id in unfinished {
        start(cx, id);
    }
    for id in running {
        let stored = cx.read(async |tx| sql::stored(tx.sql(), id).await).await?;
        adopt(cx, &stored).await?;
    }
    Ok(())
}

/// Takes over a workspace that was available; what is gone of it is made again.
async fn adopt(cx: &Cx, stored: &Stored) -> Result<()> {
    let (engine, spec, id) = (&cx.shared().engine, spec(cx, stored), stored.id);
    let adopted = match engine.state(cx, &spec).await {
        Ok(State::Running) => engine.adopt(cx, &spec).await,
        Ok(State::Stopped | State::Absent) => Ok(None),
        Ok(State::Failed(reason)) => Err(EngineError { reason, source: None }),
        Err(error) => Err(error),
    };
    match adopted {
        Ok(Some(Endpoint { server_url, version })) => {
            cx.tx(async |tx| sql::set_endpoint(tx.sql(), id, &server_url, &version).await).await
        }
        Ok(None) => {
            cx.tx(async |tx| sql::set_status(tx.sql(), id, &WorkspaceStatus::Pending, "").await).await?;
            start(cx, id);
            Ok(())
        }
        Err(error) => fail(cx, stored, error).await,
    }
}

async fn bring(cx: &Cx, id: WorkspaceId) -> Result<()> {
    let stored = cx.read(async |tx| sql::stored(tx.sql(), id).await).await?;
    if stored.desired_state != WorkspaceStatus::Deleted {
        match cx.shared().faults.deployment(&stored.name) {
            None => {}
            Some(Deployment::PendingForever) => return Ok(()),
            Some(Deployment::PendingSeconds(seconds)) => {
                tokio::time::sleep(Duration::from_secs(seconds)).await;
            }
            Some(Deployment::Failed(reason)) => {
                return fail(cx, &stored, EngineError { reason, source: None }).await;
            }
        }
    }
    // The wish may have changed meanwhile; then other work is on its way, and only the last one counts.
    let stored = match cx.read(async |tx| sql::stored(tx.sql(), id).await).await {
        Err(error) if error.status() == http::StatusCode::NOT_FOUND => return Ok(()),
        stored => stored?,
    };
    match stored.desired_state {
        WorkspaceStatus::Deleted => delete(cx, &stored).await,
        WorkspaceStatus::Deactivated => deactivate(cx, &stored).await,
        _ => deploy(cx, &stored).await,
    }
}

async fn deploy(cx: &Cx, stored: &Stored) -> Result<()> {
    let spec = spec(cx, stored);
    let engine = &cx.shared().engine;
    let upgrade = stored.server_version.as_ref().is_some_and(|version| *version != spec.version);
    let result = if upgrade { engine.upgrade(cx, &spec).await } else { engine.deploy(cx, &spec).await };
    match result {
        Err(error) => fail(cx, stored, error).await,
        Ok(endpoint) => finish(cx, stored, &WorkspaceStatus::Available, "", Some(&endpoint)).await,
    }
}

async fn deactivate(cx: &Cx, stored: &Stored) -> Result<()> {
    match cx.shared().engine.deactivate(cx, &spec(cx, stored)).await {
        Err(error) => fail(cx, stored, error).await,
        Ok(()) => finish(cx, stored, &WorkspaceStatus::Deactivated, "", None).await,
    }
}

async fn delete(cx: &Cx, stored: &Stored) -> Result<()> {
    if stored.is_managed
        && let Err(error) = cx.shared().engine.delete(cx, &spec(cx, stored)).await
    {
        return fail(cx, stored, error).await;
    }
    cx.tx(async |tx| sql::remove(tx.sql(), stored.id).await).await
}

/// Notes that a workspace failed. It did not when only the platform's own database could not be written.
async fn fail(cx: &Cx, stored: &Stored, error: EngineError) -> Result<()> {
    if let Some(cause) = error.source
        && cause.is_of_storage()
    {
        return Err(cause);
    }
    tracing::warn!(workspace.id = %stored.id, cause = error.reason, "a workspace failed");
    finish(cx, stored, &WorkspaceStatus::Failed, &error.reason, None).await
}

/// Writes how work ended, unless something else is wished meanwhile: then other work tells.
async fn finish(
    cx: &Cx,
    stored: &Stored,
    status: &WorkspaceStatus,
    reason: &str,
    endpoint: Option<&Endpoint>,
) -> Result<()> {
    cx.tx(async |tx| {
        if sql::stored(tx.sql(), stored.id).await?.desired_state != stored.desired_state {
            return Ok(());
        }
        if let Some(Endpoint { server_url, version }) = endpoint {
            sql::set_endpoint(tx.sql(), stored.id, server_url, version).await?;
        }
        sql::set_status(tx.sql(), stored.id, status, reason).await
    })
    .await
}

fn spec(cx: &Cx, stored: &Stored) -> WorkspaceSpec {
    WorkspaceSpec {
        place: WorkspacePlace { organization: stored.organization.uuid(), workspace: stored.id.uuid() },
        name: stored.name.clone(),
        version: stored.version.clone(),
        base_url: cx.shared().base_url().to_owned(),
    }
}
