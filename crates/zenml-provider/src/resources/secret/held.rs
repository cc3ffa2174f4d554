//! Keeps secrets linked to stacks and components while they are replaced.
//!
//! A server deletes a linked secret and silently removes its links. So a linked secret that is replaced is not
//! deleted; it becomes its successor.

use tfkit::Cx;
use zenml_api::Patch;
use zenml_api::SecretId;
use zenml_api::workspace::component::{self, Component, ComponentQuery, ComponentUpdate};
use zenml_api::workspace::secret::{self as api, SecretQuery, SecretUpdate, UpdateQuery};
use zenml_api::workspace::stack::{self, Stack, StackQuery, StackUpdate};
use zenml_client::{ApiError, Optional as _};

use super::Secret;
use crate::client::Client;
use crate::in_workspace::scope::Server;
use crate::in_workspace::text;
use crate::in_workspace::{InWorkspace as _, Noun};
use crate::resources::stack_component::linked_as;
use crate::succession::{Held, all_retired, is_retired};

/// Secrets that stacks and components link.
#[derive(Debug)]
pub(crate) struct HeldSecrets;

impl Held for HeldSecrets {
    type Id = SecretId;

    const NOUN: Noun = Secret::NOUN;

    /// A server never rejects the deletion.
    fn is_held(_: &ApiError) -> bool {
        false
    }

    /// Deletes the secret, unless something still links it.
    async fn delete(_: &Cx<Client>, server: &Server, id: SecretId) -> Result<(), ApiError> {
        if links(server, id).await?.is_empty() {
            server.api.call(&api::DELETE, id).await?;
        }
        Ok(())
    }

    async fn rename(server: &Server, id: SecretId, name: &str) -> Result<(), ApiError> {
        let change = SecretUpdate { name: Patch::Set(name.to_owned()), ..SecretUpdate::default() };
        server.api.send(&api::UPDATE, id, UpdateQuery::default(), change).await.map(|_| ())
    }

    async fn holders(server: &Server, id: SecretId) -> Result<Vec<String>, ApiError> {
        let Links { stacks, components } = links(server, id).await?;
        let stacks = stacks.into_iter().map(|stack| format!("the stack {:?} ({})", stack.name, stack.id));
        let components = components.into_iter().filter(|component| !is_retired(&component.name));
        let components =
            components.map(|component| format!("the component {:?} ({})", component.name, component.id));
        Ok(stacks.chain(components).collect())
    }

    async fn namesake(server: &Server, _: SecretId, name: &str) -> Result<Option<SecretId>, ApiError> {
        let query = SecretQuery { name: text::exactly(name), ..SecretQuery::default() };
        let found = server.api.list_all(&api::LIST, (), query).await?;
        Ok(found.into_iter().find(|secret| secret.name == name).map(|secret| secret.id))
    }

    async fn retired(server: &Server) -> Result<Vec<(SecretId, String)>, ApiError> {
        let query = SecretQuery { name: all_retired(), ..SecretQuery::default() };
        let found = server.api.list_all(&api::LIST, (), query).await?;
        let retired = found.into_iter().filter(|secret| is_retired(&secret.name));
        Ok(retired.map(|secret| (secret.id, secret.name)).collect())
    }

    async fn hand_over(
        _: &Cx<Client>,
        server: &Server,
        id: SecretId,
        successor: SecretId,
    ) -> Result<(), ApiError> {
        let Links { stacks, components } = links(server, id).await?;
        let (add, remove) = (Some(vec![successor.to_string()]), Some(vec![id.to_string()]));
        for stack in stacks {
            let change = StackUpdate {
                add_secrets: add.clone(),
                remove_secrets: remove.clone(),
                ..StackUpdate::default()
            };
            server.api.send(&stack::UPDATE, stack.id, (), change).await.optional()?;
        }
        for component in components {
            let change = ComponentUpdate {
                add_secrets: add.clone(),
                remove_secrets: remove.clone(),
                ..linked_as(&component)
            };
            server.api.send(&component::UPDATE, component.id, (), change).await.optional()?;
        }
        Ok(())
    }
}

/// The objects that link a secret.
struct Links {
    stacks: Vec<Stack>,
    components: Vec<Component>,
}

impl Links {
    fn is_empty(&self) -> bool {
        self.stacks.is_empty() && self.components.is_empty()
    }
}

/// Returns all objects that link a secret. No server filter can find them.
async fn links(server: &Server, id: SecretId) -> Result<Links, ApiError> {
    let query = StackQuery { hydrate: Some(true), ..StackQuery::default() };
    let mut stacks = server.api.list_all(&stack::LIST, (), query).await?;
    stacks.retain(|stack| stack.metadata.as_ref().is_some_and(|metadata| metadata.secrets.contains(&id)));
    let query = ComponentQuery { hydrate: Some(true), ..ComponentQuery::default() };
    let mut components = server.api.list_all(&component::LIST, (), query).await?;
    components.retain(|component| {
        component.metadata.as_ref().is_some_and(|metadata| metadata.secrets.contains(&id))
    });
    Ok(Links { stacks, components })
}

/// Returns whether an object links a secret.
pub(super) async fn is_linked(server: &Server, id: SecretId) -> Result<bool, ApiError> {
    Ok(!links(server, id).await?.is_empty())
}
