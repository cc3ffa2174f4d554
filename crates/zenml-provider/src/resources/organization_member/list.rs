//! The list resource `zenml_organization_member`.

use tfkit::{Cx, Diag, ListResource, Listed, Model, Results};
use zenml_api::OrganizationId;
use zenml_api::control::role::RoleLevel;

use super::{OrganizationMember, OrganizationMemberKey, standing};
use crate::access::role::full_name;
use crate::client::Client;
use crate::control;
use crate::failure::Needs;
use crate::id::Id;

/// Lists the people of an organization, including invited ones, optionally filtered. Service accounts are not
/// included.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "organization_member", kind = list_resource)]
#[model(since = "3.1.0", needs = Needs::ORGANIZATION_VIEWER.text(), category = "ZenML Pro")]
pub struct OrganizationMemberFilters {
    /// ID of the organization. Default: the provider's organization.
    pub organization_id: Option<Id<OrganizationId>>,
    /// List only people with this status.
    #[attr(check = one_of(&["active", "invited", "expired", "declined"]))]
    pub status: Option<String>,
    /// List only people with this role, by its full or its short name.
    pub role: Option<String>,
}

impl ListResource for OrganizationMember {
    type Filters = OrganizationMemberFilters;
    type Resource = Self;

    async fn list(
        cx: &Cx<Client>,
        filters: OrganizationMemberFilters,
        results: &mut Results<Self>,
    ) -> Result<(), Diag> {
        let client = cx.client().await?;
        let organization = control::organization::of_key(client, filters.organization_id).await?;
        let role = filters.role.as_deref().map(|role| full_name(&RoleLevel::Organization, role));
        for remote in standing::all(client, organization).await? {
            let has_status =
                filters.status.as_deref().is_none_or(|wanted| wanted == remote.status().as_str());
            let has_role = role
                .is_none_or(|wanted| remote.held().iter().any(|held| held.name.as_deref() == Some(wanted)));
            if has_status && has_role {
                let id = remote.id();
                let key = OrganizationMemberKey { organization_id: Some(Id(organization)), id: id.clone() };
                results.push(Listed { key, display_name: id, remote: Some(remote) }).await;
            }
        }
        Ok(())
    }
}
