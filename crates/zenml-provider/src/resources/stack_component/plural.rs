//! The data source `zenml_stack_components`.

use std::collections::BTreeMap;

use tfkit::{Computed, Diag, Model, Object, OrServer};
use zenml_api::workspace::component::{Component, ComponentQuery};
use zenml_api::{ComponentId, ConnectorId, WorkspaceId};

use super::{StackComponent, kind};
use crate::failure::Needs;
use crate::id::Id;
use crate::in_workspace::{InWorkspace as _, Listing, lookup};

/// Lists the stack components of a server that the key can read, optionally filtered.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "stack_components", kind = data_source)]
#[model(since = "3.1.0", needs = Needs::WORKSPACE_VIEWER.text())]
pub struct StackComponentsData {
    /// ID of the workspace that contains the components. Default: the provider's workspace. Null on an open-source
    /// server.
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// Return only components of this type, such as `orchestrator`.
    #[attr(check = kind::possible())]
    pub r#type: Option<String>,
    /// Return only components of this flavor, such as `s3`.
    pub flavor: Option<String>,
    /// Return only components whose name starts with this prefix.
    pub name_prefix: Option<String>,
    /// Return only components that use the service connector with this ID.
    pub connector_id: Option<Id<ConnectorId>>,
    /// Return only components that have all of these labels.
    pub labels: Option<BTreeMap<String, String>>,
    /// The components, by name if `type` is set, and otherwise by type and name, such as `orchestrator/default`,
    /// because components of different types can share a name. Their settings, which can contain secrets, are not
    /// included; use the data source `zenml_stack_component` to read them.
    pub components: Computed<BTreeMap<String, ComponentSummary>>,
}

/// A stack component in a list.
#[derive(Clone, Debug, PartialEq, Object)]
pub struct ComponentSummary {
    /// ID of the component.
    pub id: Computed<Id<ComponentId>>,
    /// Name of the component.
    pub name: Computed<String>,
    /// Type of the component.
    pub r#type: Computed<String>,
    /// Flavor of the component.
    pub flavor: Computed<String>,
    /// ID of the service connector through which the component gets its credentials.
    pub connector_id: Computed<Option<Id<ConnectorId>>>,
    /// Resource of the connector that the component uses.
    pub connector_resource_id: Computed<Option<String>>,
    /// Labels. Values that are not strings are encoded as JSON.
    pub labels: Computed<BTreeMap<String, String>>,
    /// When the component was created.
    pub created: Computed<String>,
    /// When the component was last updated.
    pub updated: Computed<String>,
}

impl Listing for StackComponentsData {
    type Of = StackComponent;
    type Summary = ComponentSummary;

    fn narrow(&self, query: ComponentQuery) -> ComponentQuery {
        ComponentQuery {
            kind: self.r#type.iter().cloned().collect(),
            flavor: self.flavor.iter().cloned().collect(),
            connector_id: self.connector_id.iter().map(ToString::to_string).collect(),
            ..query
        }
    }

    fn summary(component: Component) -> Result<ComponentSummary, Diag> {
        let (Some(body), Some(metadata)) = (component.body, component.metadata) else {
            return Err(StackComponent::NOUN.unreadable(&component.name));
        };
        Ok(ComponentSummary {
            id: Computed::known(Id(component.id)),
            name: Computed::known(component.name),
            r#type: Computed::known(body.kind),
            flavor: Computed::known(body.flavor_name),
            connector_id: Computed::known(metadata.connector.map(|connector| Id(connector.id))),
            connector_resource_id: Computed::known(lookup::filled(metadata.connector_resource_id)),
            labels: Computed::known(lookup::texts(metadata.labels.as_ref())),
            created: Computed::known(body.created.to_string()),
            updated: Computed::known(body.updated.to_string()),
        })
    }

    fn keeps(&self, component: &ComponentSummary) -> bool {
        let uses = |wanted| component.connector_id.as_ref() == Some(&Some(wanted));
        lookup::is(&component.r#type, self.r#type.as_ref())
            && lookup::is(&component.flavor, self.flavor.as_ref())
            && self.connector_id.is_none_or(uses)
            && lookup::has_labels(&component.labels, self.labels.as_ref())
    }

    fn key(&self, name: String, component: &ComponentSummary) -> String {
        match (&self.r#type, component.r#type.as_ref()) {
            (None, Some(kind)) => format!("{kind}/{name}"),
            _ => name,
        }
    }

    fn with(
        self,
        workspace_id: OrServer<Id<WorkspaceId>>,
        components: BTreeMap<String, ComponentSummary>,
    ) -> Self {
        Self { workspace_id, components: Computed::known(components), ..self }
    }
}
