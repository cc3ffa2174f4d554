//! The data source `zenml_flavor`.

use serde_json::Value as Json;
use tfkit::{Computed, Diag, Model, OrServer, Partial};
use zenml_api::workspace::flavor::{self as api, FlavorQuery};
use zenml_api::{FlavorId, UserId, WorkspaceId};

use super::Flavor;
use crate::failure::Needs;
use crate::id::Id;
use crate::in_workspace::{Found, InWorkspace as _, Lookup, lookup};
use crate::resources::stack_component::kind;

/// Looks up an existing flavor, built-in or custom, by ID or name. If several types have a flavor with this name, set
/// `type` too.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(
    name = "flavor",
    kind = data_source,
    rule = tfkit::check::Rule::AtLeastOneOf(&["id", "name"])
)]
#[model(since = "3.1.0", needs = Needs::WORKSPACE_VIEWER.text())]
pub struct FlavorData {
    /// ID of the workspace that contains the flavor. Default: the provider's workspace. Null on an open-source server.
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// ID of the flavor. If `name` or `type` is also set, all must identify the same flavor.
    pub id: OrServer<Id<FlavorId>>,
    /// Name of the flavor.
    pub name: OrServer<String>,
    /// Type of the components that use the flavor. Flavors of different types can share a name.
    #[attr(name = "type", check = kind::possible())]
    pub kind: OrServer<String>,
    /// Python class of the flavor, including its module.
    pub source: Computed<String>,
    /// JSON schema of the component configuration, as a JSON string. It marks settings that belong in a secret as
    /// `sensitive`.
    pub config_schema: Computed<String>,
    /// Display name.
    pub display_name: Computed<Option<String>>,
    /// Integration that the flavor belongs to.
    pub integration: Computed<Option<String>>,
    /// Whether a user added the flavor. Built-in flavors are not custom.
    pub is_custom: Computed<bool>,
    /// Type of the service connector that the flavor accepts. Null means any type that offers
    /// `connector_resource_type`.
    pub connector_type: Computed<Option<String>>,
    /// Type of the resource that a service connector must offer. Null if the flavor accepts no connector.
    pub connector_resource_type: Computed<Option<String>>,
    /// Setting of the component that holds the ID of the connector's resource.
    pub connector_resource_id_attr: Computed<Option<String>>,
    /// URL of the logo.
    pub logo_url: Computed<Option<String>>,
    /// URL of the documentation.
    pub docs_url: Computed<Option<String>>,
    /// URL of the documentation of the Python class.
    pub sdk_docs_url: Computed<Option<String>>,
    /// ID of the user in the workspace who owns the flavor. Null for built-in flavors.
    pub user_id: Computed<Option<Id<UserId>>>,
    /// When the flavor was created.
    pub created: Computed<String>,
    /// When the flavor was last updated.
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

    fn describe(found: &api::Flavor) -> String {
        Flavor::kind_of(found).unwrap_or_default().to_owned()
    }
}
