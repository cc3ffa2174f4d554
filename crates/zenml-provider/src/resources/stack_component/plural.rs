//! The data source `zenml_stack_components`.

use std::collections::BTreeMap;

use tfkit::{Computed, Cx, DataSource, Diag, Model, Object, OrServer, Partial};
use zenml_api::workspace::component::{self as api, Component, ComponentQuery};
use zenml_api::{ComponentId, ConnectorId, WorkspaceId};

use super::{NOUN, kind};
use crate::client::Client;
use crate::id::Id;
use crate::in_workspace::{lookup, scope};

/// All stack components of a server that this credential may read, or those that the filters leave.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "stack_components", kind = data_source)]
pub struct StackComponentsData {
    /// Workspace that the components are in. Default: the provider's workspace. Null on an open-source server.
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// Only components of this type, such as `orchestrator`.
    #[attr(check = kind::possible())]
    pub r#type: Option<String>,
    /// Only components of this flavor, such as `s3`.
    pub flavor: Option<String>,
    /// Only components whose name begins so.
    pub name_prefix: Option<String>,
    /// Only components that get their credentials through this service connector.
    pub connector_id: Option<Id<ConnectorId>>,
    /// Only components that have all these labels.
    pub labels: Option<BTreeMap<String, String>>,
    /// The components: by name where `type` is set, else by type and name, such as `orchestrator/default`, because
    /// components of different types may have the same name. Their settings, which may be secret, are not here; the data source
    /// `zenml_stack_component` has them.
    pub components: Computed<BTreeMap<String, ComponentSummary>>,
}

/// A stack component among others.
#[derive(Clone, Debug, PartialEq, Object)]
pub struct ComponentSummary {
    /// Identifier of the component.
    pub id: Computed<Id<ComponentId>>,
    /// Name of the component.
    pub name: Computed<String>,
    /// Type of the component.
    pub r#type: Computed<String>,
    /// Flavor of the component.
    pub flavor: Computed<String>,
    /// Service connector through which the component gets its credentials.
    pub connector_id: Computed<Option<Id<ConnectorId>>>,
    /// Resource of the connector that is used.
    pub connector_resource_id: Computed<Option<String>>,
    /// Labels. Values that are no texts are shown as JSON.
    pub labels: Computed<BTreeMap<String, String>>,
    /// When the component was made.
    pub created: Computed<String>,
    /// When the component was last changed.
    pub updated: Computed<String>,
}

impl DataSource for StackComponentsData {
    type Model = Self;
    type Client = Client;

    fn validate(config: &Partial<Self>) -> Vec<Diag> {
        let kind = config.get(Self::TYPE).known();
        let unfamiliar = kind.as_deref().and_then(kind::unfamiliar);
        unfamiliar.into_iter().map(|diag| diag.at(Self::TYPE)).collect()
    }

    async fn read(cx: &Cx<Client>, config: Self) -> Result<Self, Diag> {
        let server = scope::open(cx, config.workspace_id.as_ref().map(|id| id.0)).await?;
        let query = ComponentQuery {
            name: lookup::beginning(config.name_prefix.as_ref()),
            kind: config.r#type.iter().cloned().collect(),
            flavor: config.flavor.iter().cloned().collect(),
            connector_id: config.connector_id.iter().map(ToString::to_string).collect(),
            hydrate: Some(true),
            ..ComponentQuery::default()
        };
        let listed = server.api.list_all(&api::LIST, (), query).await;
        let listed = listed.map_err(|error| lookup::unlisted(NOUN, &error))?;
        let mut components = BTreeMap::new();
        for component in listed {
            let summary = summary(component)?;
            if let Some((key, summary)) = config.wanted(summary)? {
                components.insert(key, summary);
            }
        }
        Ok(Self {
            workspace_id: OrServer::from_option(server.workspace_id.map(Id)),
            components: Computed::known(components),
            ..config
        })
    }
}

impl StackComponentsData {
    /// A component with its key, if the filters leave it, which the server may have overlooked.
    fn wanted(&self, component: ComponentSummary) -> Result<Option<(String, ComponentSummary)>, Diag> {
        let (kind, name) = (component.r#type.get()?, component.name.get()?);
        let connector = component.connector_id.get()?;
        let labels = component.labels.get()?;
        let wanted = self.r#type.as_ref().is_none_or(|wanted| wanted == kind)
            && self.flavor.as_ref().is_none_or(|wanted| component.flavor.as_ref() == Some(wanted))
            && lookup::begins(name, self.name_prefix.as_ref())
            && self.connector_id.is_none_or(|wanted| *connector == Some(wanted))
            && lookup::has_labels(labels, self.labels.as_ref());
        let key = if self.r#type.is_some() { name.clone() } else { format!("{kind}/{name}") };
        Ok(wanted.then_some((key, component)))
    }
}

fn summary(component: Component) -> Result<ComponentSummary, Diag> {
    let (Some(body), Some(metadata)) = (component.body, component.metadata) else {
        return Err(NOUN.unreadable(&component.name));
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
