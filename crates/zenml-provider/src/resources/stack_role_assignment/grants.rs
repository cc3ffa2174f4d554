//! Carrying out what `need` decides: granting and taking back, object by object.

use std::collections::BTreeSet;

use tfkit::{Cx, Diag};
use zenml_api::{StackId, WorkspaceId};

use super::StackRoleAssignment;
use super::contents;
use super::need::{self, Actions, Contents, Grants, Object};
use super::shares::{Reading, Shares, Step};
use crate::client::Client;
use crate::principal::Principal;
use crate::scope::Server;

/// Name beside the state under which the objects are remembered that the assignment has granted something on. When the
/// stack is gone nothing else tells where grants are left.
const OBJECTS: &str = "objects";

/// Which assignment it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) workspace: WorkspaceId,
    pub(super) stack: StackId,
    pub(super) principal: Principal,
}

impl Place {
    /// The `id` attribute, which is also an import id.
    pub(super) fn id(self) -> String {
        format!("{}/{}/{}", self.workspace, self.stack, self.principal)
    }

    /// All grants of a principal in a workspace change one after the other: its roles on several stacks meet on what the
    /// stacks share.
    pub(super) fn lock(self) -> String {
        format!("grants of {} in {}", self.principal, self.workspace)
    }
}

/// From what an assignment has granted to what it is to grant.
pub(super) struct Change {
    pub(super) place: Place,
    pub(super) contents: Contents,
    pub(super) before: Grants,
    pub(super) now: Grants,
}

/// Carries a change out, object by object, the stack first, and gives what the assignment then grants. Each step that is
/// done is in the state.
pub(super) async fn apply(
    cx: &Cx<Client>,
    server: &Server,
    change: &Change,
    plan: &StackRoleAssignment,
) -> Result<StackRoleAssignment, Diag> {
    let Change { place, contents, before, now } = change;
    let client = cx.client().await?;
    let shares = shares(client, server, *place);
    let (none, present) = (Actions::new(), contents.objects());
    let mut granted = before.clone();
    let mut elsewhere = None;
    let mut all_there = before.is_empty();
    let objects: BTreeSet<Object> = before.keys().chain(now.keys()).copied().collect();
    remember(cx, &objects)?;
    for object in objects {
        let (before, now) = (before.get(&object).unwrap_or(&none), now.get(&object).unwrap_or(&none));
        let shrinks = !before.is_subset(now) && object != Object::stack(place.stack);
        if shrinks && elsewhere.is_none() {
            elsewhere = Some(needed_elsewhere(server, &shares, place.stack).await?);
        }
        let needed_elsewhere = elsewhere.as_ref().and_then(|needed| needed.get(&object)).unwrap_or(&none);
        let step = Step { exists: present.contains(&object), before, now, needed_elsewhere };
        let mut is_written = false;
        let changed = shares.change(object, &step, &mut is_written).await;
        if is_written && changed.is_err() {
            // What was not read back may be granted all the same.
            granted.insert(object, before.union(now).cloned().collect());
            cx.save(&plan.granting(*place, &granted));
        }
        match changed? {
            Reading::Actions(first) => {
                all_there &= now.is_subset(&first);
                granted.insert(object, now.clone());
            }
            Reading::Refused => {
                all_there = false;
                warn_of_refusal(cx, client);
                granted.insert(object, before.union(now).cloned().collect());
            }
        }
        cx.save(&plan.granting(*place, &granted));
    }
    granted.retain(|_, actions| !actions.is_empty());
    remember(cx, &granted.keys().copied().collect())?;
    if all_there {
        cx.warn(already_granted(*place));
    }
    Ok(plan.granting(*place, &granted))
}

/// Takes back what an assignment has granted, except for what the principal needs for its roles on other stacks.
pub(super) async fn revoke(
    cx: &Cx<Client>,
    server: &Server,
    place: Place,
    granted: &Grants,
) -> Result<(), Diag> {
    let client = cx.client().await?;
    let shares = shares(client, server, place);
    let none = Actions::new();
    let mut elsewhere = None;
    // The share of the stack goes first: from then on nobody takes the role into account any more.
    for (object, before) in granted {
        if *object != Object::stack(place.stack) && elsewhere.is_none() {
            elsewhere = Some(needed_elsewhere(server, &shares, place.stack).await?);
        }
        let needed_elsewhere = elsewhere.as_ref().and_then(|needed| needed.get(object)).unwrap_or(&none);
        let step = Step { exists: false, before, now: &none, needed_elsewhere };
        if shares.change(*object, &step, &mut false).await? == Reading::Refused {
            cx.warn(left_behind(place));
            return Ok(());
        }
    }
    Ok(())
}

/// What the principal needs for its roles on all stacks but one. Its role on a stack is what its share of it says.
async fn needed_elsewhere(server: &Server, shares: &Shares<'_>, except: StackId) -> Result<Grants, Diag> {
    let others = contents::of_other_stacks(&server.api, except).await?;
    let mut held = Vec::new();
    for contents in &others {
        if let Reading::Actions(share) = shares.read(Object::stack(contents.stack), true).await? {
            held.push((contents, share));
        }
    }
    Ok(need::need(held.iter().map(|(contents, share)| (*contents, share))))
}

/// The way to the grants of the assignment's principal.
pub(super) fn shares<'a>(client: &'a Client, server: &'a Server, place: Place) -> Shares<'a> {
    Shares { client, server: &server.api, workspace: place.workspace, principal: place.principal }
}

fn remember(cx: &Cx<Client>, objects: &BTreeSet<Object>) -> Result<(), Diag> {
    let texts: Vec<String> = objects.iter().map(Object::to_string).collect();
    cx.set_private(OBJECTS, texts.into())
}

/// The objects that the assignment has granted something on, as a run before has left them beside the state.
pub(super) fn remembered(cx: &Cx<Client>) -> BTreeSet<Object> {
    let texts = cx.private(OBJECTS);
    let texts = texts.as_ref().and_then(|texts| texts.as_array()).into_iter().flatten();
    texts.filter_map(|text| Object::parse(text.as_str()?)).collect()
}

fn already_granted(place: Place) -> Diag {
    Diag::warning("The stack role was already granted; it is managed here from now on")
        .why(format!(
            "{} had all its grants on stack {} before this configuration did anything. Destroying the resource will take \
             them away.",
            place.principal, place.stack
        ))
        .at(StackRoleAssignment::ROLE)
}

/// Says, once in a run, that grants are only added.
pub(super) fn warn_of_refusal(cx: &Cx<Client>, client: &Client) {
    if client.is_news("shares cannot be read") {
        cx.warn(
            Diag::warning("The grants of stack roles cannot be read back")
                .why(
                    "The control plane does not let this key read who may do what with a single object. Grants are only \
                     added, never taken away, and the state keeps what it says.",
                )
                .fix("Use a key of an account that may read them, such as one with the role Organization Admin."),
        );
    }
}

fn left_behind(place: Place) -> Diag {
    Diag::warning("The grants of a stack role were left in place")
        .why(format!(
            "The control plane does not let this key read what {} may do with stack {} and what it needs, and without \
             that nothing can be taken away safely.",
            place.principal, place.stack
        ))
        .fix("Take the grants away in the dashboard of ZenML Pro.")
}
