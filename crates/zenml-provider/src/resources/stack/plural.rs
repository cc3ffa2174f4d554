//! The data source `zenml_stacks`.

use std::collections::BTreeMap;

use tfkit::{Computed, Diag, Model, Object, OrServer};
use zenml_api::workspace::stack::{Stack as ApiStack, StackQuery};
use zenml_api::{ComponentId, StackId, WorkspaceId};

use super::{Stack, slots_of};
use crate::id::Id;
use crate::in_workspace::{InWorkspace as _, Listing, lookup};

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

impl Listing for StacksData {
    type Of = Stack;
    type Summary = StackSummary;

    fn narrow(&self, query: StackQuery) -> StackQuery {
        let component_id = self.component_id.iter().map(ToString::to_string).collect();
        StackQuery { component_id, ..query }
    }

    fn summary(stack: ApiStack) -> Result<StackSummary, Diag> {
        let components = slots_of(&stack).into_iter();
        let components = components.map(|(kind, ids)| (kind, ids.into_iter().map(Id).collect())).collect();
        let (Some(body), Some(metadata)) = (stack.body, stack.metadata) else {
            return Err(Stack::NOUN.unreadable(&stack.name));
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

    fn keeps(&self, stack: &StackSummary) -> bool {
        let has = |wanted: Id<ComponentId>| {
            let components = stack.components.as_ref();
            components.is_some_and(|components| components.values().any(|ids| ids.contains(&wanted)))
        };
        self.component_id.is_none_or(has) && lookup::has_labels(&stack.labels, self.labels.as_ref())
    }

    fn with(self, workspace_id: OrServer<Id<WorkspaceId>>, stacks: BTreeMap<String, StackSummary>) -> Self {
        Self { workspace_id, stacks: Computed::known(stacks), ..self }
    }
}
