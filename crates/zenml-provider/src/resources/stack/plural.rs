//! The data source `zenml_stacks`.

use std::collections::BTreeMap;

use tfkit::{Computed, Diag, Model, Object, OrServer};
use zenml_api::workspace::stack::{Stack as ApiStack, StackQuery};
use zenml_api::{ComponentId, StackId, WorkspaceId};

use super::{Stack, slots_of};
use crate::failure::Needs;
use crate::id::Id;
use crate::in_workspace::{InWorkspace as _, Listing, lookup};

/// Lists the stacks of a server that the key can read, optionally filtered.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "stacks", kind = data_source)]
#[model(since = "3.1.0", needs = Needs::WORKSPACE_VIEWER.text())]
pub struct StacksData {
    /// ID of the workspace that contains the stacks. Default: the provider's workspace. Null on an open-source server.
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// Return only stacks whose name starts with this prefix.
    pub name_prefix: Option<String>,
    /// Return only stacks that contain the component with this ID.
    pub component_id: Option<Id<ComponentId>>,
    /// Return only stacks that have all of these labels.
    pub labels: Option<BTreeMap<String, String>>,
    /// The stacks, by name.
    pub stacks: Computed<BTreeMap<String, StackSummary>>,
}

/// A stack in a list.
#[derive(Clone, Debug, PartialEq, Object)]
pub struct StackSummary {
    /// ID of the stack.
    pub id: Computed<Id<StackId>>,
    /// Name of the stack.
    pub name: Computed<String>,
    /// Description of the stack.
    pub description: Computed<Option<String>>,
    /// IDs of the components by type, in the order of the stack.
    pub components: Computed<BTreeMap<String, Vec<Id<ComponentId>>>>,
    /// Labels. Values that are not strings are encoded as JSON.
    pub labels: Computed<BTreeMap<String, String>>,
    /// When the stack was created.
    pub created: Computed<String>,
    /// When the stack was last updated.
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
