//! Background work of a platform.

use std::future::Future;
use std::sync::{Mutex, PoisonError};

use tokio::task::{JoinHandle, JoinSet};
use tracing::Instrument as _;

/// Tasks that end with the platform.
#[derive(Debug, Default)]
pub(crate) struct Tasks(Mutex<JoinSet<()>>);

impl Tasks {
    /// Runs work in the background until the platform stops. The work reports its own errors.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(ended) = tasks.try_join_next() {
            report(ended);
        }
        tasks.spawn(work.in_current_span());
    }

    /// Runs work in its own task and returns the handle. Dropping the handle does not end the work.
    #[expect(clippy::disallowed_methods, reason = "this is the helper that spawns")]
    #[expect(clippy::unused_self, reason = "tasks belong to a platform")]
    pub(crate) fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        tokio::spawn(work.in_current_span())
    }

    /// Ends all tasks and waits for them.
    pub(crate) async fn stop(&self) {
        let mut tasks = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        tasks.abort_all();
        while let Some(ended) = tasks.join_next().await {
            report(ended);
        }
    }
}

fn report(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(%error, "a background task panicked");
    }
}
