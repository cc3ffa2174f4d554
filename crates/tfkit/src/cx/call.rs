//! One request of the host, as an operation sees it, independent of the provider's client.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::caller::gone;
use super::locks::Locks;
use super::module::provider_meta;
use super::private::Private;
use super::stop::Stop;
use crate::diag::Diag;
use crate::model::Operation;
use crate::run::Run;
use crate::value::Dyn;

/// One operation on one object. Cheap to clone: all clones share what they collect.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) shared: Arc<Shared>,
    pub(crate) operation: Operation,
    pub(crate) deadline: Instant,
    pub(crate) notes: SharedNotes,
    /// Set when nobody waits for the result any more.
    pub(crate) gone: Arc<Stop>,
    /// The `provider_meta` block of the object's module; null if there is none.
    pub(crate) meta: Dyn,
    /// Where the host reads the progress of an action.
    pub(crate) progress: Option<mpsc::Sender<String>>,
}

impl Call {
    /// Creates a call that starts now.
    pub(crate) fn new(
        shared: Arc<Shared>,
        operation: Operation,
        timeout: Duration,
        notes: SharedNotes,
    ) -> Self {
        let now = Instant::now();
        let deadline = now.checked_add(timeout).unwrap_or(now + Duration::from_hours(24 * 365));
        Self { shared, operation, deadline, notes, gone: gone(), meta: provider_meta(), progress: None }
    }
}

/// What all operations of one provider process share.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub(crate) locks: Locks,
    pub(crate) stop: Stop,
    pub(crate) run: Run,
    epoch: AtomicU64,
}

impl Shared {
    /// Returns a number that changes with every possible write. Data that was read in another epoch may be outdated.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::SeqCst)
    }

    /// Starts a new epoch.
    pub(crate) fn renew(&self) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
    }

    /// Returns a guard that ends the epoch when it is dropped, so that a write that fails or panics ends it as well.
    pub(crate) fn writing(&self) -> Writing<'_> {
        Writing(self)
    }
}

/// A write in progress.
#[derive(Debug)]
pub(crate) struct Writing<'a>(&'a Shared);

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        self.0.renew();
    }
}

/// What an operation produces besides its result. It outlives the task of the operation, so neither a panic nor a
/// closed stream loses it.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub(crate) diags: Vec<Diag>,
    pub(crate) saved: Option<Saved>,
    pub(crate) private: Private,
    /// The operation needed the client while values of the provider block were unknown.
    pub(crate) missed_client: bool,
}

/// An object that an operation saved before it ended.
#[derive(Debug)]
pub(crate) struct Saved {
    pub(crate) state: Dyn,
    /// The object is useless, so the host may replace it.
    pub(crate) is_broken: bool,
}

/// Notes of an operation, shared with its task.
pub(crate) type SharedNotes = Arc<Mutex<Notes>>;

impl Notes {
    /// Creates notes that start with the private values of an earlier operation.
    pub(crate) fn after(private: &[u8]) -> SharedNotes {
        Arc::new(Mutex::new(Self { private: Private::from_bytes(private), ..Self::default() }))
    }
}
