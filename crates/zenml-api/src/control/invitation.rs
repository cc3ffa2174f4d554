//! Invitations: placeholders for people without an account. Roles and teams of an invitation move to the account when
//! it is accepted.

use serde::{Deserialize, Serialize};

use crate::{Endpoint, InvitationId, OrganizationId, RoleId, Timestamp};

/// Invitations of an organization.
pub const LIST: Endpoint<OrganizationId, InvitationQuery, (), Vec<Invitation>> =
    Endpoint::get("/organizations/{organization_id}/invitations");
/// Creates an invitation.
pub const CREATE: Endpoint<OrganizationId, (), InvitationCreate, Invitation> =
    Endpoint::post("/organizations/{organization_id}/invitations");
/// Takes an invitation back.
pub const DELETE: Endpoint<(OrganizationId, InvitationId), (), (), ()> =
    Endpoint::delete("/organizations/{organization_id}/invitations/{invitation_id}");
/// Invitations of the caller.
pub const MINE: Endpoint<(), (), (), Vec<Invitation>> = Endpoint::get("/invitations");
/// One invitation.
pub const GET: Endpoint<InvitationId, (), (), Invitation> = Endpoint::get("/invitations/{invitation_id}");
/// Accepts or declines an invitation as its invitee.
pub const ANSWER: Endpoint<InvitationId, InvitationReply, (), ()> =
    Endpoint::post("/invitations/{invitation_id}");

/// An invitation. The reference documents only `id` and `email`; the rest is optional.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Invitation {
    /// Identifier of the invitation.
    pub id: InvitationId,
    /// Who is invited.
    pub email: String,
    /// Organization.
    #[serde(default)]
    pub organization_id: Option<OrganizationId>,
    /// Organization-level role that is granted on acceptance.
    #[serde(default)]
    pub role_id: Option<RoleId>,
    /// How far it is: `pending`, `accepted`, `declined`, `expired`.
    #[serde(default)]
    pub status: Option<String>,
    /// When it expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When it was created.
    #[serde(default)]
    pub created: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default)]
    pub updated: Option<Timestamp>,
}

/// Filters of [`LIST`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct InvitationQuery {
    /// E-mail. Also compare the result: the filter may be inexact.
    pub email: Option<String>,
    /// Whether to omit invitations that were accepted, were declined or have expired. Always send it: its default is not documented.
    pub only_pending: Option<bool>,
}

/// A new invitation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InvitationCreate {
    /// Who is invited.
    pub email: String,
    /// Organization-level role that is granted on acceptance.
    pub role_id: RoleId,
}

/// How the invitee replies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InvitationReply {
    /// Whether the invitation is accepted.
    pub accept: bool,
}
