//! Replaces components that stacks use.

use tfkit::Cx;
use zenml_api::workspace::component::{self as api, Component, ComponentQuery, ComponentUpdate};
use zenml_api::workspace::stack::{self, Stack, StackQuery, StackUpdate};
use zenml_api::{ComponentId, Patch, StackId};
use zenml_client::{ApiError, Optional as _};

use super::StackComponent;
use crate::client::Client;
use crate::in_workspace::scope::Server;
use crate::in_workspace::text;
use crate::in_workspace::{InWorkspace as _, Noun};
use crate::resources::flavor;
use crate::resources::service_connector::HeldConnectors;
use crate::resources::stack::{lock_name, slots_of};
use crate::succession::{Held, all_retired, is_retired, release};

/// Stack components that stacks use.
#[derive(Debug)]
pub(crate) struct HeldComponents;

impl Held for HeldComponents {
    type Id = ComponentId;

    const NOUN: Noun = StackComponent::NOUN;

    /// Returns whether the server rejected a deletion because the component is in use. Only the message shows it.
    fn is_held(error: &ApiError) -> bool {
        let contains =
            |words: &str| error.answer().is_some_and(|refused| refused.body.summary().contains(words));
        matches!(error, ApiError::Forbidden(_)) && contains("cannot be deleted as it is part of")
    }

    async fn delete(cx: &Cx<Client>, server: &Server, id: ComponentId) -> Result<(), ApiError> {
        let Some(last) = server.api.call(&api::GET, id).await.optional()? else { return Ok(()) };
        server.api.call(&api::DELETE, id).await.optional()?;
        let connector = last.metadata.and_then(|metadata| metadata.connector);
        let connector = connector.filter(|connector| is_retired(&connector.name));
        release::<HeldConnectors>(cx, server, connector.map(|one| (one.id, one.name)), &[]).await;
        if let Some(of) = last.resources.and_then(|resources| resources.flavor) {
            flavor::release(cx, server, &of).await;
        }
        Ok(())
    }

    async fn rename(server: &Server, id: ComponentId, name: &str) -> Result<(), ApiError> {
        let now = server.api.call(&api::GET, id).await?;
        let change = ComponentUpdate { name: Patch::Set(name.to_owned()), ..linked_as(&now) };
        server.api.send(&api::UPDATE, id, (), change).await.map(|_| ())
    }

    async fn holders(server: &Server, id: ComponentId) -> Result<Vec<String>, ApiError> {
        let stacks = holders(server, id).await?;
        Ok(stacks.into_iter().map(|stack| format!("the stack {:?} ({})", stack.name, stack.id)).collect())
    }

    async fn namesake(
        server: &Server,
        like: ComponentId,
        name: &str,
    ) -> Result<Option<ComponentId>, ApiError> {
        let like = server.api.call(&api::GET, like).await?;
        let kind = like.body.map(|body| body.kind).into_iter().collect();
        let query = ComponentQuery { name: text::exactly(name), kind, ..ComponentQuery::default() };
        let found = server.api.list_all(&api::LIST, (), query).await?;
        Ok(found.into_iter().find(|component| component.name == name).map(|component| component.id))
    }

    async fn retired(server: &Server) -> Result<Vec<(ComponentId, String)>, ApiError> {
        let query = ComponentQuery { name: all_retired(), ..ComponentQuery::default() };
        let found = server.api.list_all(&api::LIST, (), query).await?;
        let retired = found.into_iter().filter(|component| is_retired(&component.name));
        Ok(retired.map(|component| (component.id, component.name)).collect())
    }

    async fn hand_over(
        cx: &Cx<Client>,
        server: &Server,
        id: ComponentId,
        successor: ComponentId,
    ) -> Result<(), ApiError> {
        let mut failed = Ok(());
        for stack in holders(server, id).await? {
            failed = failed.and(exchange(cx, server, stack.id, id, successor).await);
        }
        failed
    }
}

/// Replaces a component with another one in one stack, based on its current contents.
async fn exchange(
    cx: &Cx<Client>,
    server: &Server,
    stack: StackId,
    id: ComponentId,
    successor: ComponentId,
) -> Result<(), ApiError> {
    let _alone = cx.lock(lock_name(stack)).await;
    let Some(now) = server.api.call(&stack::GET, stack).await.optional()? else { return Ok(()) };
    let mut slots = slots_of(&now);
    let before = slots.clone();
    for slot in slots.values_mut() {
        if slot.contains(&successor) {
            slot.retain(|one| *one != id);
        } else {
            slot.iter_mut().filter(|one| **one == id).for_each(|one| *one = successor);
        }
    }
    if slots == before {
        return Ok(());
    }
    let change = StackUpdate { components: Some(slots), ..StackUpdate::default() };
    server.api.send(&stack::UPDATE, stack, (), change).await.optional().map(|_| ())
}

/// Returns an update without changes that keeps the connector: a server removes a connector that a request omits.
pub(crate) fn linked_as(now: &Component) -> ComponentUpdate {
    let metadata = now.metadata.as_ref();
    ComponentUpdate {
        connector: metadata.and_then(|metadata| metadata.connector.as_ref()).map(|connector| connector.id),
        connector_resource_id: metadata.and_then(|metadata| metadata.connector_resource_id.clone()),
        ..ComponentUpdate::default()
    }
}

/// Returns all stacks that use a component.
pub(super) async fn holders(server: &Server, id: ComponentId) -> Result<Vec<Stack>, ApiError> {
    let query =
        StackQuery { component_id: vec![id.to_string()], hydrate: Some(true), ..StackQuery::default() };
    let mut stacks = server.api.list_all(&stack::LIST, (), query).await?;
    // Servers ignore unknown filters.
    stacks.retain(|stack| slots_of(stack).values().any(|slot| slot.contains(&id)));
    Ok(stacks)
}
