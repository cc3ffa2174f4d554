//! The data source `zenml_teams`.

use std::collections::BTreeMap;

use tfkit::{Computed, Cx, DataSource, Diag, Model, Object, OrServer};
use zenml_api::control::team::{self as api, TeamQuery};
use zenml_api::{OrganizationId, TeamId};

use super::unlisted;
use crate::client::Client;
use crate::control;
use crate::failure::Needs;
use crate::id::Id;
use crate::in_workspace::lookup;

/// Lists the teams of an organization that the key can read, optionally filtered.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "teams", kind = data_source)]
#[model(since = "3.1.0", needs = Needs::ORGANIZATION_VIEWER.text(), category = "ZenML Pro")]
pub struct TeamsData {
    /// ID of the organization that the teams belong to. Default: the provider's organization.
    pub organization_id: OrServer<Id<OrganizationId>>,
    /// Return only teams whose name starts with this prefix.
    pub name_prefix: Option<String>,
    /// The teams, by name.
    pub teams: Computed<BTreeMap<String, TeamSummary>>,
}

/// A team in a list.
#[derive(Clone, Debug, PartialEq, Object)]
pub struct TeamSummary {
    /// ID of the team.
    pub id: Computed<Id<TeamId>>,
    /// Name of the team.
    pub name: Computed<String>,
    /// Description of the team.
    pub description: Computed<Option<String>>,
    /// Number of members, including invited people. Null if the control plane does not report it.
    pub member_count: Computed<Option<i64>>,
    /// When the team was created.
    pub created: Computed<String>,
    /// When the team was last updated.
    pub updated: Computed<String>,
}

impl DataSource for TeamsData {
    type Model = Self;
    type Client = Client;

    async fn read(cx: &Cx<Client>, config: Self) -> Result<Self, Diag> {
        let client = cx.client().await?;
        let organization = control::organization::or_default(client, &config.organization_id).await?;
        let found = client.control_plane()?.list_all(&api::LIST, organization, TeamQuery::default()).await;
        let found = found.map_err(|error| unlisted(&error))?;
        let is_wanted = |team: &api::Team| lookup::begins(&team.name, config.name_prefix.as_deref());
        let summary = |team: api::Team| {
            let summary = TeamSummary {
                id: Computed::known(Id(team.id)),
                name: Computed::known(team.name.clone()),
                description: Computed::known(team.description),
                member_count: Computed::known(team.member_count),
                created: Computed::known(team.created.to_string()),
                updated: Computed::known(team.updated.to_string()),
            };
            (team.name, summary)
        };
        let teams = found.into_iter().filter(is_wanted).map(summary).collect();
        let organization_id = OrServer::known(Id(organization));
        Ok(Self { organization_id, teams: Computed::known(teams), ..config })
    }
}
