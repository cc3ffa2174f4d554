//! Teams. A role granted to a team reaches all its members.

use serde::{Deserialize, Serialize};

use super::user::User;
use crate::paging::offset_query;
use crate::{Endpoint, InvitationId, OrganizationId, Patch, TeamId, Timestamp, UserId};

/// Teams of an organization.
pub const LIST: Endpoint<OrganizationId, TeamQuery, (), Vec<Team>> =
    Endpoint::get("/organizations/{organization_id}/teams");
/// Creates a team; its organization is in the body.
pub const CREATE: Endpoint<(), (), TeamCreate, Team> = Endpoint::post("/teams");
/// One team.
pub const GET: Endpoint<TeamId, (), (), Team> = Endpoint::get("/teams/{team_id}");
/// Changes a team.
pub const UPDATE: Endpoint<TeamId, (), TeamUpdate, Team> = Endpoint::patch("/teams/{team_id}");
/// Deletes a team.
pub const DELETE: Endpoint<TeamId, (), (), ()> = Endpoint::delete("/teams/{team_id}");
/// Members of a team: users, and on newer servers invitations.
pub const MEMBERS: Endpoint<TeamId, (), (), Vec<TeamMember>> = Endpoint::get("/teams/{team_id}/members");
/// Adds a member; 409 if it is one already.
pub const ADD_MEMBER: Endpoint<TeamId, MemberQuery, (), ()> = Endpoint::post("/teams/{team_id}/members");
/// Removes a member.
pub const REMOVE_MEMBER: Endpoint<TeamId, MemberQuery, (), ()> = Endpoint::delete("/teams/{team_id}/members");

/// A team. The response does not contain its organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Team {
    /// Identifier of the team.
    pub id: TeamId,
    /// Name, 1 to 50 characters.
    pub name: String,
    /// What it is for, 1 to 256 characters.
    #[serde(default)]
    pub description: Option<String>,
    /// When it was created.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
    /// Number of its members.
    #[serde(default)]
    pub member_count: Option<i64>,
}

/// Filters of [`LIST`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct TeamQuery {
    /// Name. Also compare the result: the reference does not document this filter.
    pub name: Option<String>,
    /// Items to leave out at the start.
    pub offset: Option<u64>,
    /// Most items to return.
    pub limit: Option<u64>,
}

offset_query!(TeamQuery);

/// A new team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TeamCreate {
    /// Its organization.
    pub organization_id: OrganizationId,
    /// Name, 1 to 50 characters.
    pub name: String,
    /// What it is for, 1 to 256 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// Changes of a team.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct TeamUpdate {
    /// Name, 1 to 50 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub description: Patch<String>,
}

/// The member to add or remove: exactly one of the two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct MemberQuery {
    /// A user or a service account.
    pub user_id: Option<UserId>,
    /// An invitation that waits.
    pub invitation_id: Option<InvitationId>,
}

impl MemberQuery {
    /// A user or a service account.
    #[must_use]
    pub const fn user(user: UserId) -> Self {
        Self { user_id: Some(user), invitation_id: None }
    }

    /// An invitation that waits.
    #[must_use]
    pub const fn invitation(invitation: InvitationId) -> Self {
        Self { user_id: None, invitation_id: Some(invitation) }
    }
}

/// A member of a team: a user, or an invitation that waits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum TeamMember {
    /// A user or a service account. Tried first: an invitation has no user name.
    User(Box<User>),
    /// An invitation.
    Invitation(super::invitation::Invitation),
}
