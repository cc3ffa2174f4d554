//! Applying an update in place, also to an object that somebody has changed since it was planned: see
//! [`crate::plan::rebase`].

use super::request::ApplyRequest;
use crate::cx::{Call, SharedNotes};
use crate::diag::Diag;
use crate::engine::outcome::{self, Stored, broken_promise, take, without_unknown};
use crate::engine::task::operate;
use crate::erased::{AnyResource, Update, Updated};
use crate::plan::{Asked, Violation, as_planned, check_result, tidy};
use crate::value::Dyn;

pub(super) async fn update(
    resource: &dyn AnyResource,
    call: Call,
    notes: &SharedNotes,
    request: ApplyRequest,
) -> Stored {
    let ApplyRequest { type_name, prior, planned, config, identity, .. } = request;
    let mut update = Update { known: prior.clone(), prior, planned, config, is_repeated: false };
    let mut attempt = try_once(resource, &call, &type_name, &update, &identity).await;
    // Somebody may have changed the object between the read and the update.
    if let Ok(Attempt { now, identity: Ok(_), violation: Some(_), is_changed_outside }) = &attempt {
        update.known = without_unknown(now.clone());
        update.is_repeated = true;
        let before = *is_changed_outside;
        attempt = try_once(resource, &call, &type_name, &update, &identity).await;
        if let Ok(attempt) = &mut attempt {
            attempt.is_changed_outside |= before;
        }
    }
    let Update { prior, planned, .. } = update;
    let left = take(notes);
    let mut told: Vec<Diag> = Vec::new();
    for diag in left.diags {
        if !told.contains(&diag) {
            told.push(diag);
        }
    }
    let mut stored = Stored::unchanged(prior, left.private.to_bytes(), identity, told);
    match attempt {
        Ok(Attempt { now, identity, violation, is_changed_outside }) => {
            stored.diags.extend(violation.map(|violation| {
                if is_changed_outside { out_of_date(violation) } else { broken_promise(violation) }
            }));
            stored.keep(without_unknown(now), identity);
        }
        Err(diag) => stored.fail(resource, &planned, left.saved, diag),
    }
    stored
}

/// The result of an update.
struct Attempt {
    /// The new values.
    now: Dyn,
    /// The new identity.
    identity: Result<Dyn, Diag>,
    /// How the result differs from the plan.
    violation: Option<Violation>,
    /// Whether somebody had changed the object.
    is_changed_outside: bool,
}

async fn try_once(
    resource: &dyn AnyResource,
    call: &Call,
    type_name: &str,
    update: &Update,
    earlier: &Dyn,
) -> Result<Attempt, Diag> {
    let schema = resource.schema();
    let Updated { current, now } =
        operate("update", type_name, resource.update(call.clone(), update.clone())).await?;
    let mut now = tidy(schema, &update.planned, now)?;
    let identity = outcome::identity(resource, &without_unknown(now.clone()), earlier);
    let asked = Asked { prior: &update.prior, planned: &update.planned, config: &update.config };
    as_planned(&schema.attributes, asked, &mut now);
    let violation = check_result(&schema.attributes, &update.planned, &now).err();
    Ok(Attempt { now, identity, violation, is_changed_outside: current != update.known })
}

/// Returns the error of an update that differs from the plan even after a second attempt.
fn out_of_date(violation: Violation) -> Diag {
    let Violation { path, message } = violation;
    let diag = Diag::error(format!("The plan is outdated: {path} {message}"))
        .why(
            "Somebody changed the object after the plan was created, and the planned values cannot be reached from \
             its current ones.",
        )
        .fix("Create a new plan and review its changes:\n  terraform plan");
    if path.is_root() { diag } else { diag.at(path) }
}
