//! The data source `zenml_stack_component`.

use std::collections::{BTreeMap, BTreeSet};

use tfkit::{Computed, Cx, DataSource, Diag, Model, OrServer, Partial, Secret};
use zenml_api::workspace::component::{self as api, Component, ComponentQuery};
use zenml_api::{ComponentId, ConnectorId, SecretId, WorkspaceId};
use zenml_client::Optional as _;

use super::typed::TypedSettings;
use super::{NOUN, kind};
use crate::client::Client;
use crate::id::Id;
use crate::in_workspace::lookup::{self, Wanted};
use crate::in_workspace::scope;
use crate::in_workspace::text;

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

impl DataSource for StackComponentData {
    type Model = Self;
    type Client = Client;

    fn validate(config: &Partial<Self>) -> Vec<Diag> {
        let kind = config.get(Self::TYPE).known();
        let unfamiliar = kind.as_deref().and_then(kind::unfamiliar);
        unfamiliar.into_iter().map(|diag| diag.at(Self::TYPE)).collect()
    }

    async fn read(cx: &Cx<Client>, config: Self) -> Result<Self, Diag> {
        let wanted = Wanted::of(NOUN, config.id.as_ref().map(|id| id.0), config.name.as_ref())?;
        let server = scope::open(cx, config.workspace_id.as_ref().map(|id| id.0)).await?;
        let wanted_kind = config.r#type.as_ref();
        let component: Component = match wanted {
            Wanted::Id(id, name) => {
                let read = async { server.api.call(&api::GET, id).await.optional() };
                lookup::by_id(NOUN, &server, id, name, read).await?
            }
            Wanted::Name(name) => {
                let query = ComponentQuery {
                    name: text::exactly(name),
                    kind: wanted_kind.into_iter().cloned().collect(),
                    hydrate: Some(true),
                    ..ComponentQuery::default()
                };
                let list = async {
                    let mut listed = server.api.list_all(&api::LIST, (), query).await?;
                    listed.retain(|found| wanted_kind.is_none_or(|kind| kind_of(found) == Some(kind)));
                    Ok(listed)
                };
                let told = |found: &Component| kind_of(found).cloned().unwrap_or_default();
                let narrow = "Say which one is meant by its type or its id.";
                lookup::by_name(NOUN, &server, name, list, told, narrow).await?
            }
        };
        let (Some(body), Some(metadata)) = (component.body, component.metadata) else {
            return Err(NOUN.unreadable(&component.name));
        };
        lookup::fits(NOUN, component.id, "type", wanted_kind.map(String::as_str), &body.kind)?;
        let set =
            metadata.configuration.into_exposed().into_iter().filter(|(_, value)| !value.is_null()).collect();
        Ok(Self {
            workspace_id: OrServer::from_option(server.workspace_id.map(Id)),
            id: OrServer::known(Id(component.id)),
            name: OrServer::known(component.name),
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
}

fn kind_of(component: &Component) -> Option<&String> {
    component.body.as_ref().map(|body| &body.kind)
}
