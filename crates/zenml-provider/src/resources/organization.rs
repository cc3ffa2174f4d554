//! The data source `zenml_organization`.

use tfkit::{Computed, Cx, DataSource, Diag, Model, OrServer};
use zenml_api::control::organization as api;
use zenml_api::{IdOrName, OrganizationId};
use zenml_client::Optional as _;

use crate::client::Client;
use crate::control;
use crate::failure::{Needs, cannot};
use crate::id::Id;

/// Looks up a ZenML Pro organization by ID or name. Without either, it returns the provider's organization.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "organization", kind = data_source, rule = tfkit::check::Rule::AtMostOneOf(&["id", "name"]))]
#[model(since = "3.1.0", needs = Needs::ORGANIZATION_VIEWER.text(), category = "ZenML Pro")]
pub struct OrganizationData {
    /// ID of the organization.
    pub id: OrServer<Id<OrganizationId>>,
    /// Name of the organization.
    pub name: OrServer<String>,
    /// Description of the organization.
    pub description: Computed<Option<String>>,
    /// URL of the logo.
    pub logo_url: Computed<Option<String>>,
    /// When the organization was created.
    pub created: Computed<String>,
    /// When the organization was last updated.
    pub updated: Computed<String>,
}

impl DataSource for OrganizationData {
    type Model = Self;
    type Client = Client;

    async fn read(cx: &Cx<Client>, config: Self) -> Result<Self, Diag> {
        let client = cx.client().await?;
        let found = match (config.id.as_ref(), config.name.as_ref()) {
            (None, None) => (*control::organization::default(client).await?).clone(),
            (Some(Id(id)), _) => {
                look(client, IdOrName::Id(*id)).await?.ok_or_else(|| missing(&id.to_string()).at(Self::ID))?
            }
            (None, Some(name)) => look(client, IdOrName::Name(name.clone()))
                .await?
                .ok_or_else(|| missing(name).at(Self::NAME))?,
        };
        Ok(Self {
            id: OrServer::known(Id(found.id)),
            name: OrServer::known(found.name),
            description: Computed::known(found.description),
            logo_url: Computed::known(found.logo_url),
            created: Computed::known(found.created.to_string()),
            updated: Computed::known(found.updated.to_string()),
        })
    }
}

async fn look(client: &Client, which: IdOrName<OrganizationId>) -> Result<Option<api::Organization>, Diag> {
    let found = client.control_plane()?.call(&api::GET, which.clone()).await.optional();
    let doing = format_args!("read the organization {which}").to_string();
    found.map_err(|error| cannot(doing, Needs::ORGANIZATION_VIEWER, &error))
}

fn missing(which: &str) -> Diag {
    Diag::error(format!("There is no organization {which:?}"))
        .why("It does not exist, or the key belongs to another organization.")
        .fix("Correct the id or the name, or use a key that belongs to this organization.")
}
