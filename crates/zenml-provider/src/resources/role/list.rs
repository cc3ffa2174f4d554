//! The list resource `zenml_role`.

use tfkit::{Cx, Diag, ListResource, Listed, Model, Results};
use zenml_api::OrganizationId;
use zenml_api::control::role as api;

use super::{Remote, Role, RoleKey, page};
use crate::client::Client;
use crate::control;
use crate::failure::Needs;
use crate::id::Id;
use crate::in_workspace::lookup;

/// Lists the custom roles of an organization, optionally filtered.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "role", kind = list_resource, rule = Rule::AtMostOneOf(&["name", "name_prefix"]))]
#[model(since = "3.1.0", needs = Needs::ORGANIZATION_VIEWER.text(), category = "ZenML Pro")]
pub struct RoleFilters {
    /// ID of the organization that the roles belong to. Default: the provider's organization.
    pub organization_id: Option<Id<OrganizationId>>,
    /// List only roles of this level.
    #[attr(check = one_of(&["organization", "workspace", "project"]))]
    pub level: Option<String>,
    /// List only roles with this name.
    pub name: Option<String>,
    /// List only roles whose name starts with this prefix.
    pub name_prefix: Option<String>,
}

impl ListResource for Role {
    type Filters = RoleFilters;
    type Resource = Self;

    async fn list(cx: &Cx<Client>, filters: RoleFilters, results: &mut Results<Self>) -> Result<(), Diag> {
        let client = cx.client().await?;
        let organization = control::organization::of_key(client, filters.organization_id).await?;
        let mut next = Some(0);
        while let Some(from) = next {
            let (roles, following) = page(client, organization, from).await?;
            let is_wanted = |role: &api::Role| {
                let name = role.name.as_deref().unwrap_or_default();
                filters.level.as_ref().is_none_or(|level| role.level.as_str() == level)
                    && filters.name.as_ref().is_none_or(|wanted| name == wanted)
                    && lookup::begins(name, filters.name_prefix.as_deref())
            };
            for role in roles.into_iter().filter(is_wanted) {
                let key = RoleKey { organization_id: Some(Id(organization)), id: Id(role.id) };
                let display_name = role.name.clone().unwrap_or_default();
                let is_whole = role.name.is_some() && role.permissions.is_some();
                let remote = is_whole.then_some(Remote { organization, role });
                results.push(Listed { key, display_name, remote }).await;
            }
            next = following;
        }
        Ok(())
    }
}
