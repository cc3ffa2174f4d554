//! Which addresses the resources of a run want.
//!
//! A host plans and applies resources in any order. A resource that no longer needs an invitation asks whether another one
//! of the run does: one that moves a person from one team to another, for example. A host that plans an update once more
//! for the apply may apply the resource that gives up an address before it plans the one that wants it. Then the
//! invitation is deleted, and the other resource sends another one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use tfkit::Diag;
use zenml_api::OrganizationId;
use zenml_api::control::invitation::Invitation;

use crate::access::people::{canonical, is_email};
use crate::client::Client;

/// The canonical addresses that each resource of an organization wants.
#[derive(Debug, Default)]
struct Wanted(Mutex<BTreeMap<(OrganizationId, String), BTreeSet<String>>>);

/// Announces the planned addresses of a resource, which replace earlier ones. `who` names it, such as `team alpha`.
pub fn want<'a>(
    client: &Client,
    organization: OrganizationId,
    who: &str,
    names: impl IntoIterator<Item = &'a str>,
) {
    let names = names.into_iter().filter(|name| is_email(name)).map(canonical).collect();
    let wanted = client.memory::<Wanted>();
    let mut wanted = wanted.0.lock().unwrap_or_else(PoisonError::into_inner);
    wanted.insert((organization, who.to_owned()), names);
}

/// Returns the warning for an invitation that stays although the resource that managed it is destroyed.
pub fn left_to_others(invitation: &Invitation, why: &str) -> Diag {
    Diag::warning(format!("The invitation of {:?} stays", invitation.email))
        .why(format!("{why} A team that contains it, a role of its own, or another resource of this run needs it."))
        .fix(
            "A zenml_team that has sent the invitation, or was refreshed together with the one that has, deletes it when \
             nothing needs it any more. Otherwise, delete it in the ZenML Pro dashboard then.",
        )
}

/// Returns the addresses that other resources of this run have announced.
pub fn wants_of_others(client: &Client, organization: OrganizationId, who: &str) -> BTreeSet<String> {
    let wanted = client.memory::<Wanted>();
    let wanted = wanted.0.lock().unwrap_or_else(PoisonError::into_inner);
    let others = wanted.iter().filter(|((own, other), _)| *own == organization && other != who);
    others.flat_map(|(_, names)| names.iter().cloned()).collect()
}
