//! The data source `zenml_stack_component`.

use std::collections::{BTreeMap, BTreeSet};

use tfkit::{Computed, Diag, Model, OrServer, Partial, Secret};
use zenml_api::workspace::component::{Component, ComponentQuery};
use zenml_api::{ComponentId, ConnectorId, SecretId, WorkspaceId};

use super::typed::TypedSettings;
use super::{StackComponent, kind};
use crate::failure::Needs;
use crate::id::Id;
use crate::in_workspace::{Found, InWorkspace as _, Lookup, lookup};

/// Looks up an existing stack component by ID or name. If several types have a component with this name, set `type`
/// too.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "stack_component", kind = data_source, rule = tfkit::check::Rule::AtLeastOneOf(&["id", "name"]))]
#[model(since = "1.0.0", needs = Needs::WORKSPACE_VIEWER.text())]
pub struct StackComponentData {
    /// ID of the workspace that contains the component. Default: the provider's workspace. Null on an open-source
    /// server.
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// ID of the component. If `name` or `type` is also set, all must identify the same component.
    pub id: OrServer<Id<ComponentId>>,
    /// Name of the component.
    pub name: OrServer<String>,
    /// Type of the component, such as `orchestrator`. Components of different types can share a name.
    #[attr(check = kind::possible())]
    pub r#type: OrServer<String>,
    /// Flavor of the component.
    pub flavor: Computed<String>,
    /// Settings of the component. Values that are not strings are encoded as JSON; null values are omitted.
    pub configuration: Computed<Secret<BTreeMap<String, String>>>,
    /// Settings of the component with their types, as an object. Null values are omitted.
    pub settings: Computed<Secret<TypedSettings>>,
    /// ID of the service connector through which the component gets its credentials.
    pub connector_id: Computed<Option<Id<ConnectorId>>>,
    /// Resource of the connector that the component uses.
    pub connector_resource_id: Computed<Option<String>>,
    /// Labels. Values that are not strings are encoded as JSON.
    pub labels: Computed<BTreeMap<String, String>>,
    /// Environment variables of the runs that use the component.
    pub environment: Computed<BTreeMap<String, String>>,
    /// IDs of the secrets whose values the runs that use the component receive as environment variables.
    pub secrets: Computed<BTreeSet<Id<SecretId>>>,
    /// When the component was created.
    pub created: Computed<String>,
    /// When the component was last updated.
    pub updated: Computed<String>,
}

impl Lookup for StackComponentData {
    type Of = StackComponent;
    const NARROWED_BY: &'static str = "its type or its id";

    fn observe(found: &Found<'_, StackComponent>) -> Result<Self, Diag> {
        let body = found.body(&found.object.body)?.clone();
        let metadata = found.body(&found.object.metadata)?.clone();
        let set = lookup::set(metadata.configuration);
        Ok(Self {
            workspace_id: found.workspace_id(),
            id: OrServer::known(Id(found.object.id)),
            name: OrServer::known(found.name()),
            r#type: OrServer::known(body.kind),
            flavor: Computed::known(body.flavor_name),
            settings: Computed::known(Secret::new(TypedSettings::of(&set))),
            configuration: Computed::known(Secret::new(lookup::texts(Some(&set)))),
            connector_id: Computed::known(metadata.connector.map(|connector| Id(connector.id))),
            connector_resource_id: Computed::known(lookup::filled(metadata.connector_resource_id)),
            labels: Computed::known(lookup::texts(metadata.labels.as_ref())),
            environment: Computed::known(metadata.environment.unwrap_or_default()),
            secrets: Computed::known(metadata.secrets.into_iter().map(Id).collect()),
            created: Computed::known(body.created.to_string()),
            updated: Computed::known(body.updated.to_string()),
        })
    }

    fn narrow(config: &Partial<Self>, query: ComponentQuery) -> ComponentQuery {
        match config.get(Self::TYPE).known() {
            Some(kind) => StackComponent::of_kind(query, &kind),
            None => query,
        }
    }

    fn fits(config: &Partial<Self>, found: &Component) -> Result<(), Diag> {
        let kind = config.get(Self::TYPE).known();
        lookup::fits_kind(StackComponent::NOUN, found.id, kind.as_deref(), StackComponent::kind_of(found))
    }

    fn describe(found: &Component) -> String {
        StackComponent::kind_of(found).unwrap_or_default().to_owned()
    }
}
