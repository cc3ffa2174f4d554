//! Applying a creation.
//!
//! A host taints a new object whose creation ended with an error: the next apply destroys it with everything in it.
//! The same applies to a result that differs from the plan. Therefore, once the author has saved the object, failures
//! are warnings, and the state holds the planned values. The next refresh sees what is missing, and the next apply
//! completes the object in place.

use super::request::ApplyRequest;
use crate::cx::{Call, Saved, SharedNotes};
use crate::diag::Diag;
use crate::engine::outcome::{self, Stored, broken_promise, take, without_unknown};
use crate::engine::task::operate;
use crate::erased::AnyResource;
use crate::plan::{Violation, check_result, show_write_only, tidy};
use crate::schema::Attribute;
use crate::value::Dyn;

pub(super) async fn create(
    resource: &dyn AnyResource,
    call: Call,
    notes: &SharedNotes,
    request: ApplyRequest,
) -> Stored {
    let ApplyRequest { type_name, prior, planned, config, identity, .. } = request;
    let schema = resource.schema();
    // Write-only values are only in the configuration. They are removed again from what the author returns.
    let written = show_write_only(&schema.attributes, &config, planned.clone());
    let created = operate("create", &type_name, resource.create(call, written)).await;
    let left = take(notes);
    let mut stored = Stored::unchanged(prior, left.private.to_bytes(), identity, left.diags);
    match created.and_then(|created| tidy(schema, &planned, created)) {
        Ok(created) => {
            let mut kept = created.clone();
            if let Err(violation) = check_result(&schema.attributes, &planned, &created) {
                stored.diags.push(unexpected(violation).as_warning());
                kept = as_far_as_planned(&schema.attributes, &planned, &created);
            }
            let kept = without_unknown(kept);
            let identity = outcome::identity(resource, &kept, &stored.identity);
            stored.keep(kept, identity);
        }
        Err(diag) => match left.saved {
            Some(Saved { state, is_broken: false }) => {
                let state = as_far_as_planned(&schema.attributes, &planned, &state);
                stored.keep_saved(resource, &planned, state);
                stored.diags.push(unfinished(diag));
            }
            saved => stored.fail(resource, &planned, saved, diag),
        },
    }
    stored
}

/// Returns the planned values of an object and, where the plan is unknown, the values that are known.
fn as_far_as_planned(attributes: &[Attribute], planned: &Dyn, known: &Dyn) -> Dyn {
    Dyn::map(attributes.iter().map(|attribute| {
        let promised = planned.attribute(attribute.name);
        let value = if promised.wholly_known() { promised } else { known.attribute(attribute.name) };
        (attribute.name, without_unknown(value.clone()))
    }))
}

fn unexpected(violation: Violation) -> Diag {
    broken_promise(violation).why(
        "The object was created and is kept: an error would make the next apply destroy it. The state holds the \
         planned values until the next refresh.",
    )
}

fn unfinished(diag: Diag) -> Diag {
    let diag = diag.why(
        "The object was created, but this step failed afterwards. The object stays in the state with its planned \
         values. This is a warning, because an error would make the next apply destroy the object.",
    );
    diag.fix("Apply again. The next plan shows what is missing, and the apply completes the object in place.")
        .as_warning()
}
