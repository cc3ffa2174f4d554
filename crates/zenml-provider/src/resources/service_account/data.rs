//! The data sources `zenml_service_account` and `zenml_service_accounts`.

use std::collections::BTreeMap;

use tfkit::{Computed, Cx, DataSource, Diag, Model, Object, OrServer};
use zenml_api::control::service_account as api;
use zenml_api::{IdOrName, OrganizationId, ServiceAccountId};

use super::calls;
use crate::client::Client;
use crate::control;
use crate::failure::Needs;
use crate::id::Id;
use crate::in_workspace::lookup;

/// Looks up an existing service account by ID or name.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "service_account", kind = data_source, rule = tfkit::check::Rule::ExactlyOneOf(&["id", "name"]))]
#[model(since = "3.1.0", needs = Needs::ORGANIZATION_ADMIN.text(), category = "ZenML Pro")]
pub struct ServiceAccountData {
    /// ID of the organization that the account belongs to. Default: the provider's organization.
    pub organization_id: OrServer<Id<OrganizationId>>,
    /// ID of the account.
    pub id: OrServer<Id<ServiceAccountId>>,
    /// User name of the account.
    pub name: OrServer<String>,
    /// Display name.
    pub display_name: Computed<Option<String>>,
    /// Description of the account.
    pub description: Computed<Option<String>>,
    /// Whether the account can log in.
    pub active: Computed<bool>,
    /// When the account was created.
    pub created: Computed<Option<String>>,
    /// When the account was last updated.
    pub updated: Computed<Option<String>>,
}

impl DataSource for ServiceAccountData {
    type Model = Self;
    type Client = Client;

    async fn read(cx: &Cx<Client>, config: Self) -> Result<Self, Diag> {
        let client = cx.client().await?;
        let organization = control::organization::or_default(client, &config.organization_id).await?;
        let (wanted, place) = match (config.id.as_ref(), config.name.as_ref()) {
            (Some(Id(id)), _) => (IdOrName::Id(*id), Self::ID.path()),
            (None, Some(name)) => (IdOrName::Name(name.clone()), Self::NAME.path()),
            (None, None) => return Err(Diag::bug("A service account is looked up without id and name")),
        };
        let found = control::service_account::find(client, organization, wanted.clone()).await?;
        let found = found
            .ok_or_else(|| control::service_account::missing(organization, &wanted.to_string()).at(place))?;
        Ok(Self {
            organization_id: OrServer::known(Id(organization)),
            id: OrServer::known(Id(found.id)),
            name: OrServer::known(found.username),
            display_name: Computed::known(found.name),
            description: Computed::known(found.description),
            active: Computed::known(found.is_active),
            created: Computed::known(found.created.map(|created| created.to_string())),
            updated: Computed::known(found.updated.map(|updated| updated.to_string())),
        })
    }
}

/// Lists the service accounts of an organization, optionally filtered.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "service_accounts", kind = data_source)]
#[model(since = "3.1.0", needs = Needs::ORGANIZATION_ADMIN.text(), category = "ZenML Pro")]
pub struct ServiceAccountsData {
    /// ID of the organization that the accounts belong to. Default: the provider's organization.
    pub organization_id: OrServer<Id<OrganizationId>>,
    /// Return only accounts whose name starts with this prefix.
    pub name_prefix: Option<String>,
    /// Return only accounts that can log in, or with `false` only those that cannot.
    pub active: Option<bool>,
    /// The accounts, by name.
    pub service_accounts: Computed<BTreeMap<String, ServiceAccountSummary>>,
}

/// A service account in a list.
#[derive(Clone, Debug, PartialEq, Object)]
pub struct ServiceAccountSummary {
    /// ID of the account.
    pub id: Computed<Id<ServiceAccountId>>,
    /// User name of the account.
    pub name: Computed<String>,
    /// Display name.
    pub display_name: Computed<Option<String>>,
    /// Description of the account.
    pub description: Computed<Option<String>>,
    /// Whether the account can log in.
    pub active: Computed<bool>,
    /// When the account was created.
    pub created: Computed<Option<String>>,
    /// When the account was last updated.
    pub updated: Computed<Option<String>>,
}

impl ServiceAccountSummary {
    fn of(account: api::ServiceAccount) -> Self {
        Self {
            id: Computed::known(Id(account.id)),
            name: Computed::known(account.username),
            display_name: Computed::known(account.name),
            description: Computed::known(account.description),
            active: Computed::known(account.is_active),
            created: Computed::known(account.created.map(|created| created.to_string())),
            updated: Computed::known(account.updated.map(|updated| updated.to_string())),
        }
    }
}

impl DataSource for ServiceAccountsData {
    type Model = Self;
    type Client = Client;

    async fn read(cx: &Cx<Client>, config: Self) -> Result<Self, Diag> {
        let client = cx.client().await?;
        let organization = control::organization::or_default(client, &config.organization_id).await?;
        let query = api::ServiceAccountQuery::default();
        let listed = client.control_plane()?.list_all(&api::LIST, organization, query).await;
        let listed = listed.map_err(|error| calls::unlisted(&error))?;
        let keeps = |account: &api::ServiceAccount| {
            lookup::begins(&account.username, config.name_prefix.as_deref())
                && config.active.is_none_or(|active| account.is_active == active)
        };
        let found = listed.into_iter().filter(keeps);
        let found = found.map(|account| (account.username.clone(), ServiceAccountSummary::of(account)));
        Ok(Self {
            organization_id: OrServer::known(Id(organization)),
            service_accounts: Computed::known(found.collect()),
            ..config
        })
    }
}
