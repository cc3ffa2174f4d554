//! The data source `zenml_stacks`.

use std::collections::BTreeMap;

use tfkit::{Computed, Cx, DataSource, Diag, Model, Object, OrServer};
use zenml_api::workspace::stack::{self as api, Stack as ApiStack, StackQuery};
use zenml_api::{ComponentId, StackId, WorkspaceId};

use super::{NOUN, slots_of};
use crate::client::Client;
use crate::id::Id;
use crate::in_workspace::{lookup, scope};

/// All stacks of a server that this credential may read, or those that the filters leave.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "stacks", kind = data_source)]
pub struct StacksData {
    /// Workspace that the stacks are in. Default: the provider's workspace. Null on an open-source server.
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// Only stacks whose name begins so.
    pub name_prefix: Option<String>,
    /// Only stacks that have this component.
    pub component_id: Option<Id<ComponentId>>,
    /// Only stacks that have all these labels.
    pub labels: Option<BTreeMap<String, String>>,
    /// The stacks, by name.
    pub stacks: Computed<BTreeMap<String, StackSummary>>,
}

/// A stack among others.
#[derive(Clone, Debug, PartialEq, Object)]
pub struct StackSummary {
    /// Identifier of the stack.
    pub id: Computed<Id<StackId>>,
    /// Name of the stack.
    pub name: Computed<String>,
    /// What the stack is for.
    pub description: Computed<Option<String>>,
    /// Identifiers of its components, by type, in the order of the stack.
    pub components: Computed<BTreeMap<String, Vec<Id<ComponentId>>>>,
    /// Labels. Values that are no texts are shown as JSON.
    pub labels: Computed<BTreeMap<String, String>>,
    /// When the stack was made.
    pub created: Computed<String>,
    /// When the stack was last changed.
    pub updated: Computed<String>,
}

impl DataSource for StacksData {
    type Model = Self;
    type Client = Client;

    async fn read(cx: &Cx<Client>, config: Self) -> Result<Self, Diag> {
        let server = scope::open(cx, config.workspace_id.as_ref().map(|id| id.0)).await?;
        let query = StackQuery {
            name: lookup::beginning(config.name_prefix.as_ref()),
            component_id: config.component_id.iter().map(ToString::to_string).collect(),
            hydrate: Some(true),
            ..StackQuery::default()
        };
        let listed = server.api.list_all(&api::LIST, (), query).await;
        let listed = listed.map_err(|error| lookup::unlisted(NOUN, &error))?;
        let mut stacks = BTreeMap::new();
        for stack in listed {
            let name = stack.name.clone();
            let summary = summary(stack)?;
            if config.wants(&name, &summary)? {
                stacks.insert(name, summary);
            }
        }
        Ok(Self {
            workspace_id: OrServer::from_option(server.workspace_id.map(Id)),
            stacks: Computed::known(stacks),
            ..config
        })
    }
}

impl StacksData {
    /// Whether the filters leave a stack, which the server may have overlooked.
    fn wants(&self, name: &str, stack: &StackSummary) -> Result<bool, Diag> {
        let components = stack.components.get()?;
        let has = |wanted: Id<ComponentId>| components.values().any(|ids| ids.contains(&wanted));
        Ok(lookup::begins(name, self.name_prefix.as_ref())
            && self.component_id.is_none_or(has)
            && lookup::has_labels(stack.labels.get()?, self.labels.as_ref()))
    }
}

fn summary(stack: ApiStack) -> Result<StackSummary, Diag> {
    let components = slots_of(&stack).into_iter();
    let components = components.map(|(kind, ids)| (kind, ids.into_iter().map(Id).collect())).collect();
    let (Some(body), Some(metadata)) = (stack.body, stack.metadata) else {
        return Err(NOUN.unreadable(&stack.name));
    };
    Ok(StackSummary {
        id: Computed::known(Id(stack.id)),
        name: Computed::known(stack.name),
        description: Computed::known(lookup::filled(metadata.description)),
        components: Computed::known(components),
        labels: Computed::known(lookup::texts(metadata.labels.as_ref())),
        created: Computed::known(body.created.to_string()),
        updated: Computed::known(body.updated.to_string()),
    })
}
