//! Removes components from their stacks and deletes them.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tfkit::{Cx, Diag};
use zenml_api::workspace::component as api;
use zenml_api::workspace::stack::{self, StackUpdate};
use zenml_api::{ComponentId, ConnectorId, StackId};
use zenml_client::{ApiError, Optional as _};

use super::StackComponent;
use super::held::{HeldComponents, holders};
use crate::client::Client;
use crate::failure::{Needs, cannot};
use crate::in_workspace::scope::Server;
use crate::resources::service_connector::HeldConnectors;
use crate::resources::stack::{lock_name, slots_of};
use crate::run_environment as run;
use crate::succession::{Held as _, release_retired, retire, successor};

/// Types that every stack requires.
const MANDATORY: [&str; 2] = ["orchestrator", "artifact_store"];

/// How often a component is removed from stacks that it is added to meanwhile.
const ROUNDS: usize = 3;

/// Components that are leaving their stacks. Each write of a stack removes all of them at once, so that many
/// concurrent deletions take one write.
#[derive(Debug, Default)]
struct Leaving(Mutex<BTreeSet<ComponentId>>);

impl Leaving {
    fn announce(&self, id: ComponentId) -> Announced<'_> {
        self.ids().insert(id);
        Announced { leaving: self, id }
    }

    fn ids(&self) -> MutexGuard<'_, BTreeSet<ComponentId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Until it is dropped, other tasks can remove the component from stacks.
struct Announced<'a> {
    leaving: &'a Leaving,
    id: ComponentId,
}

impl Drop for Announced<'_> {
    fn drop(&mut self) {
        self.leaving.ids().remove(&self.id);
    }
}

/// Deletes a component. Without a successor it is removed from all stacks that do not require it. If a stack requires
/// it, or if it has a successor, it is retired.
pub(super) async fn delete(cx: &Cx<Client>, server: &Server, prior: &StackComponent) -> Result<(), Diag> {
    let id = prior.id.get()?.0;
    let successor = successor(cx, Some(&prior.kind), prior.workspace_id.as_ref().map(|id| id.0));
    let steps_out = successor.is_none() && !MANDATORY.contains(&prior.kind.as_str());
    let deleted = if steps_out {
        step_out(cx, server, id).await
    } else {
        server.api.call(&api::DELETE, id).await.optional().map(|_| ())
    };
    match deleted {
        Ok(()) => {
            let connector: Vec<ConnectorId> = prior.connector().0.into_iter().collect();
            release_retired::<HeldConnectors>(cx, server, &connector, &[]).await;
            run::release(cx, server, prior.secrets.as_ref(), None).await;
            Ok(())
        }
        Err(error) if HeldComponents::is_held(&error) && !steps_out => {
            let retired = retire::<HeldComponents>(cx, server, id, &prior.name, successor.as_deref()).await;
            retired.map_err(|error| failed(prior, &error))
        }
        Err(error) => Err(failed(prior, &error)),
    }
}

/// Deletes a component. If stacks use it, removes it from them first. A server rejects the deletion of such a component,
/// so that one that no stack uses takes a single request: nobody has to read the stacks for each component.
async fn step_out(cx: &Cx<Client>, server: &Server, id: ComponentId) -> Result<(), ApiError> {
    let leaving = cx.client_if_known().map(Client::memory::<Leaving>).unwrap_or_default();
    let _announced = leaving.announce(id);
    let mut round = 0;
    loop {
        match server.api.call(&api::DELETE, id).await.optional() {
            // In later rounds, the component was added to a stack meanwhile, or the list missed a stack because another
            // one was deleted.
            Err(error) if HeldComponents::is_held(&error) && round < ROUNDS => round += 1,
            other => return other.map(|_| ()),
        }
        for stack in &holders(server, id).await? {
            detach(cx, server, stack.id, &leaving).await?;
        }
    }
}

/// Removes all leaving components from one stack, based on its current contents. Another leaving component may
/// already have done this.
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
        .fix("Delete its deployments first, then run the command again. To list them:\n  zenml deployment list")
        .trace(refused.call.to_string())
}
