//! Who is in a team.

use zenml_api::TeamId;
use zenml_api::control::team::{self, TeamMember};
use zenml_client::{ApiError, Optional as _};

use super::invitation::is_open;
use crate::client::Client;

/// Returns the users and the open invitations in a team; `None` if the team does not exist.
pub async fn members_of(client: &Client, team: TeamId) -> Result<Option<Vec<TeamMember>>, ApiError> {
    let members = client.api().control_plane()?.call(&team::MEMBERS, team).await.optional()?;
    let is_there = |member: &TeamMember| match member {
        TeamMember::User(_) => true,
        TeamMember::Invitation(invitation) => is_open(invitation),
    };
    Ok(members.map(|members| members.into_iter().filter(is_there).collect()))
}
