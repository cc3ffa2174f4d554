//! Refreshing a resource.

use std::sync::atomic::Ordering;

use super::core::Engine;
use super::outcome::{Stored, identity, take, unresolved};
use super::task;
use crate::cx::{Notes, unknown_provider};
use crate::model::Operation;
use crate::plan::tidy;
use crate::value::Dyn;

/// A request to refresh a resource.
#[derive(Clone, Debug)]
pub struct ReadRequest {
    /// Full type name.
    pub type_name: String,
    /// The prior state.
    pub state: Dyn,
    /// Private bytes of the state.
    pub private: Vec<u8>,
    /// Identity in the state; null if it has none yet.
    pub identity: Dyn,
}

impl Engine {
    /// Refreshes a resource.
    ///
    /// On an error, the state is kept. It is also kept while the provider's configuration is unknown, with one
    /// warning per run.
    pub async fn read(&self, request: ReadRequest) -> Stored {
        let ReadRequest { type_name, state, private, identity: earlier } = request;
        let core = &*self.0;
        let resource = match core.resource(&type_name) {
            Ok(resource) => resource,
            Err(diag) => return Stored::unchanged(state, private, earlier, vec![diag]),
        };
        if let Some(paths) = core.provider.waits_for() {
            let first = !core.warned.swap(true, Ordering::Relaxed);
            let warning = first.then(|| {
                let why =
                    "Nothing was read from the server. The plan uses the objects as the state holds them.";
                unknown_provider(&paths).why(why).as_warning()
            });
            return Stored::unchanged(state, private, earlier, warning.into_iter().collect());
        }
        core.conceal(resource.schema(), &[&state]);
        core.shared.run.refreshes();
        let notes = Notes::after(&private);
        let timeout = resource.timeout(Operation::Read);
        let call = core.call(Operation::Read, &state, timeout, &notes);
        let work = resource.read(call, state.clone());
        let read =
            task::run_until_stopped(&format!("read of {type_name}"), &core.shared, work).await.flatten();
        let left = take(&notes);
        let mut stored = Stored::unchanged(state, left.private.to_bytes(), earlier, left.diags);
        let schema = resource.schema();
        let judged = match read {
            Ok(None) => {
                (stored.state, stored.private, stored.identity) = (Dyn::Null, Vec::new(), Dyn::Null);
                return stored;
            }
            Ok(Some(now)) => tidy(schema, &stored.state, now).and_then(|now| {
                unresolved(&schema.attributes, &now).map_or(Ok(()), Err)?;
                let identity = identity(resource.as_ref(), &now, &stored.identity)?;
                Ok((now, identity))
            }),
            Err(diag) => Err(diag),
        };
        match judged {
            Ok((state, identity)) => (stored.state, stored.identity) = (state, identity),
            Err(diag) => {
                let earlier = stored.state.clone();
                stored.fail(resource.as_ref(), &earlier, left.saved, diag);
            }
        }
        stored
    }
}
