//! The lifetime of the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// Interval of the checks whether the host is still running.
const WATCH: Duration = Duration::from_secs(1);
/// Time for running calls after the host requested the end. It kills the process after two seconds.
const AFTER_REQUEST: Duration = Duration::from_millis(1500);
/// Time for running calls after a signal. The host may still wait for their results, to save them.
#[cfg(unix)]
const AFTER_SIGNAL: Duration = Duration::from_secs(3);

/// Shared state of the process: whether it ends, and its open connections. Clones share it.
#[derive(Clone)]
pub(crate) struct Lifetime {
    /// Parent process, read before the handshake: if the host dies right after it, the new parent must not count as
    /// the host.
    #[cfg(unix)]
    parent: u32,
    /// When running calls must have ended; `None` as long as the process serves.
    ending: Arc<watch::Sender<Option<Instant>>>,
    connections: Arc<AtomicUsize>,
}

impl Lifetime {
    /// Creates the state of a running process.
    pub(crate) fn new() -> Self {
        Self {
            #[cfg(unix)]
            parent: std::os::unix::process::parent_id(),
            ending: Arc::new(watch::Sender::new(None)),
            connections: Arc::default(),
        }
    }

    /// Ends the process at the request of the host.
    pub(crate) fn end(&self) {
        self.end_within(AFTER_REQUEST);
    }

    /// Requests the end, and wakes everybody who waits for it. Running calls have this much time left, or less if
    /// somebody was in more of a hurry.
    fn end_within(&self, grace: Duration) {
        let new = Instant::now() + grace;
        self.ending.send_modify(|ending| *ending = Some(ending.map_or(new, |earlier| earlier.min(new))));
    }

    /// Waits until the end is requested.
    pub(crate) async fn ended(&self) {
        let mut ending = self.ending.subscribe();
        // The sender lives in `self`, so waiting cannot fail.
        let _ = ending.wait_for(Option::is_some).await;
    }

    /// Waits until running calls must have ended.
    pub(crate) async fn time_is_up(&self) {
        let mut ending = self.ending.subscribe();
        loop {
            let deadline = *ending.borrow_and_update();
            let up = async {
                match deadline {
                    Some(deadline) => tokio::time::sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = up => return,
                // The sender lives in `self`, so this cannot fail.
                _ = ending.changed() => (),
            }
        }
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
                return self.end_within(Duration::ZERO);
            }
        }
    }

    /// Waits forever: without parent process ids there is nothing to watch.
    #[cfg(not(unix))]
    pub(crate) async fn watch_parent(self) {
        let _ = (WATCH, &self.connections);
        std::future::pending().await
    }

    /// Watches for signals, from this call on and not only from the first wait. Those that ask a program to end do so:
    /// a terminal that closes sends `SIGHUP`, and its key for a crash sends `SIGQUIT`. A second signal does not wait for
    /// running calls.
    #[cfg(unix)]
    pub(crate) fn watch_signals(
        &self,
        interrupts: Interrupts,
    ) -> std::io::Result<impl Future<Output = ()> + use<>> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        let mut quit = signal(SignalKind::quit())?;
        let lifetime = self.clone();
        Ok(async move {
            let mut grace = AFTER_SIGNAL;
            loop {
                tokio::select! {
                    _ = interrupt.recv() => if interrupts.is_left_to_host() { continue },
                    _ = terminate.recv() => (),
                    _ = hang_up.recv() => (),
                    _ = quit.recv() => (),
                }
                lifetime.end_within(std::mem::take(&mut grace));
            }
        })
    }

    /// Watches for the interrupt of a console.
    #[cfg(windows)]
    pub(crate) fn watch_signals(
        &self,
        interrupts: Interrupts,
    ) -> std::io::Result<impl Future<Output = ()> + use<>> {
        let mut interrupt = tokio::signal::windows::ctrl_c()?;
        let lifetime = self.clone();
        Ok(async move {
            loop {
                interrupt.recv().await;
                if !interrupts.is_left_to_host() {
                    lifetime.end();
                }
            }
        })
    }
}

/// Who handles the interrupt that a terminal sends to all of its programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interrupts {
    /// The host, which started this process and ends it.
    Host,
    /// This process, which a person started.
    Us,
}

impl Interrupts {
    fn is_left_to_host(self) -> bool {
        if self == Self::Host {
            tracing::debug!("Ignored an interrupt: the host handles it");
        }
        self == Self::Host
    }
}

/// One open connection.
pub(crate) struct Connected(Arc<AtomicUsize>);

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
