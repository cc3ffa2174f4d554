//! How a component leaves its stacks and goes.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tfkit::{Cx, Diag};
use zenml_api::workspace::component as api;
use zenml_api::workspace::stack::{self, Stack, StackQuery, StackUpdate};
use zenml_api::{ComponentId, StackId};
use zenml_client::{ApiError, Optional as _};

use super::StackComponent;
use crate::client::Client;
use crate::failure::{Needs, cannot};
use crate::resources::stack::{lock_name, slots_of};
use crate::scope::Server;

/// Types without which there is no stack.
const MANDATORY: [&str; 2] = ["orchestrator", "artifact_store"];

/// How often a component is taken out of stacks that somebody puts it into meanwhile.
const ROUNDS: usize = 3;

/// Components that are on their way out of their stacks. Who writes a stack takes all of them out of it at once, so that
/// many that go at the same time cost one write.
#[derive(Debug, Default)]
pub(crate) struct Leaving(Mutex<BTreeSet<ComponentId>>);

impl Leaving {
    fn announce(&self, id: ComponentId) -> Announced<'_> {
        self.ids().insert(id);
        Announced { leaving: self, id }
    }

    fn ids(&self) -> MutexGuard<'_, BTreeSet<ComponentId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Until it is dropped others may take the component out of stacks.
struct Announced<'a> {
    leaving: &'a Leaving,
    id: ComponentId,
}

impl Drop for Announced<'_> {
    fn drop(&mut self) {
        self.leaving.ids().remove(&self.id);
    }
}

/// Takes a component out of all stacks that hold it and deletes it. One without which a stack cannot be is refused.
pub(super) async fn delete(cx: &Cx<Client>, server: &Server, prior: &StackComponent) -> Result<(), Diag> {
    let id = prior.id.get()?.0;
    let is_mandatory = MANDATORY.contains(&prior.kind.as_str());
    let leaving = &cx.client().await?.leaving;
    let _announced = (!is_mandatory).then(|| leaving.announce(id));
    let mut round = 1;
    loop {
        let stacks = holders(server, id).await.map_err(|error| failed(prior, &error))?;
        if !stacks.is_empty() && is_mandatory {
            return Err(in_use(prior, &stacks));
        }
        for stack in &stacks {
            detach(cx, server, stack.id, leaving).await.map_err(|error| failed(prior, &error))?;
        }
        match server.api.call(&api::DELETE, id).await.optional() {
            Ok(_) => return Ok(()),
            // Somebody has put it into a stack meanwhile, or a page of the list was missed for a stack that went.
            Err(error) if is_held(&error) && !is_mandatory && round < ROUNDS => round += 1,
            Err(error) => return Err(failed(prior, &error)),
        }
    }
}

/// All stacks that hold a component.
async fn holders(server: &Server, id: ComponentId) -> Result<Vec<Stack>, ApiError> {
    let query =
        StackQuery { component_id: vec![id.to_string()], hydrate: Some(true), ..StackQuery::default() };
    let mut stacks = server.api.list_all(&stack::LIST, (), query).await?;
    // A filter that a server does not know is ignored by it.
    stacks.retain(|stack| slots_of(stack).values().any(|slot| slot.contains(&id)));
    Ok(stacks)
}

/// Takes all components that are leaving out of one stack, as it is at that moment. Another one that leaves may have done
/// it already.
async fn detach(cx: &Cx<Client>, server: &Server, stack: StackId, leaving: &Leaving) -> Result<(), ApiError> {
    let _alone = cx.lock(lock_name(stack)).await;
    let Some(now) = server.api.call(&stack::GET, stack).await.optional()? else { return Ok(()) };
    let mut slots = slots_of(&now);
    let before = slots.clone();
    let gone = leaving.ids().clone();
    for slot in slots.values_mut() {
        slot.retain(|id| !gone.contains(id));
    }
    slots.retain(|_, slot| !slot.is_empty());
    if slots == before {
        return Ok(());
    }
    let change = StackUpdate { components: Some(slots), ..StackUpdate::default() };
    server.api.send(&stack::UPDATE, stack, (), change).await.optional().map(|_| ())
}

/// Whether the server refuses because a stack holds the component. The text is the only sign.
fn is_held(error: &ApiError) -> bool {
    let said = |words: &str| error.answer().is_some_and(|refused| refused.body.summary().contains(words));
    matches!(error, ApiError::Forbidden(_)) && said("cannot be deleted as it is part of")
}

fn failed(prior: &StackComponent, error: &ApiError) -> Diag {
    let StackComponent { name, kind, .. } = prior;
    let diag = cannot(format_args!("delete stack component {name:?}"), Needs::WORKSPACE_ADMIN, error);
    let Some(refused) = error.answer().filter(|_| matches!(error, ApiError::Forbidden(_))) else {
        return diag;
    };
    let message = refused.body.summary();
    if !message.contains("deployments being managed by it") {
        return diag;
    }
    Diag::error(format!("Component In Use: the {kind} {name:?} still has deployments"))
        .why(format!("The workspace says: {message}"))
        .fix("Delete its deployments first, and run the command again. This lists them:\n  zenml deployment list")
        .trace(refused.call.to_string())
}

fn in_use(prior: &StackComponent, stacks: &[Stack]) -> Diag {
    let names: Vec<String> = stacks.iter().map(|stack| format!("{:?} ({})", stack.name, stack.id)).collect();
    Diag::error(format!("Component In Use: the {} {:?} is part of a stack", prior.kind, prior.name))
        .why(format!(
            "A stack must have an orchestrator and an artifact store, so it cannot be taken out of: {}.",
            names.join(", ")
        ))
        .fix("Delete these stacks first, or give them another one.")
        .fix(
            "When the component is to be replaced by another one, make the new one first, under another name:\n  \
             lifecycle {\n    create_before_destroy = true\n  }",
        )
}
