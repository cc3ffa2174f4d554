//! How a component leaves its stacks and goes.

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

/// Takes a component out of all stacks that hold it and deletes it. One without which a stack cannot be is refused.
pub(super) async fn delete(cx: &Cx<Client>, server: &Server, prior: &StackComponent) -> Result<(), Diag> {
    let id = prior.id.get()?.0;
    let failed = |error: ApiError| {
        cannot(format_args!("delete stack component {:?}", prior.name), Needs::WORKSPACE_ADMIN, &error)
    };
    let query =
        StackQuery { component_id: vec![id.to_string()], hydrate: Some(true), ..StackQuery::default() };
    let mut stacks = server.api.list_all(&stack::LIST, (), query).await.map_err(failed)?;
    // A filter that a server does not know is ignored by it.
    stacks.retain(|stack| slots_of(stack).values().any(|slot| slot.contains(&id)));
    if !stacks.is_empty() && MANDATORY.contains(&prior.kind.as_str()) {
        return Err(in_use(prior, &stacks));
    }
    for stack in &stacks {
        detach(cx, server, stack.id, id).await.map_err(failed)?;
    }
    server.api.call(&api::DELETE, id).await.optional().map(|_| ()).map_err(failed)
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

/// Takes a component out of one stack, as the stack is at that moment.
async fn detach(
    cx: &Cx<Client>,
    server: &Server,
    stack: StackId,
    component: ComponentId,
) -> Result<(), ApiError> {
    let _alone = cx.lock(lock_name(stack)).await;
    let Some(now) = server.api.call(&stack::GET, stack).await.optional()? else { return Ok(()) };
    let mut slots = slots_of(&now);
    let before = slots.clone();
    for slot in slots.values_mut() {
        slot.retain(|id| *id != component);
    }
    slots.retain(|_, slot| !slot.is_empty());
    if slots == before {
        return Ok(());
    }
    let change = StackUpdate { components: Some(slots), ..StackUpdate::default() };
    server.api.send(&stack::UPDATE, stack, (), change).await.optional().map(|_| ())
}
