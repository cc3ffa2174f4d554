//! `zenml-local serve`.

use tokio::signal::unix::{SignalKind, signal};

use super::Failure;
use super::configuration::{Engine, Serve};
use super::ready;
use crate::faults::Faults;
use crate::platform::{Options, Platform};
use crate::store::Database;

#[derive(Debug, thiserror::Error)]
#[error(
    "the engine \"zenml\" is not available in this version. Use --engine embedded, or enroll a ZenML server that you \
     run yourself as a workspace that is not managed"
)]
struct EngineUnavailable;

pub(super) fn run(options: Serve) -> Result<(), Failure> {
    if options.engine == Engine::Zenml {
        return Err(EngineUnavailable.into());
    }
    let database = if options.ephemeral { Database::Ephemeral } else { options.database.resolve()? };
    let faults = options.faults.as_deref().map(Faults::read).transpose()?.unwrap_or_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        // Before anything is promised, so that an early signal is not missed.
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let platform = Platform::start(Options {
            listen: options.listen,
            database,
            organization: options.organization,
            faults,
        })
        .await?;
        let told = match &options.ready_file {
            Some(path) => ready::write_file(path, platform.ready()).map_err(Failure::from),
            None => ready::print(platform.ready()).map_err(Failure::from),
        };
        if told.is_ok() {
            tracing::info!(url = platform.url(), "ready");
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::info!("stopping");
        }
        platform.stop().await;
        told
    })
}
