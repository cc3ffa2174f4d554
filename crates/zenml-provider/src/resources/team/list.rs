//! The list resource `zenml_team`.

use tfkit::{Cx, Diag, ListResource, Listed, Model, Results};
use zenml_api::OrganizationId;
use zenml_api::control::team::{self as api, TeamQuery};
use zenml_client::Pages;

use super::{Remote, Team, TeamKey, members_of, unlisted};
use crate::client::Client;
use crate::control;
use crate::failure::Needs;
use crate::id::Id;
use crate::in_workspace::lookup;

/// Lists the teams of an organization, optionally filtered.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "team", kind = list_resource, rule = Rule::AtMostOneOf(&["name", "name_prefix"]))]
#[model(since = "3.1.0", needs = Needs::ORGANIZATION_VIEWER.text(), category = "ZenML Pro")]
pub struct TeamFilters {
    /// ID of the organization that the teams belong to. Default: the provider's organization.
    pub organization_id: Option<Id<OrganizationId>>,
    /// List only the team with this name.
    pub name: Option<String>,
    /// List only teams whose name starts with this prefix.
    pub name_prefix: Option<String>,
}

impl ListResource for Team {
    type Filters = TeamFilters;
    type Resource = Self;

    async fn list(cx: &Cx<Client>, filters: TeamFilters, results: &mut Results<Self>) -> Result<(), Diag> {
        let client = cx.client().await?;
        let organization = control::organization::of_key(client, filters.organization_id).await?;
        let query = TeamQuery { name: filters.name.clone(), ..TeamQuery::default() };
        let mut pages = Pages::new(client.control_plane()?, &api::LIST, organization, query);
        while let Some(page) = pages.next().await.map_err(|error| unlisted(&error))? {
            let is_wanted = |team: &api::Team| {
                filters.name.as_ref().is_none_or(|name| team.name == *name)
                    && lookup::begins(&team.name, filters.name_prefix.as_deref())
            };
            for team in page.into_iter().filter(is_wanted) {
                let key = TeamKey { organization_id: Some(Id(organization)), id: Id(team.id) };
                let display_name = team.name.clone();
                // The list does not contain the members.
                let remote = if results.wants_objects() {
                    let members = members_of(client, team.id, &team.name).await?;
                    Some(Remote { organization, team, members })
                } else {
                    None
                };
                results.push(Listed { key, display_name, remote }).await;
            }
        }
        Ok(())
    }
}
