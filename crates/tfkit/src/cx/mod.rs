//! What the framework offers to an operation.

mod access;
mod call;
pub(crate) mod caller;
mod locks;
pub(crate) mod module;
mod private;
mod stop;

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub(crate) use access::{Access, Connection, unknown_provider};
use access::{failed_provider, unconfigured_provider};
pub(crate) use call::{Call, Notes, Saved, Shared, SharedNotes};
pub(crate) use caller::gone;
pub use locks::LockGuard;
pub(crate) use locks::lock;
pub(crate) use private::Private;

use crate::diag::Diag;
use crate::model::{Model, Object, Operation};
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

    /// Returns the client.
    ///
    /// Fails while values of the provider block are unknown. In a plan hook, the engine treats this error as "not
    /// decided yet", so `cx.client().await?` is correct there as well.
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
            Access::None => Err(unconfigured_provider()),
            Access::Failed(error) => Err(failed_provider(error)),
        }
    }

    /// Returns the client if there is one, for hooks that also work without it.
    pub fn client_if_known(&self) -> Option<&Client> {
        match &self.access {
            Access::Ready(client) => Some(client),
            Access::Unknown(_) | Access::Failed(_) | Access::None => None,
        }
    }

    pub(crate) fn notes(&self) -> &SharedNotes {
        &self.call.notes
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.call.shared
    }

    /// Returns a context for reading the same object within its operation. Its warnings are dropped, because the
    /// refresh has already shown them. [`take_over`](Self::take_over) copies its private values back.
    pub(crate) fn aside(&self) -> Self {
        let private = lock(&self.call.notes).private.clone();
        let notes = Arc::new(Mutex::new(Notes { private, ..Notes::default() }));
        Self { access: self.access.clone(), call: Call { notes, ..self.call.clone() } }
    }

    /// Copies the private values of a context that [`aside`](Self::aside) created.
    pub(crate) fn take_over(&self, aside: &Self) {
        let private = lock(&aside.call.notes).private.clone();
        lock(&self.call.notes).private = private;
    }

    /// Returns the current operation.
    pub fn operation(&self) -> Operation {
        self.call.operation
    }

    /// Shows a warning to the user. The operation continues.
    pub fn warn(&self, diag: Diag) {
        lock(&self.call.notes).diags.push(diag.as_warning());
    }

    /// Records that this object exists now. If the operation then fails, panics or is interrupted, the host still
    /// gets this state together with the error. Unknown values become null. Call it again when more is known.
    ///
    /// A host destroys a new object whose creation failed, and creates another one. Therefore, after this call, a
    /// failing creation ends with a warning: the next refresh sees what is missing, and the next apply completes the
    /// object in place. If the object is useless, call [`save_broken`](Self::save_broken) instead.
    pub fn save<M: Model>(&self, model: &M) {
        self.keep(model.to_object(), false);
    }

    /// Records that this object exists now but is useless: if its creation fails, the host replaces it.
    pub fn save_broken<M: Model>(&self, model: &M) {
        self.keep(model.to_object(), true);
    }

    fn keep(&self, state: Dyn, is_broken: bool) {
        lock(&self.call.notes).saved = Some(Saved { state, is_broken });
    }

    /// Records that the [saved](Self::save) object no longer exists, because the operation deleted it again.
    pub fn unsave(&self) {
        lock(&self.call.notes).saved = None;
    }

    /// Waits for a named lock of this provider process. Hold it while you read, compute and write something that
    /// several resources share. Tasks that take several locks must take them in the same order.
    pub async fn lock(&self, name: impl Into<String>) -> LockGuard {
        self.call.shared.locks.lock(name.into()).await
    }

    /// Returns when the operation should end, from the `timeouts` of the configuration. The engine does not enforce
    /// it.
    pub fn deadline(&self) -> Instant {
        self.call.deadline
    }

    /// Returns the time until the deadline; zero when it has passed.
    pub fn remaining(&self) -> Duration {
        self.call.deadline.saturating_duration_since(Instant::now())
    }

    /// Returns whether the user asked to stop, or nobody waits for this operation any more. [Save](Self::save)
    /// incomplete objects, and start nothing new.
    pub fn stopped(&self) -> bool {
        self.call.shared.stop.is_set() || self.call.gone.is_set()
    }

    /// Completes when the user asks to stop. Race it against a request.
    pub async fn until_stopped(&self) {
        tokio::select! {
            () = self.call.shared.stop.wait() => (),
            () = self.call.gone.wait() => (),
        }
    }

    /// Waits. Fails as soon as the user asks to stop.
    pub async fn sleep(&self, duration: Duration) -> Result<(), Diag> {
        if tokio::time::timeout(duration, self.until_stopped()).await.is_ok() {
            return Err(Self::cancelled());
        }
        Ok(())
    }

    /// Returns the error of an operation that ends because the user asked to stop.
    pub fn cancelled() -> Diag {
        Diag::error("The operation was interrupted")
            .why("The run was stopped. Everything that was created is in the state.")
            .fix("Run the same command again to finish.")
    }

    /// Returns whether the plan so far replaces the object with this `id`. Dependencies of an object are planned
    /// before it.
    pub fn is_being_replaced(&self, id: &str) -> bool {
        self.call.shared.run.replaces(id)
    }

    /// Returns whether this process has refreshed an object, and therefore plans: a host starts another process to apply.
    /// Without an object in the state, or if the host skips the refresh, a planning process has not refreshed anything.
    pub fn has_refreshed(&self) -> bool {
        self.call.shared.run.has_refreshed()
    }

    /// Returns a number that changes with each write of this process. Data that was read in another epoch may be
    /// outdated.
    pub fn epoch(&self) -> u64 {
        self.call.shared.epoch()
    }

    /// Returns a private value that an earlier operation stored with the state.
    pub fn private(&self, name: &str) -> Option<serde_json::Value> {
        lock(&self.call.notes).private.get(name).cloned()
    }

    /// Stores a private value with the state. Users do not see it, but it is not encrypted: never store a secret.
    /// Names that begin with `.` are reserved for the framework and rejected.
    pub fn set_private(&self, name: &str, value: serde_json::Value) -> Result<(), Diag> {
        lock(&self.call.notes).private.set(name, value)
    }

    /// Removes a private value.
    pub fn remove_private(&self, name: &str) {
        lock(&self.call.notes).private.remove(name);
    }

    /// Returns the `provider_meta` block of the object's module, as the struct that
    /// [`Types::provider_meta`](crate::Types::provider_meta) registered; `None` if the module has none. Only for
    /// resources and data sources.
    pub fn provider_meta<M: Object>(&self) -> Result<Option<M>, Diag> {
        match &self.call.meta {
            Dyn::Null => Ok(None),
            meta => M::from_object(meta).map(Some).map_err(|misfit| {
                // The path would lead into the configuration of the object.
                Diag { path: None, ..misfit.into_diag() }
                    .why("It is set in a `provider_meta` block of the module.")
            }),
        }
    }

    /// Tells the user about the progress of an action. Other operations log it, because hosts show nothing there.
    pub fn progress(&self, message: impl fmt::Display) {
        tracing::info!(operation = self.call.operation.name(), "{message}");
        if let Some(progress) = &self.call.progress {
            // A host that reads too slowly, or no longer, misses a message. The action goes on.
            let _ = progress.try_send(message.to_string());
        }
    }
}
