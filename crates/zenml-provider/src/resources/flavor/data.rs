//! The data source `zenml_flavor`.

use serde_json::Value as Json;
use tfkit::{Computed, Diag, Model, OrServer, Partial};
use zenml_api::workspace::flavor::{self as api, FlavorQuery};
use zenml_api::{FlavorId, UserId, WorkspaceId};

use super::Flavor;
use crate::id::Id;
use crate::in_workspace::{Found, InWorkspace as _, Lookup, lookup};

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

impl Lookup for FlavorData {
    type Of = Flavor;
    const NARROWED_BY: &'static str = "its type or its id";

    fn observe(found: &Found<'_, Flavor>) -> Result<Self, Diag> {
        let body = found.body(&found.object.body)?.clone();
        let metadata = found.object.metadata.clone().unwrap_or_default();
        let schema = match metadata.config_schema {
            Json::Null => "{}".to_owned(),
            schema => schema.to_string(),
        };
        Ok(Self {
            workspace_id: found.workspace_id(),
            id: OrServer::known(Id(found.object.id)),
            name: OrServer::known(found.name()),
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

    fn narrow(config: &Partial<Self>, query: FlavorQuery) -> FlavorQuery {
        match config.get(Self::TYPE).known() {
            Some(kind) => Flavor::of_kind(query, &kind),
            None => query,
        }
    }

    fn fits(config: &Partial<Self>, found: &api::Flavor) -> Result<(), Diag> {
        let kind = config.get(Self::TYPE).known();
        lookup::fits_kind(Flavor::NOUN, found.id, kind.as_deref(), Flavor::kind_of(found))
    }

    fn told(found: &api::Flavor) -> String {
        Flavor::kind_of(found).unwrap_or_default().to_owned()
    }
}
