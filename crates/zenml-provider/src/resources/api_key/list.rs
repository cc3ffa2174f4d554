//! The list resource `zenml_api_key`.

use tfkit::{Cx, Diag, ListResource, Listed, Model, Results};
use zenml_api::control::service_account::{self as api, ServiceAccountQuery};
use zenml_api::{IdOrName, OrganizationId, ServiceAccountId};

use super::calls::{Account, no_account, unlisted};
use super::{ApiKey, ApiKeyKey};
use crate::client::Client;
use crate::control;
use crate::failure::Needs;
use crate::id::Id;
use crate::in_workspace::lookup;

/// Lists the API keys of the service accounts of an organization, without the keys themselves, optionally filtered.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "api_key", kind = list_resource, rule = Rule::AtMostOneOf(&["name", "name_prefix"]))]
#[model(since = "3.1.0", needs = Needs::ORGANIZATION_ADMIN.text(), category = "ZenML Pro")]
pub struct ApiKeyFilters {
    /// ID of the organization that the accounts belong to. Default: the provider's organization.
    pub organization_id: Option<Id<OrganizationId>>,
    /// List only the keys of the service account with this ID. Otherwise each account takes a request.
    pub service_account_id: Option<Id<ServiceAccountId>>,
    /// List only keys with this name.
    pub name: Option<String>,
    /// List only keys whose name starts with this prefix.
    pub name_prefix: Option<String>,
    /// List only keys that work, or with `false` only those that do not.
    pub active: Option<bool>,
}

impl ListResource for ApiKey {
    type Filters = ApiKeyFilters;
    type Resource = Self;

    async fn list(cx: &Cx<Client>, filters: ApiKeyFilters, results: &mut Results<Self>) -> Result<(), Diag> {
        let client = cx.client().await?;
        let organization = control::organization::of_key(client, filters.organization_id).await?;
        let accounts = if let Some(Id(id)) = filters.service_account_id {
            let found = control::service_account::find(client, organization, IdOrName::Id(id)).await?;
            vec![found.ok_or_else(|| no_account(organization, id))?]
        } else {
            let query = ServiceAccountQuery::default();
            let listed = client.control_plane()?.list_all(&api::LIST, organization, query).await;
            listed.map_err(|error| unlisted(&error))?
        };
        for account in accounts {
            let of = Account { organization, id: account.id };
            let mut next = Some(0);
            while let Some(from) = next {
                let (keys, following) = of.page(client, from).await?;
                for key in keys.into_iter().filter(|key| filters.keeps(key)) {
                    let display_name = format!("{}/{}", account.username, key.name);
                    let remote = of.remote(key);
                    let key = ApiKeyKey {
                        organization_id: Some(Id(organization)),
                        service_account_id: Id(account.id),
                        id: Id(remote.key.id),
                    };
                    results.push(Listed { key, display_name, remote: Some(remote) }).await;
                }
                next = following;
            }
        }
        Ok(())
    }
}

impl ApiKeyFilters {
    fn keeps(&self, key: &api::ApiKey) -> bool {
        self.name.as_ref().is_none_or(|name| key.name == *name)
            && lookup::begins(&key.name, self.name_prefix.as_deref())
            && self.active.is_none_or(|active| key.active == active)
    }
}
