//! The list resource `zenml_service_account`.

use tfkit::{Cx, Diag, ListResource, Listed, Model, Results};
use zenml_api::OrganizationId;

use super::{Remote, ServiceAccount, ServiceAccountKey, calls};
use crate::client::Client;
use crate::control;
use crate::failure::Needs;
use crate::id::Id;
use crate::in_workspace::lookup;

/// Lists the service accounts of an organization, optionally filtered.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "service_account", kind = list_resource, rule = Rule::AtMostOneOf(&["name", "name_prefix"]))]
#[model(since = "3.1.0", needs = Needs::ORGANIZATION_ADMIN.text(), category = "ZenML Pro")]
pub struct ServiceAccountFilters {
    /// ID of the organization that the accounts belong to. Default: the provider's organization.
    pub organization_id: Option<Id<OrganizationId>>,
    /// List only the account with this name.
    pub name: Option<String>,
    /// List only accounts whose name starts with this prefix.
    pub name_prefix: Option<String>,
    /// List only accounts that can log in, or with `false` only those that cannot.
    pub active: Option<bool>,
}

impl ListResource for ServiceAccount {
    type Filters = ServiceAccountFilters;
    type Resource = Self;

    async fn list(
        cx: &Cx<Client>,
        filters: ServiceAccountFilters,
        results: &mut Results<Self>,
    ) -> Result<(), Diag> {
        let client = cx.client().await?;
        let organization = control::organization::of_key(client, filters.organization_id).await?;
        let mut next = Some(0);
        while let Some(from) = next {
            let (accounts, following) = calls::page(client, organization, from).await?;
            for account in accounts {
                let is_wanted = filters.name.as_ref().is_none_or(|name| account.username == *name)
                    && lookup::begins(&account.username, filters.name_prefix.as_deref())
                    && filters.active.is_none_or(|active| account.is_active == active);
                if is_wanted {
                    let key =
                        ServiceAccountKey { organization_id: Some(Id(organization)), id: Id(account.id) };
                    let display_name = account.username.clone();
                    let remote = Some(Remote { organization, account });
                    results.push(Listed { key, display_name, remote }).await;
                }
            }
            next = following;
        }
        Ok(())
    }
}
