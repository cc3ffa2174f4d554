//! How long the process lives.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::watch;

/// How often it is looked whether the host is still there.
const WATCH: Duration = Duration::from_secs(1);

/// Shared knowledge about the end of the process and about open connections. Clones are the same.
#[derive(Clone)]
pub(crate) struct Lifetime {
    /// Read before the host hears of us: a host that dies right after that must not be taken for its successor.
    #[cfg(unix)]
    parent: u32,
    ending: Arc<watch::Sender<bool>>,
    connections: Arc<AtomicUsize>,
}

impl Lifetime {
    /// A process that goes on.
    pub(crate) fn new() -> Self {
        Self {
            #[cfg(unix)]
            parent: std::os::unix::process::parent_id(),
            ending: Arc::new(watch::Sender::new(false)),
            connections: Arc::default(),
        }
    }

    /// Asks for the end; everybody who waits for it is told. Repeating it changes nothing.
    pub(crate) fn end(&self) {
        self.ending.send_replace(true);
    }

    /// Waits until somebody asked for the end.
    pub(crate) async fn ended(&self) {
        let mut ending = self.ending.subscribe();
        // The sender lives in `self`, so waiting cannot fail.
        let _ = ending.wait_for(|ending| *ending).await;
    }

    /// Counts a connection for as long as the answer lives.
    pub(crate) fn connected(&self) -> Connected {
        self.connections.fetch_add(1, Ordering::Relaxed);
        Connected(Arc::clone(&self.connections))
    }

    /// Ends the process when the program that started it is gone without a word and nobody is connected. The
    /// protocol has no watchdog, and standard input belongs to the person at the terminal.
    #[cfg(unix)]
    pub(crate) async fn watch_parent(self) {
        let mut clock = tokio::time::interval(WATCH);
        clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            clock.tick().await;
            // A process whose parent dies is handed to another one.
            let orphaned = std::os::unix::process::parent_id() != self.parent;
            if orphaned && self.connections.load(Ordering::Relaxed) == 0 {
                tracing::warn!("The host is gone without ending this process; ending it");
                return self.end();
            }
        }
    }

    /// Without process numbers of parents there is nothing to watch: waits for ever.
    #[cfg(not(unix))]
    pub(crate) async fn watch_parent(self) {
        let _ = (WATCH, &self.connections);
        std::future::pending().await
    }

    /// Ignores the interrupt that a terminal sends to host and plugin alike, because the host decides what an
    /// interrupt means; takes a request to terminate as the end. Both hold from this call on, not only from
    /// the first wait.
    #[cfg(unix)]
    pub(crate) fn watch_signals(&self) -> std::io::Result<impl Future<Output = ()> + use<>> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let lifetime = self.clone();
        Ok(async move {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => tracing::debug!("Ignored an interrupt: the host decides"),
                    _ = terminate.recv() => lifetime.end(),
                }
            }
        })
    }

    /// Ignores the interrupt that a console sends to host and plugin alike.
    #[cfg(windows)]
    pub(crate) fn watch_signals(&self) -> std::io::Result<impl Future<Output = ()> + use<>> {
        let mut interrupt = tokio::signal::windows::ctrl_c()?;
        Ok(async move {
            loop {
                interrupt.recv().await;
                tracing::debug!("Ignored an interrupt: the host decides");
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
