//! Places of people in an organization, and what they have through them.

use std::fmt;

use tfkit::Diag;
use zenml_api::control::role::{Assignment, AssignmentQuery};
use zenml_api::control::team::{self, TeamMember, TeamQuery};
use zenml_api::{InvitationId, OrganizationId, ProjectId, TeamId, UserId, WorkspaceId};
use zenml_client::{ApiError, Optional as _};

use super::known::{forget, open};
use crate::access::people;
use crate::access::role::{assignments_everywhere, roles};
use crate::client::Client;
use crate::failure::{Needs, cannot};

/// A place that somebody has in an organization, or will have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// That of an account.
    Account(UserId),
    /// That of an invitation.
    Invitation(InvitationId),
}

impl Place {
    /// Returns the place of a member of a team.
    pub fn of(member: &TeamMember) -> Self {
        match member {
            TeamMember::User(user) => Self::Account(user.id),
            TeamMember::Invitation(invitation) => Self::Invitation(invitation.id),
        }
    }

    /// Returns whether an assignment is that of this place.
    fn holds(self, assignment: &Assignment) -> bool {
        match self {
            Self::Account(id) => assignment.user.as_ref().is_some_and(|user| user.id == id),
            Self::Invitation(id) => assignment.invitation.as_ref().is_some_and(|one| one.id == id),
        }
    }

    /// Returns the account, if it is one.
    pub const fn account(self) -> Option<UserId> {
        match self {
            Self::Account(account) => Some(account),
            Self::Invitation(_) => None,
        }
    }

    /// Returns the parameters of a request that adds it to a team, or removes it.
    pub const fn in_team(self) -> team::MemberQuery {
        match self {
            Self::Account(user) => team::MemberQuery::user(user),
            Self::Invitation(invitation) => team::MemberQuery::invitation(invitation),
        }
    }

    /// Returns the parameters of a request that grants it a role in the organization, a workspace or a project.
    pub const fn in_scope(
        self,
        workspace_id: Option<WorkspaceId>,
        project_id: Option<ProjectId>,
    ) -> AssignmentQuery {
        let (user_id, invitation_id) = match self {
            Self::Account(user) => (Some(user), None),
            Self::Invitation(invitation) => (None, Some(invitation)),
        };
        AssignmentQuery { user_id, team_id: None, invitation_id, workspace_id, project_id }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => write!(formatter, "user {id}"),
            Self::Invitation(id) => write!(formatter, "invitation {id}"),
        }
    }
}

/// Returns the place of somebody in an organization: that of the account, or else of an open invitation.
pub async fn place_of(
    client: &Client,
    organization: OrganizationId,
    email: &str,
) -> Result<Option<Place>, Diag> {
    let found = people::look_up(client, organization, [email], []).await?;
    if let Some(account) = found.known.get(email) {
        return Ok(Some(Place::Account(*account)));
    }
    if let Some(invitation) = open(client, organization, email).await? {
        return Ok(Some(Place::Invitation(invitation.id)));
    }
    // The person may have been invited since the list was read.
    forget(client, organization);
    Ok(open(client, organization, email).await?.map(|invitation| Place::Invitation(invitation.id)))
}

/// Returns the teams that contain a place, with a request for each team.
pub async fn teams_of(
    client: &Client,
    organization: OrganizationId,
    place: Place,
) -> Result<Vec<TeamId>, Diag> {
    let control_plane = client.control_plane()?;
    let failed = |error: ApiError| {
        cannot(format_args!("look for the teams of {place}"), Needs::ORGANIZATION_VIEWER, &error)
    };
    let teams =
        control_plane.list_all(&team::LIST, organization, TeamQuery::default()).await.map_err(failed)?;
    let mut there = Vec::new();
    for team in teams {
        // Another operation may delete the team at the same time.
        let members = control_plane.call(&team::MEMBERS, team.id).await.optional().map_err(failed)?;
        if members.iter().flatten().any(|member| Place::of(member) == place) {
            there.push(team.id);
        }
    }
    Ok(there)
}

/// Returns the roles of a place on all levels, with a request for each role. The role that an invitation itself brings
/// is not included.
pub async fn roles_of(
    client: &Client,
    organization: OrganizationId,
    place: Place,
) -> Result<Vec<Assignment>, Diag> {
    let control_plane = client.control_plane()?;
    let mut there = Vec::new();
    for role in roles(client, organization).await?.all() {
        let held = assignments_everywhere(control_plane, role.id).await.map_err(|error| {
            cannot(format_args!("look for the roles of {place}"), Needs::ORGANIZATION_VIEWER, &error)
        })?;
        there.extend(held.into_iter().filter(|assignment| place.holds(assignment)));
    }
    Ok(there)
}
