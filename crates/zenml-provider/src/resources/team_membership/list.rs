//! The list resource `zenml_team_membership`.

use tfkit::{Cx, Diag, ListResource, Listed, Model, Results};
use zenml_api::control::team::{self as api, TeamMember, TeamQuery};
use zenml_api::{OrganizationId, TeamId};

use super::{Remote, TeamMembership, key_of, members_of, names_of};
use crate::access::people::name_of;
use crate::client::Client;
use crate::control;
use crate::failure::{Needs, cannot};
use crate::id::Id;

/// Lists the members of teams, including invited people, optionally filtered. It takes a request for each team.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "team_membership", kind = list_resource)]
#[model(since = "3.1.0", needs = Needs::ORGANIZATION_VIEWER.text(), category = "ZenML Pro")]
pub struct TeamMembershipFilters {
    /// ID of the organization that the teams belong to. Default: the provider's organization.
    pub organization_id: Option<Id<OrganizationId>>,
    /// List only members of the team with this ID.
    pub team_id: Option<Id<TeamId>>,
}

impl ListResource for TeamMembership {
    type Filters = TeamMembershipFilters;
    type Resource = Self;

    async fn list(
        cx: &Cx<Client>,
        filters: TeamMembershipFilters,
        results: &mut Results<Self>,
    ) -> Result<(), Diag> {
        let client = cx.client().await?;
        let organization = control::organization::of_key(client, filters.organization_id).await?;
        let teams = client.control_plane()?.list_all(&api::LIST, organization, TeamQuery::default()).await;
        let teams = teams.map_err(|error| cannot("list the teams", Needs::ORGANIZATION_VIEWER, &error))?;
        for team in
            teams.into_iter().filter(|team| filters.team_id.is_none_or(|Id(wanted)| team.id == wanted))
        {
            for there in members_of(client, team.id).await?.into_iter().flatten() {
                // The first name is the address, which an acceptance does not change.
                let Some(member) = names_of(&there).into_iter().next() else { continue };
                let name = match &there {
                    TeamMember::User(user) => name_of(user),
                    TeamMember::Invitation(invitation) => &invitation.email,
                };
                results
                    .push(Listed {
                        key: key_of(Some(Id(organization)), team.id, &member),
                        display_name: format!("{name} in {}", team.name),
                        remote: Some(Remote { organization, team: team.id, member }),
                    })
                    .await;
            }
        }
        Ok(())
    }
}
