//! Carrying out a planned change.

use super::core::{Core, notes};
use super::erased::{AnyResource, Work};
use super::outcome::{identity, take, tidy, without_unknown};
use super::{ApplyRequest, Stored, task};
use crate::cx::Cx;
use crate::diag::Diag;
use crate::model::Operation;
use crate::plan::{Violation, check_result, show_write_only};
use crate::provider::Provider;
use crate::value::Dyn;

impl<P: Provider> Core<P> {
    /// A failed creation leaves what was saved, so that the object is not lost; a failed change or removal leaves
    /// what was saved, else the prior state.
    pub(super) async fn apply(&self, request: ApplyRequest) -> Stored {
        let ApplyRequest { type_name, prior, planned, config, private, identity: earlier } = request;
        let refused =
            |prior: Dyn, private, diag| Stored::unchanged(prior, private, earlier.clone(), vec![diag]);
        let resource = match self.resource(&type_name) {
            Ok(resource) => resource,
            Err(diag) => return refused(prior, private, diag),
        };
        if self.shared.stop.is_set() {
            return refused(prior, private, Cx::<()>::cancelled());
        }
        let operation = match (prior.is_null(), planned.is_null()) {
            (true, true) => return refused(prior, private, Diag::bug("There is nothing to apply")),
            (true, false) => Operation::Create,
            (false, false) => Operation::Update,
            (false, true) => Operation::Delete,
        };
        let notes = notes(&private);
        let timed = if planned.is_null() { &prior } else { &planned };
        let cx = self.cx(operation, timed, resource.timeout(operation), &notes);
        // Write-only values are in the configuration only; what the author returns loses them again.
        let written =
            |planned: &Dyn| show_write_only(&resource.schema().attributes, &config, planned.clone());
        let work: Work<Result<Option<Dyn>, Diag>> = match operation {
            Operation::Create => {
                let work = resource.create(cx, written(&planned));
                Box::pin(async move { work.await.map(Some) })
            }
            Operation::Update => {
                let work = resource.update(cx, prior.clone(), written(&planned));
                Box::pin(async move { work.await.map(Some) })
            }
            Operation::Delete | Operation::Read => {
                let work = resource.delete(cx, prior.clone());
                Box::pin(async move { work.await.map(|()| None) })
            }
        };
        let applied = task::run(&format!("{} of {type_name}", operation.name()), work).await.flatten();
        let left = take(&notes);
        let mut stored = Stored::unchanged(prior, left.private.to_bytes(), earlier, left.diags);
        match applied {
            Ok(None) => {
                (stored.state, stored.private, stored.identity) = (Dyn::Null, Vec::new(), Dyn::Null);
            }
            Ok(Some(now)) => match tidy(resource.schema(), &planned, now) {
                Ok(now) => keep_result(resource.as_ref(), &mut stored, &planned, now),
                Err(diag) => stored.fail(resource.as_ref(), &planned, left.saved, diag),
            },
            Err(diag) => stored.fail(resource.as_ref(), &planned, left.saved, diag),
        }
        stored
    }
}

/// Takes the result, with an error where it breaks the plan's promise. The state tells what is there in either case.
fn keep_result<C>(resource: &dyn AnyResource<C>, stored: &mut Stored, planned: &Dyn, now: Dyn) {
    if let Err(violation) = check_result(&resource.schema().attributes, planned, &now) {
        stored.diags.push(broken_promise(violation));
    }
    stored.state = without_unknown(now);
    match identity(resource, &stored.state, &stored.identity) {
        Ok(identity) => stored.identity = identity,
        Err(diag) => stored.diags.push(diag),
    }
}

/// The host would say the same with less to go by.
fn broken_promise(violation: Violation) -> Diag {
    let Violation { path, message } = violation;
    let diag = Diag::bug(format!("The result does not match the plan: {path} {message}"));
    if path.is_root() { diag } else { diag.at(path) }
}
