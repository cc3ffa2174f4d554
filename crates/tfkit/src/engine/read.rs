//! Reading a resource again.

use std::sync::atomic::Ordering;

use super::core::{Core, notes};
use super::outcome::{identity, take, tidy, unresolved};
use super::{ReadRequest, Stored, task, unknown_provider};
use crate::cx::Access;
use crate::model::Operation;
use crate::provider::Provider;
use crate::value::Dyn;

impl<P: Provider> Core<P> {
    /// On an error the state stays as it is. While the provider's configuration is unknown it stays, too, with one
    /// warning for the whole run.
    pub(super) async fn read(&self, request: ReadRequest) -> Stored {
        let ReadRequest { type_name, state, private, identity: earlier } = request;
        let resource = match self.resource(&type_name) {
            Ok(resource) => resource,
            Err(diag) => return Stored::unchanged(state, private, earlier, vec![diag]),
        };
        if let Access::Unknown(paths) = self.access() {
            let first = !self.warned.swap(true, Ordering::Relaxed);
            let warning = first.then(|| {
                let why = "Objects are taken to be as the state has them: nothing was read from the server.";
                unknown_provider(&paths).why(why).as_warning()
            });
            return Stored::unchanged(state, private, earlier, warning.into_iter().collect());
        }
        self.conceal(resource.schema(), &[&state]);
        let notes = notes(&private);
        let timeout = resource.timeout(Operation::Read);
        let cx = self.cx(Operation::Read, &state, timeout, &notes);
        let work = resource.read(cx, state.clone());
        let read =
            task::run_until_stopped(&format!("read of {type_name}"), &self.shared, work).await.flatten();
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
