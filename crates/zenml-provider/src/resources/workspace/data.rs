//! The data source `zenml_workspace`.

use std::collections::{BTreeMap, BTreeSet};

use tfkit::{Computed, Cx, DataSource, Diag, Model, OrServer};
use zenml_api::{IdOrName, OrganizationId, WorkspaceId};

use super::{deploy, model};
use crate::client::Client;
use crate::failure::Needs;
use crate::id::Id;

/// Looks up an existing workspace by ID or name.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "workspace", kind = data_source, rule = tfkit::check::Rule::ExactlyOneOf(&["id", "name"]))]
#[model(since = "3.1.0", needs = Needs::ORGANIZATION_VIEWER.text(), category = "ZenML Pro")]
pub struct WorkspaceData {
    /// ID of the workspace.
    pub id: OrServer<Id<WorkspaceId>>,
    /// Name of the workspace.
    pub name: OrServer<String>,
    /// ID of the organization that the workspace belongs to.
    pub organization_id: Computed<Id<OrganizationId>>,
    /// Display name.
    pub display_name: Computed<String>,
    /// Description of the workspace.
    pub description: Computed<Option<String>>,
    /// URL of the logo.
    pub logo_url: Computed<Option<String>>,
    /// Whether ZenML Pro operates the workspace.
    pub is_managed: Computed<bool>,
    /// ZenML version that the workspace runs, or the requested version while it does not run.
    pub version: Computed<Option<String>>,
    /// State that the workspace is meant to be in.
    pub desired_state: Computed<String>,
    /// Tags, if the control plane stores them.
    pub tags: Computed<Option<BTreeSet<String>>>,
    /// Metadata, if the control plane stores it.
    pub metadata: Computed<Option<BTreeMap<String, String>>>,
    /// URL of the workspace, the same as `server_url`. Null while the workspace does not run.
    pub url: Computed<Option<String>>,
    /// URL of the workspace's server. Null while the workspace does not run.
    pub server_url: Computed<Option<String>>,
    /// Status of the workspace.
    pub status: Computed<String>,
    /// When the workspace was created.
    pub created: Computed<Option<String>>,
    /// When the workspace was last updated.
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
                .why("It does not exist, or the key has no access to it.")
                .fix("Correct the id or the name, or use a key with access to the workspace.")
                .at(place)
        })?;
        let server_url = found.server_url().map(str::to_owned);
        Ok(Self {
            id: OrServer::known(Id(found.id)),
            name: OrServer::known(found.name.clone()),
            organization_id: Computed::known(Id(found.organization.id)),
            version: Computed::known(
                model::running_version(&found).or_else(|| model::configured_version(&found)),
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
