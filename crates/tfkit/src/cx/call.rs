//! One call of the host, as an operation sees it, whatever the provider's client is.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::locks::Locks;
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
}

impl Call {
    /// A call that begins now.
    pub(crate) fn new(
        shared: Arc<Shared>,
        operation: Operation,
        timeout: Duration,
        notes: SharedNotes,
    ) -> Self {
        let now = Instant::now();
        let deadline = now.checked_add(timeout).unwrap_or(now + Duration::from_hours(24 * 365));
        Self { shared, operation, deadline, notes }
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
    /// A number that changes when something may have been written: what was read before may not hold any more.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::SeqCst)
    }

    /// Ends the epoch.
    pub(crate) fn renew(&self) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
    }

    /// Ends the epoch when the guard is dropped, so that a write that fails or panics ends it too.
    pub(crate) fn writing(&self) -> Writing<'_> {
        Writing(self)
    }
}

/// A write that is under way.
#[derive(Debug)]
pub(crate) struct Writing<'a>(&'a Shared);

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        self.0.renew();
    }
}

/// What an operation leaves behind besides its result. It outlives the operation's task, so that neither a panic
/// nor a lost stream takes it away.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub(crate) diags: Vec<Diag>,
    pub(crate) saved: Option<Saved>,
    pub(crate) private: Private,
    /// The operation asked for a client that waits for unknown values.
    pub(crate) missed_client: bool,
}

/// What an operation said to exist, before its end.
#[derive(Debug)]
pub(crate) struct Saved {
    pub(crate) state: Dyn,
    /// It is worth nothing, so that the host may well replace it.
    pub(crate) is_broken: bool,
}

/// Notes of an operation, shared with its task.
pub(crate) type SharedNotes = Arc<Mutex<Notes>>;

impl Notes {
    /// Notes that start with what an earlier operation kept beside the state.
    pub(crate) fn after(private: &[u8]) -> SharedNotes {
        Arc::new(Mutex::new(Self { private: Private::from_bytes(private), ..Self::default() }))
    }
}
