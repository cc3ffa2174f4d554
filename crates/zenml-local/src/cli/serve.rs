//! `zenml-local serve`.

use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use super::configuration::{self, Engine, Serve};
use super::failure::Failure;
use super::ready;
use crate::control::limit::Limits;
use crate::engine::EngineKind;
use crate::faults::Faults;
use crate::platform::{Options, Platform};
use crate::servers::Pythons;
use crate::store::Database;

pub(super) fn run(options: Serve) -> Result<(), Failure> {
    let database = if options.ephemeral { Database::Ephemeral } else { options.database.resolve()? };
    if let Some(path) = &options.ready_file {
        // The credentials of a first start are shown only once, so this is checked before they are created.
        ready::check_file(path)?;
    }
    let faults = options.faults.as_deref().map(Faults::read).transpose()?.unwrap_or_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(async {
        // First, so that an early signal is not missed.
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let platform = Platform::start(Options {
            listen: options.listen,
            database,
            organization: options.organization,
            faults,
            invitation_lifetime: Duration::from_hours(options.invitation_hours.into()),
            limits: Limits {
                members: options.member_limit,
                workspaces: options.workspace_limit,
                projects: options.project_limit,
            },
            engine: match options.engine {
                Engine::Embedded => EngineKind::Embedded,
                Engine::Zenml => EngineKind::Zenml,
            },
            pythons: Pythons { named: options.zenml_python, cache: configuration::cache() },
            start_timeout: Duration::from_secs(options.start_timeout.into()),
            keep_servers: options.keep_servers,
            assumptions: options.assume,
        })
        .await?;
        let (ready_file, ready) = (options.ready_file, platform.ready().clone());
        // Opening a pipe blocks until it has a reader.
        let report = tokio::task::spawn_blocking(move || match ready_file {
            Some(path) => ready::write_file(&path, &ready).map_err(Failure::from),
            None => ready::print(&ready).map_err(Failure::from),
        });
        let reported = tokio::select! {
            reported = report => Some(reported.map_err(Failure::from).flatten()),
            _ = terminate.recv() => None,
            _ = interrupt.recv() => None,
        };
        if let Some(Ok(())) = reported {
            tracing::info!(url = platform.url(), "ready");
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        }
        tracing::info!("stopping");
        platform.stop().await;
        reported.unwrap_or(Ok(()))
    });
    // A pipe without a reader does not block the platform.
    runtime.shutdown_background();
    result
}
