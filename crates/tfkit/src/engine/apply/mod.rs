//! Applying a planned change.

mod create;
mod request;
mod update;

pub use request::ApplyRequest;

use super::core::Engine;
use super::outcome::{Stored, take};
use super::task::operate;
use crate::cx::{Call, Cx, Notes, SharedNotes, lock};
use crate::diag::Diag;
use crate::erased::AnyResource;
use crate::model::Operation;
use crate::plan::merge;
use crate::schema::{Attribute, Schema, Who};
use crate::value::Dyn;

impl Engine {
    /// Applies a planned change.
    ///
    /// A failed creation keeps what was saved, so that the object is not lost. A failed update or deletion keeps what
    /// was saved, or else the prior state.
    pub async fn apply(&self, mut request: ApplyRequest) -> Stored {
        let refused = |request: ApplyRequest, diag| {
            Stored::unchanged(request.prior, request.private, request.identity, vec![diag])
        };
        let core = &*self.0;
        let resource = match core.resource(&request.type_name) {
            Ok(resource) => resource,
            Err(diag) => return refused(request, diag),
        };
        if core.shared.stop.is_set() {
            return refused(request, Cx::<()>::cancelled());
        }
        let operation = match (request.prior.is_null(), request.planned.is_null()) {
            (true, true) => return refused(request, Diag::bug("Nothing to apply")),
            (true, false) => Operation::Create,
            (false, false) => Operation::Update,
            (false, true) => Operation::Delete,
        };
        merge(&resource.schema().attributes, &mut request.planned);
        core.conceal(resource.schema(), &[&request.prior, &request.planned, &request.config]);
        let notes = Notes::after(&request.private);
        lock(&notes).private.begin_apply(&kept(resource.schema(), &request));
        if operation == Operation::Delete {
            core.shared.run.deletes(id_of(&request.prior));
        }
        let prior = request.prior.clone();
        let timed = if request.planned.is_null() { &request.prior } else { &request.planned };
        let call = core.call(operation, timed, resource.timeout(operation), &notes);
        let mut stored = match operation {
            Operation::Create => create::create(resource.as_ref(), call, &notes, request).await,
            Operation::Update => update::update(resource.as_ref(), call, &notes, request).await,
            _ => delete(resource.as_ref(), call, &notes, request).await,
        };
        let (before, after) = (resource.claim(&prior), resource.claim(&stored.state));
        let known = if stored.state.is_null() { &prior } else { &stored.state };
        // A failed creation has no object.
        if !known.is_null() {
            core.shared.run.applied(operation, id_of(known), before.as_ref(), after.as_ref());
        }
        stored.diags = stored.diags.into_iter().map(|diag| core.shared.run.advise(diag)).collect();
        stored
    }
}

/// Returns the attributes whose imported value the plan keeps although the configuration does not set them.
fn kept(schema: &Schema, request: &ApplyRequest) -> Vec<&'static str> {
    let is_kept = |attribute: &&Attribute| {
        let (config, planned) =
            (request.config.attribute(attribute.name), request.planned.attribute(attribute.name));
        attribute.who == Who::IfSetOrImported(None) && config.is_null() && !planned.is_null()
    };
    schema.attributes.iter().filter(is_kept).map(|attribute| attribute.name).collect()
}

fn id_of(state: &Dyn) -> &str {
    state.attribute("id").as_str().unwrap_or_default()
}

async fn delete(
    resource: &dyn AnyResource,
    call: Call,
    notes: &SharedNotes,
    request: ApplyRequest,
) -> Stored {
    let ApplyRequest { type_name, prior, identity, .. } = request;
    let removed = operate("delete", &type_name, resource.delete(call, prior.clone())).await;
    let left = take(notes);
    let mut stored = Stored::unchanged(prior, left.private.to_bytes(), identity, left.diags);
    match removed {
        Ok(()) => (stored.state, stored.private, stored.identity) = (Dyn::Null, Vec::new(), Dyn::Null),
        Err(diag) => stored.fail(resource, &Dyn::Null, left.saved, diag),
    }
    stored
}
