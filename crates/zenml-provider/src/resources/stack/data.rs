//! The data source `zenml_stack`.

use std::collections::{BTreeMap, BTreeSet};

use tfkit::{Computed, Diag, Model, Object, OrServer};
use zenml_api::workspace::stack::StackMetadata;
use zenml_api::{ComponentId, SecretId, StackId, WorkspaceId};

use super::Stack;
use crate::failure::Needs;
use crate::id::Id;
use crate::in_workspace::{Found, Lookup, lookup};

/// Looks up an existing stack by ID or name.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "stack", kind = data_source, rule = tfkit::check::Rule::AtLeastOneOf(&["id", "name"]))]
#[model(since = "1.0.0", needs = Needs::WORKSPACE_VIEWER.text())]
pub struct StackData {
    /// ID of the workspace that contains the stack. Default: the provider's workspace. Null on an open-source server.
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// ID of the stack. If `name` is also set, both must identify the same stack.
    pub id: OrServer<Id<StackId>>,
    /// Name of the stack.
    pub name: OrServer<String>,
    /// Description of the stack.
    pub description: Computed<Option<String>>,
    /// Components of the stack, sorted by type. Several components of one type keep the order of the stack.
    pub components: Computed<Vec<StackPart>>,
    /// Labels. Values that are not strings are encoded as JSON.
    pub labels: Computed<BTreeMap<String, String>>,
    /// Environment variables of the runs on the stack.
    pub environment: Computed<BTreeMap<String, String>>,
    /// IDs of the secrets whose values the runs on the stack receive as environment variables.
    pub secrets: Computed<BTreeSet<Id<SecretId>>>,
    /// When the stack was created.
    pub created: Computed<String>,
    /// When the stack was last updated.
    pub updated: Computed<String>,
}

/// A component of a stack.
#[derive(Clone, Debug, PartialEq, Object)]
pub struct StackPart {
    /// ID of the component.
    pub id: Computed<Id<ComponentId>>,
    /// Name of the component.
    pub name: Computed<String>,
    /// Type of the component.
    pub r#type: Computed<String>,
    /// Flavor of the component. Null if the key cannot read the component.
    pub flavor: Computed<Option<String>>,
}

impl Lookup for StackData {
    type Of = Stack;

    fn observe(found: &Found<'_, Stack>) -> Result<Self, Diag> {
        let body = found.body(&found.object.body)?;
        let metadata = found.body(&found.object.metadata)?.clone();
        Ok(Self {
            workspace_id: found.workspace_id(),
            id: OrServer::known(Id(found.object.id)),
            name: OrServer::known(found.name()),
            components: Computed::known(parts(&metadata)),
            description: Computed::known(lookup::filled(metadata.description)),
            labels: Computed::known(lookup::texts(metadata.labels.as_ref())),
            environment: Computed::known(metadata.environment.unwrap_or_default()),
            secrets: Computed::known(metadata.secrets.into_iter().map(Id).collect()),
            created: Computed::known(body.created.to_string()),
            updated: Computed::known(body.updated.to_string()),
        })
    }
}

/// Returns the components of a stack, sorted by type; within a type in the order of the server.
fn parts(metadata: &StackMetadata) -> Vec<StackPart> {
    let parts = metadata.components.iter().flat_map(|(kind, components)| {
        components.iter().map(move |component| StackPart {
            id: Computed::known(Id(component.id)),
            name: Computed::known(component.name.clone()),
            r#type: Computed::known(kind.clone()),
            flavor: Computed::known(component.body.as_ref().map(|body| body.flavor_name.clone())),
        })
    });
    parts.collect()
}
