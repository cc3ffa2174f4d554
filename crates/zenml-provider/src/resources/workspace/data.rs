//! The data source `zenml_workspace`.

use std::collections::{BTreeMap, BTreeSet};

use tfkit::{Computed, Cx, DataSource, Diag, Model, OrServer};
use zenml_api::{IdOrName, OrganizationId, WorkspaceId};

use super::deploy;
use crate::client::Client;
use crate::id::Id;

/// An existing workspace, by id or by name.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "workspace", kind = data_source, rule = tfkit::check::Rule::ExactlyOneOf(&["id", "name"]))]
pub struct WorkspaceData {
    /// Identifier of the workspace.
    pub id: OrServer<Id<WorkspaceId>>,
    /// Handle of the workspace.
    pub name: OrServer<String>,
    /// Organization that the workspace belongs to.
    pub organization_id: Computed<Id<OrganizationId>>,
    /// Name to show.
    pub display_name: Computed<String>,
    /// What the workspace is for.
    pub description: Computed<Option<String>>,
    /// Address of a picture to show.
    pub logo_url: Computed<Option<String>>,
    /// Whether ZenML Pro runs the workspace.
    pub is_managed: Computed<bool>,
    /// Version of its ZenML server that runs, else the one that shall run.
    pub version: Computed<Option<String>>,
    /// What the workspace shall be doing.
    pub desired_state: Computed<String>,
    /// Tags, where the control plane stores them.
    pub tags: Computed<Option<BTreeSet<String>>>,
    /// Metadata, where the control plane stores them.
    pub metadata: Computed<Option<BTreeMap<String, String>>>,
    /// Address of the workspace; the same as `server_url`. Null while the workspace does not run.
    pub url: Computed<Option<String>>,
    /// Address of the workspace's server. Null while it does not run.
    pub server_url: Computed<Option<String>>,
    /// What the workspace is doing.
    pub status: Computed<String>,
    /// When the workspace was made.
    pub created: Computed<Option<String>>,
    /// When the workspace was last changed.
    pub updated: Computed<Option<String>>,
}

impl DataSource for WorkspaceData {
    type Model = Self;
    type Client = Client;

    async fn read(cx: &Cx<Client>, config: Self) -> Result<Self, Diag> {
        let client = cx.client().await?;
        let (wanted, place) = match (config.id.as_ref(), config.name.as_ref()) {
            (Some(id), _) => (IdOrName::Id(id.0), Self::ID.path()),
            (None, Some(name)) => (IdOrName::Name(name.clone()), Self::NAME.path()),
            (None, None) => return Err(Diag::bug("A workspace is looked up without id and name")),
        };
        let found = deploy::look(client, wanted.clone()).await?.ok_or_else(|| {
            Diag::error(format!("There is no workspace {:?}", wanted.to_string()))
                .why("It does not exist, or the key does not see it.")
                .fix("Correct the id or the name, or use a key that sees the workspace.")
                .at(place)
        })?;
        let server_url = found.server_url().map(str::to_owned);
        Ok(Self {
            id: OrServer::known(Id(found.id)),
            name: OrServer::known(found.name.clone()),
            organization_id: Computed::known(Id(found.organization.id)),
            version: Computed::known(
                super::running_version(&found).or_else(|| super::configured_version(&found)),
            ),
            display_name: Computed::known(found.display_name.unwrap_or(found.name)),
            description: Computed::known(found.description),
            logo_url: Computed::known(found.logo_url),
            is_managed: Computed::known(found.is_managed),
            desired_state: Computed::known(found.desired_state.as_str().to_owned()),
            tags: Computed::known(found.tags.map(|tags| tags.into_iter().collect())),
            metadata: Computed::known(found.metadata),
            url: Computed::known(server_url.clone()),
            server_url: Computed::known(server_url),
            status: Computed::known(found.status.as_str().to_owned()),
            created: Computed::known(found.created.map(|created| created.to_string())),
            updated: Computed::known(found.updated.map(|updated| updated.to_string())),
        })
    }
}
