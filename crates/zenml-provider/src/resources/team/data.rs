//! The data source `zenml_team`.

use std::collections::BTreeSet;

use tfkit::{Computed, Cx, DataSource, Diag, Model, OrServer};
use zenml_api::control::team::TeamMember;
use zenml_api::{OrganizationId, TeamId};

use super::{Remote, look, named};
use crate::access::people::name_of;
use crate::client::Client;
use crate::control;
use crate::failure::Needs;
use crate::id::Id;

/// Looks up an existing team by ID or name.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "team", kind = data_source, rule = tfkit::check::Rule::ExactlyOneOf(&["id", "name"]))]
#[model(since = "3.1.0", needs = Needs::ORGANIZATION_VIEWER.text(), category = "ZenML Pro")]
pub struct TeamData {
    /// ID of the organization that the team belongs to. Default: the provider's organization.
    pub organization_id: OrServer<Id<OrganizationId>>,
    /// ID of the team.
    pub id: OrServer<Id<TeamId>>,
    /// Name of the team.
    pub name: OrServer<String>,
    /// Description of the team.
    pub description: Computed<Option<String>>,
    /// Email addresses of the members, or the user names of members without an address. Invited people are not
    /// included.
    pub members: Computed<BTreeSet<String>>,
    /// Email addresses of invited people, who become members of the team when they accept.
    pub invited: Computed<BTreeSet<String>>,
    /// When the team was created.
    pub created: Computed<String>,
    /// When the team was last updated.
    pub updated: Computed<String>,
}

impl DataSource for TeamData {
    type Model = Self;
    type Client = Client;

    async fn read(cx: &Cx<Client>, config: Self) -> Result<Self, Diag> {
        let client = cx.client().await?;
        let organization = control::organization::or_default(client, &config.organization_id).await?;
        let (found, wanted, place) = match (config.id.as_ref(), config.name.as_ref()) {
            (Some(Id(id)), _) => (look(client, organization, *id).await?, id.to_string(), Self::ID.path()),
            (None, Some(name)) => {
                let found = match named(client, organization, name).await? {
                    Some(team) => look(client, organization, team.id).await?,
                    None => None,
                };
                (found, name.clone(), Self::NAME.path())
            }
            (None, None) => return Err(Diag::bug("A team is looked up without id and name")),
        };
        let Remote { team, members, .. } = found.ok_or_else(|| {
            Diag::error(format!("There is no team {wanted:?}"))
                .why(format!(
                    "The organization {organization} does not have it, or the key has no access to it."
                ))
                .fix("Correct the id or the name, or set organization_id.")
                .at(place)
        })?;
        let (mut joined, mut invited) = (BTreeSet::new(), BTreeSet::new());
        for member in members {
            match member {
                TeamMember::User(user) => joined.insert(name_of(&user).to_owned()),
                TeamMember::Invitation(invitation) => invited.insert(invitation.email),
            };
        }
        Ok(Self {
            organization_id: OrServer::known(Id(organization)),
            id: OrServer::known(Id(team.id)),
            name: OrServer::known(team.name),
            description: Computed::known(team.description),
            members: Computed::known(joined),
            invited: Computed::known(invited),
            created: Computed::known(team.created.to_string()),
            updated: Computed::known(team.updated.to_string()),
        })
    }
}
