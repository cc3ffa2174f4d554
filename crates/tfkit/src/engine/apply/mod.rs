//! Carrying out a planned change.

mod create;
mod update;

use super::core::{Core, SharedNotes, notes};
use super::erased::{AnyResource, Work};
use super::outcome::{self, take, tidy, without_unknown};
use super::{ApplyRequest, Stored, task};
use crate::cx::{Cx, lock};
use crate::diag::Diag;
use crate::model::Operation;
use crate::plan::{Violation, check_result};
use crate::provider::Provider;
use crate::value::Dyn;

impl<P: Provider> Core<P> {
    /// A failed creation leaves what was saved, so that the object is not lost; a failed change or removal leaves
    /// what was saved, else the prior state.
    pub(super) async fn apply(&self, request: ApplyRequest) -> Stored {
        let refused = |request: ApplyRequest, diag| {
            Stored::unchanged(request.prior, request.private, request.identity, vec![diag])
        };
        let resource = match self.resource(&request.type_name) {
            Ok(resource) => resource,
            Err(diag) => return refused(request, diag),
        };
        if self.shared.stop.is_set() {
            return refused(request, Cx::<()>::cancelled());
        }
        let operation = match (request.prior.is_null(), request.planned.is_null()) {
            (true, true) => return refused(request, Diag::bug("There is nothing to apply")),
            (true, false) => Operation::Create,
            (false, false) => Operation::Update,
            (false, true) => Operation::Delete,
        };
        self.conceal(resource.schema(), &[&request.prior, &request.planned, &request.config]);
        let notes = notes(&request.private);
        lock(&notes).private.begin_apply();
        if operation == Operation::Delete {
            self.shared.run.deletes(id_of(&request.prior));
        }
        let timed = if request.planned.is_null() { &request.prior } else { &request.planned };
        let cx = self.cx(operation, timed, resource.timeout(operation), &notes);
        let mut stored = match operation {
            Operation::Create => create::create(resource.as_ref(), cx, &notes, request).await,
            Operation::Update => update::update(resource.as_ref(), cx, &notes, request).await,
            Operation::Delete | Operation::Read => delete(resource.as_ref(), cx, &notes, request).await,
        };
        if operation == Operation::Create && !stored.state.is_null() {
            self.shared.run.made(id_of(&stored.state));
        }
        stored.diags = stored.diags.into_iter().map(|diag| self.shared.run.advise(diag)).collect();
        stored
    }
}

fn id_of(state: &Dyn) -> &str {
    state.attribute("id").as_str().unwrap_or_default()
}

async fn delete<C>(
    resource: &dyn AnyResource<C>,
    cx: Cx<C>,
    notes: &SharedNotes,
    request: ApplyRequest,
) -> Stored {
    let ApplyRequest { type_name, prior, identity, .. } = request;
    let removed = run("delete", &type_name, resource.delete(cx, prior.clone())).await;
    let left = take(notes);
    let mut stored = Stored::unchanged(prior, left.private.to_bytes(), identity, left.diags);
    match removed {
        Ok(()) => (stored.state, stored.private, stored.identity) = (Dyn::Null, Vec::new(), Dyn::Null),
        Err(diag) => stored.fail(resource, &Dyn::Null, left.saved, diag),
    }
    stored
}

async fn run<T: Send + 'static>(
    operation: &str,
    type_name: &str,
    work: Work<Result<T, Diag>>,
) -> Result<T, Diag> {
    task::run(&format!("{operation} of {type_name}"), work).await.flatten()
}

impl Stored {
    /// Takes the result, with how it is found from now on.
    fn keep(&mut self, now: Dyn, identity: Result<Dyn, Diag>) {
        self.state = now;
        match identity {
            Ok(identity) => self.identity = identity,
            Err(diag) => self.diags.push(diag),
        }
    }
}

/// The host would say the same with less to go by.
fn broken_promise(violation: Violation) -> Diag {
    let Violation { path, message } = violation;
    let diag = Diag::bug(format!("The result does not match the plan: {path} {message}"));
    if path.is_root() { diag } else { diag.at(path) }
}
