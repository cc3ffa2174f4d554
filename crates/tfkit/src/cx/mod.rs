//! What an operation can ask of the framework.

mod access;
mod call;
mod locks;
mod private;
mod stop;

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub(crate) use access::{Access, Connection, unknown_provider};
pub(crate) use call::{Call, Notes, Saved, Shared, SharedNotes};
pub use locks::LockGuard;
pub(crate) use locks::lock;
pub(crate) use private::Private;

use crate::diag::Diag;
use crate::model::{Model, Operation};
use crate::value::Dyn;

/// The context of one operation on one object. Cheap to clone: all clones share what they collect.
pub struct Cx<Client> {
    access: Access<Client>,
    call: Call,
}

impl<Client> Clone for Cx<Client> {
    fn clone(&self) -> Self {
        Self { access: self.access.clone(), call: self.call.clone() }
    }
}

impl<Client> fmt::Debug for Cx<Client> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Cx").field("operation", &self.call.operation).finish_non_exhaustive()
    }
}

impl<Client> Cx<Client> {
    pub(crate) fn new(access: Access<Client>, call: Call) -> Self {
        Self { access, call }
    }

    /// The way to the API.
    ///
    /// While the provider's configuration is unknown there is none. The error then says so; in a plan hook the
    /// engine takes it as "not decided yet", so that `cx.client().await?` is right there too.
    #[expect(
        clippy::unused_async,
        reason = "a client that is created on first use must not change every caller"
    )]
    pub async fn client(&self) -> Result<&Client, Diag> {
        match &self.access {
            Access::Ready(client) => Ok(client),
            Access::Unknown(paths) => {
                lock(&self.call.notes).missed_client = true;
                Err(unknown_provider(paths))
            }
            Access::None => Err(Diag::error("The provider is not configured")
                .why("The host requested an operation before it configured the provider.")),
        }
    }

    /// The client, for a hook that has something to say without it too.
    pub fn client_if_known(&self) -> Option<&Client> {
        match &self.access {
            Access::Ready(client) => Some(client),
            Access::Unknown(_) | Access::None => None,
        }
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.call.shared
    }

    /// A context for a look at the same object within its operation: its warnings are not told, because the refresh
    /// before has told them; what it keeps beside the state is taken over with [`take_over`](Self::take_over).
    pub(crate) fn aside(&self) -> Self {
        let private = lock(&self.call.notes).private.clone();
        let notes = Arc::new(Mutex::new(Notes { private, ..Notes::default() }));
        Self { access: self.access.clone(), call: Call { notes, ..self.call.clone() } }
    }

    /// Takes over what a context [aside](Self::aside) keeps beside the state.
    pub(crate) fn take_over(&self, aside: &Self) {
        let private = lock(&aside.call.notes).private.clone();
        lock(&self.call.notes).private = private;
    }

    /// What is being done.
    pub fn operation(&self) -> Operation {
        self.call.operation
    }

    /// Tells the user something; the operation goes on.
    pub fn warn(&self, diag: Diag) {
        lock(&self.call.notes).diags.push(diag.as_warning());
    }

    /// Says that this exists now. If the operation then fails, panics or is stopped, the host still gets this
    /// state, with the error. Unknown values in it become null. Call it again when more is known.
    ///
    /// A host destroys a new object whose creation ended with an error, and creates another one. So after this a
    /// creation ends with a warning: what is missing is seen by the next refresh, and the next apply completes it in
    /// place. Where the object is worth nothing, say so with [`save_broken`](Self::save_broken).
    pub fn save<M: Model>(&self, model: &M) {
        self.keep(model.to_object(), false);
    }

    /// Says that this exists now and is worth nothing: if the operation is its creation and fails, the host shall replace
    /// it.
    pub fn save_broken<M: Model>(&self, model: &M) {
        self.keep(model.to_object(), true);
    }

    fn keep(&self, state: Dyn, is_broken: bool) {
        lock(&self.call.notes).saved = Some(Saved { state, is_broken });
    }

    /// Says that what was [saved](Self::save) is gone again, because the operation has undone it itself.
    pub fn unsave(&self) {
        lock(&self.call.notes).saved = None;
    }

    /// Waits for a named lock of this provider process. Use it around read, compute and write of something that
    /// several resources share. Two tasks that take several locks must take them in the same order.
    pub async fn lock(&self, name: impl Into<String>) -> LockGuard {
        self.call.shared.locks.lock(name.into()).await
    }

    /// When the operation should be over, from the `timeouts` of the configuration. The engine does not cut it off.
    pub fn deadline(&self) -> Instant {
        self.call.deadline
    }

    /// Time left until the deadline; zero when it is over.
    pub fn remaining(&self) -> Duration {
        self.call.deadline.saturating_duration_since(Instant::now())
    }

    /// Whether the user asked to stop. What is half made should be [saved](Self::save), nothing new begun.
    pub fn stopped(&self) -> bool {
        self.call.shared.stop.is_set()
    }

    /// Returns when the user asked to stop, to be raced against a request.
    pub async fn until_stopped(&self) {
        self.call.shared.stop.wait().await;
    }

    /// Waits. Fails at once when the user asked to stop.
    pub async fn sleep(&self, duration: Duration) -> Result<(), Diag> {
        if tokio::time::timeout(duration, self.until_stopped()).await.is_ok() {
            return Err(Self::cancelled());
        }
        Ok(())
    }

    /// The error of an operation that ends because the user asked to stop.
    pub fn cancelled() -> Diag {
        Diag::error("The operation was interrupted")
            .why("The run was stopped. Everything that was created is in the state.")
            .fix("Run the same command again to finish.")
    }

    /// Whether the plan replaces the object with this `id`, as far as it was made already: what an object depends on is
    /// planned before it.
    pub fn is_being_replaced(&self, id: &str) -> bool {
        self.call.shared.run.replaces(id)
    }

    /// A value that an earlier operation kept beside the state.
    pub fn private(&self, name: &str) -> Option<serde_json::Value> {
        lock(&self.call.notes).private.get(name).cloned()
    }

    /// Keeps a value beside the state, invisible to the user but not encrypted: never a secret. Names that begin
    /// with `.` belong to the framework and are refused.
    pub fn set_private(&self, name: &str, value: serde_json::Value) -> Result<(), Diag> {
        lock(&self.call.notes).private.set(name, value)
    }

    /// Forgets a value beside the state.
    pub fn remove_private(&self, name: &str) {
        lock(&self.call.notes).private.remove(name);
    }

    /// Writes a log line that says how far a long operation is.
    pub fn progress(&self, message: impl fmt::Display) {
        tracing::info!(operation = self.call.operation.name(), "{message}");
    }
}
