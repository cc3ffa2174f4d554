//! The data source `zenml_stack_component`.

use std::collections::{BTreeMap, BTreeSet};

use tfkit::{Computed, Diag, Model, OrServer, Partial, Secret};
use zenml_api::workspace::component::{Component, ComponentQuery};
use zenml_api::{ComponentId, ConnectorId, SecretId, WorkspaceId};

use super::typed::TypedSettings;
use super::{StackComponent, kind};
use crate::id::Id;
use crate::in_workspace::{Found, InWorkspace as _, Lookup, lookup};

/// An existing stack component, by id, or by name and, where several types have a component of that name, type.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "stack_component", kind = data_source, rule = tfkit::check::Rule::AtLeastOneOf(&["id", "name"]))]
pub struct StackComponentData {
    /// Workspace that the component is in. Default: the provider's workspace. Null on an open-source server.
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// Identifier of the component. It decides where the name is given too.
    pub id: OrServer<Id<ComponentId>>,
    /// Name of the component.
    pub name: OrServer<String>,
    /// Type of the component, such as `orchestrator`. Components of different types may have the same name.
    #[attr(check = kind::possible())]
    pub r#type: OrServer<String>,
    /// Flavor of the component.
    pub flavor: Computed<String>,
    /// Settings, as the server has them. Values that are no texts are shown as JSON; those that are null are left out.
    pub configuration: Computed<Secret<BTreeMap<String, String>>>,
    /// Settings, as the server has them, with their types: an object. Those that are null are left out.
    pub settings: Computed<Secret<TypedSettings>>,
    /// Service connector through which the component gets its credentials.
    pub connector_id: Computed<Option<Id<ConnectorId>>>,
    /// Resource of the connector that is used.
    pub connector_resource_id: Computed<Option<String>>,
    /// Labels. Values that are no texts are shown as JSON.
    pub labels: Computed<BTreeMap<String, String>>,
    /// Environment variables of the runs that use the component.
    pub environment: Computed<BTreeMap<String, String>>,
    /// Identifiers of the secrets that runs with the component get as environment variables.
    pub secrets: Computed<BTreeSet<Id<SecretId>>>,
    /// When the component was made.
    pub created: Computed<String>,
    /// When the component was last changed.
    pub updated: Computed<String>,
}

impl Lookup for StackComponentData {
    type Of = StackComponent;
    const NARROWED_BY: &'static str = "its type or its id";

    fn observe(found: &Found<'_, StackComponent>) -> Result<Self, Diag> {
        let body = found.body(&found.object.body)?.clone();
        let metadata = found.body(&found.object.metadata)?.clone();
        let set =
            metadata.configuration.into_exposed().into_iter().filter(|(_, value)| !value.is_null()).collect();
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

    fn told(found: &Component) -> String {
        StackComponent::kind_of(found).unwrap_or_default().to_owned()
    }

    fn validate(config: &Partial<Self>) -> Vec<Diag> {
        let kind = config.get(Self::TYPE).known();
        let unfamiliar = kind.as_deref().and_then(kind::unfamiliar);
        unfamiliar.into_iter().map(|diag| diag.at(Self::TYPE)).collect()
    }
}
