//! The data source `zenml_flavor`.

use serde_json::Value as Json;
use tfkit::{Computed, Cx, DataSource, Diag, Model, OrServer};
use zenml_api::workspace::flavor::{self as api, Flavor, FlavorQuery};
use zenml_api::{FlavorId, UserId, WorkspaceId};
use zenml_client::Optional as _;

use super::NOUN;
use crate::client::Client;
use crate::id::Id;
use crate::in_workspace::lookup::{self, Wanted};
use crate::in_workspace::scope;
use crate::in_workspace::text;

/// An existing flavor, built-in ones included, by id, or by name and, where several types have a flavor of that name, type.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(
    name = "flavor",
    kind = data_source,
    rule = tfkit::check::Rule::AtLeastOneOf(&["id", "name"])
)]
pub struct FlavorData {
    /// Workspace that the flavor is in. Default: the provider's workspace. Null on an open-source server.
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// Identifier of the flavor. It decides where the name is given too.
    pub id: OrServer<Id<FlavorId>>,
    /// Name of the flavor.
    pub name: OrServer<String>,
    /// Type of component that it is a flavor of. Flavors of different types may have the same name.
    #[attr(name = "type")]
    pub kind: OrServer<String>,
    /// Python class of the flavor with its module.
    pub source: Computed<String>,
    /// JSON schema of what a component of this flavor can be configured with, as JSON text. `sensitive` marks what should
    /// be kept in a secret.
    pub config_schema: Computed<String>,
    /// Name to show.
    pub display_name: Computed<Option<String>>,
    /// Integration that the flavor belongs to.
    pub integration: Computed<Option<String>>,
    /// Whether somebody added it; otherwise it came with ZenML.
    pub is_custom: Computed<bool>,
    /// Type of service connector that fits. Null means any that offers `connector_resource_type`.
    pub connector_type: Computed<Option<String>>,
    /// Type of resource that a service connector has to offer. Null means that the flavor takes no connector.
    pub connector_resource_type: Computed<Option<String>>,
    /// Attribute of a component's configuration that names the resource of the connector.
    pub connector_resource_id_attr: Computed<Option<String>>,
    /// Address of a picture.
    pub logo_url: Computed<Option<String>>,
    /// Address of the documentation.
    pub docs_url: Computed<Option<String>>,
    /// Address of the documentation of the Python class.
    pub sdk_docs_url: Computed<Option<String>>,
    /// Owner of the flavor, as the workspace knows the account. Null for built-in ones.
    pub user_id: Computed<Option<Id<UserId>>>,
    /// When the flavor was made.
    pub created: Computed<String>,
    /// When the flavor was last changed.
    pub updated: Computed<String>,
}

impl DataSource for FlavorData {
    type Model = Self;
    type Client = Client;

    async fn read(cx: &Cx<Client>, config: Self) -> Result<Self, Diag> {
        let wanted = Wanted::of(NOUN, config.id.as_ref().map(|id| id.0), config.name.as_ref())?;
        let server = scope::open(cx, config.workspace_id.as_ref().map(|id| id.0)).await?;
        let kind = config.kind.as_ref();
        let flavor: Flavor = match wanted {
            Wanted::Id(id, name) => {
                let read = async { server.api.call(&api::GET, id).await.optional() };
                lookup::by_id(NOUN, &server, id, name, read).await?
            }
            Wanted::Name(name) => {
                let query = FlavorQuery {
                    name: text::exactly(name),
                    kind: kind.into_iter().cloned().collect(),
                    hydrate: Some(true),
                    ..FlavorQuery::default()
                };
                let list = async {
                    let mut listed = server.api.list_all(&api::LIST, (), query).await?;
                    listed.retain(|found| kind.is_none() || kind_of(found) == kind);
                    Ok(listed)
                };
                let told = |found: &Flavor| kind_of(found).cloned().unwrap_or_default();
                let narrow = "Say which one is meant by its type or its id.";
                lookup::by_name(NOUN, &server, name, list, told, narrow).await?
            }
        };
        let body = flavor.body.ok_or_else(|| NOUN.unreadable(&flavor.name))?;
        lookup::fits(NOUN, flavor.id, "type", kind.map(String::as_str), &body.kind)?;
        let metadata = flavor.metadata.unwrap_or_default();
        let schema = match metadata.config_schema {
            Json::Null => "{}".to_owned(),
            schema => schema.to_string(),
        };
        Ok(Self {
            workspace_id: OrServer::from_option(server.workspace_id.map(Id)),
            id: OrServer::known(Id(flavor.id)),
            name: OrServer::known(flavor.name),
            kind: OrServer::known(body.kind),
            source: Computed::known(body.source),
            config_schema: Computed::known(schema),
            display_name: Computed::known(body.display_name),
            integration: Computed::known(body.integration),
            is_custom: Computed::known(body.is_custom),
            connector_type: Computed::known(metadata.connector_type),
            connector_resource_type: Computed::known(metadata.connector_resource_type),
            connector_resource_id_attr: Computed::known(metadata.connector_resource_id_attr),
            logo_url: Computed::known(body.logo_url),
            docs_url: Computed::known(metadata.docs_url),
            sdk_docs_url: Computed::known(metadata.sdk_docs_url),
            user_id: Computed::known(body.user_id.map(Id)),
            created: Computed::known(body.created.to_string()),
            updated: Computed::known(body.updated.to_string()),
        })
    }
}

fn kind_of(flavor: &Flavor) -> Option<&String> {
    flavor.body.as_ref().map(|body| &body.kind)
}
