//! The contents of stacks: their components, the connectors of these, and the secrets that they refer to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;
use tfkit::{Cx, Diag};
use zenml_api::workspace::component::{self, Component, ComponentQuery};
use zenml_api::workspace::secret::{self, SecretQuery};
use zenml_api::workspace::stack::{self, Stack, StackQuery};
use zenml_api::{ComponentId, SecretId, StackId, WorkspaceId};
use zenml_client::{Api, ApiError, Optional as _};

use super::need::Contents;
use crate::client::Client;
use crate::failure::{Needs, cannot};

/// Returns the contents of a stack; `None` if it is not found.
pub(crate) async fn of_stack(api: &Api, id: StackId) -> Result<Option<Contents>, Diag> {
    let failed = |error: ApiError| cannot(format_args!("read stack {id}"), Needs::WORKSPACE_VIEWER, &error);
    let Some(stack) = api.call(&stack::GET, id).await.optional().map_err(failed)? else { return Ok(None) };
    let query =
        ComponentQuery { stack_id: vec![id.to_string()], hydrate: Some(true), ..ComponentQuery::default() };
    let components = api.list_all(&component::LIST, (), query).await.map_err(failed)?;
    let inventory = Inventory {
        secrets: secrets_if_named(api, &components, &[&stack]).await?,
        components: by_id(components),
    };
    Ok(Some(inventory.contents(&stack)))
}

/// The contents of stacks that refreshes of this run have found, with the epoch of each.
#[derive(Debug, Default)]
struct Refreshed(Mutex<BTreeMap<(WorkspaceId, StackId), (u64, Contents)>>);

/// Returns the contents of a stack for a refresh, and remembers them for the plan that follows it.
pub(crate) async fn refresh(
    cx: &Cx<Client>,
    api: &Api,
    workspace: WorkspaceId,
    stack: StackId,
) -> Result<Option<Contents>, Diag> {
    let epoch = cx.epoch();
    let contents = of_stack(api, stack).await?;
    let refreshed = cx.client().await?.memory::<Refreshed>();
    let mut refreshed = refreshed.0.lock().unwrap_or_else(PoisonError::into_inner);
    match &contents {
        Some(contents) => refreshed.insert((workspace, stack), (epoch, contents.clone())),
        None => refreshed.remove(&(workspace, stack)),
    };
    Ok(contents)
}

/// Returns the contents that the latest refresh has found; `None` if something may have changed since.
pub(crate) fn remembered(
    cx: &Cx<Client>,
    client: &Client,
    workspace: WorkspaceId,
    stack: StackId,
) -> Option<Contents> {
    let refreshed = client.memory::<Refreshed>();
    let refreshed = refreshed.0.lock().unwrap_or_else(PoisonError::into_inner);
    let (epoch, contents) = refreshed.get(&(workspace, stack))?;
    (*epoch == cx.epoch()).then(|| contents.clone())
}

/// Returns the contents of all stacks of a workspace, except one.
pub(crate) async fn of_other_stacks(api: &Api, except: Option<StackId>) -> Result<Vec<Contents>, Diag> {
    let failed =
        |error: ApiError| cannot("list the stacks of the workspace", Needs::WORKSPACE_VIEWER, &error);
    let query = StackQuery { hydrate: Some(true), ..StackQuery::default() };
    let mut stacks = api.list_all(&stack::LIST, (), query).await.map_err(failed)?;
    stacks.retain(|stack| Some(stack.id) != except);
    if stacks.is_empty() {
        return Ok(Vec::new());
    }
    let query = ComponentQuery { hydrate: Some(true), ..ComponentQuery::default() };
    let components = api.list_all(&component::LIST, (), query).await.map_err(failed)?;
    let all: Vec<&Stack> = stacks.iter().collect();
    let inventory =
        Inventory { secrets: secrets_if_named(api, &components, &all).await?, components: by_id(components) };
    Ok(stacks.iter().map(|stack| inventory.contents(stack)).collect())
}

/// The objects that are needed to read the contents of stacks.
struct Inventory {
    components: BTreeMap<ComponentId, Component>,
    /// Secrets by name.
    secrets: BTreeMap<String, SecretId>,
}

impl Inventory {
    fn contents(&self, stack: &Stack) -> Contents {
        let mut found = Contents {
            stack: stack.id,
            components: BTreeSet::new(),
            connectors: BTreeSet::new(),
            secrets: BTreeSet::new(),
        };
        let Some(metadata) = &stack.metadata else { return found };
        found.components = metadata.components.values().flatten().map(|component| component.id).collect();
        found.secrets.extend(&metadata.secrets);
        let mut names = BTreeSet::new();
        names.extend(
            metadata.environment.iter().flat_map(BTreeMap::values).filter_map(|text| secret_name(text)),
        );
        // A component without read permission is a stub without details.
        let known = found.components.iter().filter_map(|id| self.components.get(id)?.metadata.as_ref());
        for metadata in known {
            found.connectors.extend(metadata.connector.as_ref().map(|connector| connector.id));
            found.secrets.extend(&metadata.secrets);
            names.extend(names_in(metadata));
        }
        found.secrets.extend(names.into_iter().filter_map(|name| self.secrets.get(name)));
        found
    }
}

fn by_id(components: Vec<Component>) -> BTreeMap<ComponentId, Component> {
    components.into_iter().map(|component| (component.id, component)).collect()
}

/// Returns the ids of the workspace's secrets by name. They are only read if something refers to a secret by name.
async fn secrets_if_named(
    api: &Api,
    components: &[Component],
    stacks: &[&Stack],
) -> Result<BTreeMap<String, SecretId>, Diag> {
    let in_components = components
        .iter()
        .filter_map(|component| component.metadata.as_ref())
        .any(|metadata| !names_in(metadata).is_empty());
    let environments = stacks.iter().filter_map(|stack| stack.metadata.as_ref()?.environment.as_ref());
    let in_stacks = environments.flat_map(BTreeMap::values).any(|text| secret_name(text).is_some());
    if !in_components && !in_stacks {
        return Ok(BTreeMap::new());
    }
    let secrets = api.list_all(&secret::LIST, (), SecretQuery::default()).await;
    let secrets = secrets
        .map_err(|error| cannot("list the secrets of the workspace", Needs::WORKSPACE_VIEWER, &error))?;
    // A private secret resolves only for its owner, so it must not replace a public one with the same name.
    let is_public = |secret: &secret::Secret| secret.body.as_ref().is_none_or(|body| !body.private);
    Ok(secrets.into_iter().filter(is_public).map(|secret| (secret.name, secret.id)).collect())
}

fn names_in(metadata: &component::ComponentMetadata) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    metadata.configuration.expose().values().for_each(|value| collect(value, &mut names));
    let environment = metadata.environment.iter().flat_map(BTreeMap::values);
    names.extend(environment.filter_map(|text| secret_name(text)));
    names
}

fn collect<'a>(value: &'a Value, names: &mut BTreeSet<&'a str>) {
    match value {
        Value::String(text) => names.extend(secret_name(text)),
        Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        Value::Object(members) => members.values().for_each(|member| collect(member, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Returns the name of the secret that a string refers to: `{{name.key}}`, with nothing around it.
fn secret_name(text: &str) -> Option<&str> {
    let inside = text.trim().strip_prefix("{{")?.strip_suffix("}}")?.trim();
    let (name, key) = inside.split_once('.')?;
    let is_word = |word: &str| !word.is_empty() && !word.contains(char::is_whitespace);
    (is_word(name) && is_word(key)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_names_its_secret() {
        let cases = [
            ("{{alpha-mlflow.username}}", Some("alpha-mlflow")),
            ("{{ alpha.key }}", Some("alpha")),
            ("{{alpha.one.two}}", Some("alpha")),
            ("plain", None),
            ("{{alpha}}", None),
            ("{{.key}}", None),
            ("{{alpha.}}", None),
            ("before {{alpha.key}}", None),
            ("{{a b.key}}", None),
        ];
        for (text, expected) in cases {
            assert_eq!(secret_name(text), expected, "{text:?}");
        }
    }

    #[test]
    fn references_are_found_wherever_a_configuration_holds_them() {
        let value = serde_json::json!({
            "user": "{{one.a}}", "nested": {"list": ["{{two.b}}", 3]}, "plain": "three", "again": "{{one.c}}"
        });
        let mut names = BTreeSet::new();
        collect(&value, &mut names);
        assert_eq!(names, BTreeSet::from(["one", "two"]));
    }
}
