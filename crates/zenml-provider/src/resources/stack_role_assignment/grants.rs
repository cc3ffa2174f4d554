//! Grants and revokes permissions through the API, and reports the result.

use std::collections::BTreeSet;

use tfkit::{Cx, Diag};

use super::model::StackRoleAssignment;
use super::place::Place;
use crate::client::Client;
use crate::in_workspace::scope::Server;
use crate::sharing::change::{Change, Changing, Done};
use crate::sharing::holder::Holder;
use crate::sharing::ledger::OfPrincipal;
use crate::sharing::need::{Actions, Contents, Grants, Object};
use crate::sharing::shares::{Shares, left_behind, warn_of_refusal};

/// Key in the private state for the objects on which the assignment has granted permissions. If the stack is deleted,
/// nothing else shows where permissions are left.
const OBJECTS: &str = "objects";

/// Replaces the previous permissions of an assignment with the planned ones, object by object, and returns the
/// resulting assignment. Each completed step is saved in the state.
pub(super) async fn apply(
    cx: &Cx<Client>,
    server: &Server,
    (place, holder): (&Place, Holder),
    (contents, before, now): (&Contents, Grants, Grants),
    plan: &StackRoleAssignment,
) -> Result<StackRoleAssignment, Diag> {
    let client = cx.client().await?;
    let ledger = OfPrincipal { shares: shares(client, server, place, holder), stack: Some(place.stack) };
    let wanted = place.owner(holder, &place.id()).apply(cx, client, &before, &now);
    let change = Change { stack: Some(place.stack), present: contents.objects(), before, now, wanted };
    let mut changing = Changing::new(&ledger, &change);
    let mut granted = change.before.clone();
    let mut all_there = change.before.is_empty();
    let objects = changing.objects();
    remember(cx, &objects)?;
    for object in objects {
        let (before, now) = (change.before.get(&object), change.now.get(&object));
        let both: Actions = before.into_iter().chain(now).flatten().cloned().collect();
        let done = changing.step(object).await;
        if done.is_err() && changing.may_have_written(object) {
            // Permissions that were not read back may be granted nevertheless.
            granted.insert(object, both.clone());
            cx.save(&plan.granting(place, &granted));
        }
        match done? {
            Done::Settled { already } => {
                all_there &= already;
                let is_stack = object == Object::stack(place.stack);
                granted.insert(object, if is_stack { both } else { now.cloned().unwrap_or_default() });
            }
            Done::Added => {
                all_there = false;
                warn_of_refusal(cx);
                granted.insert(object, both);
            }
        }
        cx.save(&plan.granting(place, &granted));
    }
    if changing.close().await? {
        let stack = Object::stack(place.stack);
        granted.insert(stack, change.now.get(&stack).cloned().unwrap_or_default());
    }
    granted.retain(|_, actions| !actions.is_empty());
    remember(cx, &granted.keys().copied().collect())?;
    cx.save(&plan.granting(place, &granted));
    changing.verify().await?;
    if all_there {
        cx.warn(already_granted(place));
    }
    Ok(plan.granting(place, &granted))
}

/// Revokes the permissions of an assignment, except those that the principal requires for its roles on other stacks.
pub(super) async fn revoke(
    cx: &Cx<Client>,
    server: &Server,
    (place, holder): (&Place, Holder),
    granted: Grants,
) -> Result<(), Diag> {
    let client = cx.client().await?;
    let ledger = OfPrincipal { shares: shares(client, server, place, holder), stack: Some(place.stack) };
    let wanted = place.owner(holder, &place.id()).apply(cx, client, &granted, &Grants::new());
    let change = Change {
        stack: Some(place.stack),
        present: BTreeSet::new(),
        before: granted,
        now: Grants::new(),
        wanted,
    };
    let mut changing = Changing::new(&ledger, &change);
    for object in changing.objects() {
        if changing.step(object).await? == Done::Added {
            cx.warn(left_behind(&format!("{} on stack {} and its parts", place.principal, place.stack)));
            return Ok(());
        }
    }
    changing.close().await?;
    changing.verify().await
}

/// Returns access to the shares of the assignment's principal.
pub(super) fn shares<'a>(
    client: &'a Client,
    server: &'a Server,
    place: &'a Place,
    holder: Holder,
) -> Shares<'a> {
    Shares { client, server, workspace: place.workspace, principal: &place.principal, holder }
}

fn remember(cx: &Cx<Client>, objects: &BTreeSet<Object>) -> Result<(), Diag> {
    let texts: Vec<String> = objects.iter().map(Object::to_string).collect();
    cx.set_private(OBJECTS, texts.into())
}

/// Returns the objects with permissions of the assignment that an earlier run has stored in the private state.
pub(super) fn remembered(cx: &Cx<Client>) -> BTreeSet<Object> {
    let texts = cx.private(OBJECTS);
    let texts = texts.as_ref().and_then(|texts| texts.as_array()).into_iter().flatten();
    texts.filter_map(|text| Object::parse(text.as_str()?)).collect()
}

fn already_granted(place: &Place) -> Diag {
    Diag::warning("The stack role was already granted and is now managed by Terraform")
        .why(format!(
            "{} already had all of its permissions on stack {}. Destroying this resource revokes them.",
            place.principal, place.stack
        ))
        .at(StackRoleAssignment::ROLE)
}
