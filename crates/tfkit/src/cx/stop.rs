//! The user's request to stop.

use tokio::sync::watch;

/// A flag that is set once and can be awaited.
#[derive(Debug)]
pub(crate) struct Stop(watch::Sender<bool>);

impl Default for Stop {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Stop {
    pub(crate) fn set(&self) {
        self.0.send_replace(true);
    }

    pub(crate) fn is_set(&self) -> bool {
        *self.0.borrow()
    }

    pub(crate) async fn wait(&self) {
        // The sender lives as long as `self`, so the wait ends only when the flag is set.
        let _ = self.0.subscribe().wait_for(|set| *set).await;
    }
}
