//! The turns of the work on one server: one at a time, and later work ends earlier work.

use tokio::sync::watch;

use super::process::Process;
use crate::engine::{EngineError, Watch};

/// The server of one workspace.
#[derive(Debug)]
pub(super) struct Slot {
    /// Number of the latest work.
    turn: watch::Sender<u64>,
    /// One work at a time.
    pub(super) process: tokio::sync::Mutex<Option<Process>>,
}

impl Slot {
    pub(super) fn new() -> Self {
        Self { turn: watch::Sender::new(0), process: tokio::sync::Mutex::default() }
    }

    /// Begins work, and ends all earlier work.
    pub(super) fn begin(&self) -> Watch {
        self.turn.send_modify(|turn| *turn += 1);
        Watch(*self.turn.borrow())
    }

    /// Does work until later work begins.
    pub(super) async fn until_superseded<T>(
        &self,
        turn: Watch,
        work: impl Future<Output = Result<T, EngineError>>,
    ) -> Result<T, EngineError> {
        let mut turns = self.turn.subscribe();
        tokio::select! {
            biased;
            // The sender lives in `self`, so this cannot fail.
            _ = turns.wait_for(|latest| *latest != turn.0) => Err(EngineError::Superseded),
            result = work => result,
        }
    }
}

/// Ends a process, if there is one.
pub(super) async fn end(process: &mut Option<Process>) {
    if let Some(process) = process {
        process.end().await;
    }
    *process = None;
}
