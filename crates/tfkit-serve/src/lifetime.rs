//! The lifetime of the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::watch;

/// Interval of the checks whether the host is still running.
const WATCH: Duration = Duration::from_secs(1);

/// Shared state of the process: whether it ends, and its open connections. Clones share it.
#[derive(Clone)]
pub(crate) struct Lifetime {
    /// Parent process, read before the handshake: if the host dies right after it, the new parent must not count as
    /// the host.
    #[cfg(unix)]
    parent: u32,
    ending: Arc<watch::Sender<bool>>,
    connections: Arc<AtomicUsize>,
}

impl Lifetime {
    /// Creates the state of a running process.
    pub(crate) fn new() -> Self {
        Self {
            #[cfg(unix)]
            parent: std::os::unix::process::parent_id(),
            ending: Arc::new(watch::Sender::new(false)),
            connections: Arc::default(),
        }
    }

    /// Requests the end and wakes everybody who waits for it. Idempotent.
    pub(crate) fn end(&self) {
        self.ending.send_replace(true);
    }

    /// Waits until the end is requested.
    pub(crate) async fn ended(&self) {
        let mut ending = self.ending.subscribe();
        // The sender lives in `self`, so waiting cannot fail.
        let _ = ending.wait_for(|ending| *ending).await;
    }

    /// Counts a connection until the returned guard is dropped.
    pub(crate) fn connected(&self) -> Connected {
        self.connections.fetch_add(1, Ordering::Relaxed);
        Connected(Arc::clone(&self.connections))
    }

    /// Ends the process if the program that started it has ended without a shutdown and nobody is connected. The
    /// protocol has no watchdog, and standard input belongs to the person at the terminal.
    #[cfg(unix)]
    pub(crate) async fn watch_parent(self) {
        let mut clock = tokio::time::interval(WATCH);
        clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            clock.tick().await;
            // A process whose parent dies gets a new parent.
            let orphaned = std::os::unix::process::parent_id() != self.parent;
            if orphaned && self.connections.load(Ordering::Relaxed) == 0 {
                tracing::warn!("The host ended without stopping this process; exiting");
                return self.end();
            }
        }
    }

    /// Waits forever: without parent process ids there is nothing to watch.
    #[cfg(not(unix))]
    pub(crate) async fn watch_parent(self) {
        let _ = (WATCH, &self.connections);
        std::future::pending().await
    }

    /// Ignores the interrupt that a terminal sends to both host and plugin, because the host handles interrupts. A
    /// termination signal requests the end. Both apply from this call on, not only from the first wait.
    #[cfg(unix)]
    pub(crate) fn watch_signals(&self) -> std::io::Result<impl Future<Output = ()> + use<>> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let lifetime = self.clone();
        Ok(async move {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => tracing::debug!("Ignored an interrupt: the host handles it"),
                    _ = terminate.recv() => lifetime.end(),
                }
            }
        })
    }

    /// Ignores the interrupt that a console sends to both host and plugin.
    #[cfg(windows)]
    pub(crate) fn watch_signals(&self) -> std::io::Result<impl Future<Output = ()> + use<>> {
        let mut interrupt = tokio::signal::windows::ctrl_c()?;
        Ok(async move {
            loop {
                interrupt.recv().await;
                tracing::debug!("Ignored an interrupt: the host handles it");
            }
        })
    }
}

/// One open connection.
pub(crate) struct Connected(Arc<AtomicUsize>);

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
