//! The model of a team.

use std::collections::BTreeSet;

use tfkit::{Computed, IfSet, Model, OrDefault, OrServer};
use zenml_api::{OrganizationId, TeamId};

use crate::access::people::same_name;
use crate::access::role::same_in_organization;
use crate::failure::Needs;
use crate::id::Id;

/// A team of people in an organization. A role that is granted to the team applies to all of its members.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "team")]
#[model(since = "3.1.0", needs = Needs::ORGANIZATION_ADMIN.text(), category = "ZenML Pro")]
pub struct Team {
    /// ID of the organization that the team belongs to. Default: the provider's organization.
    #[attr(key = optional, replace)]
    pub organization_id: OrServer<Id<OrganizationId>>,
    /// ID of the team.
    #[attr(key, stable)]
    pub id: Computed<Id<TeamId>>,
    /// Name of the team, unique in its organization.
    #[attr(check = length(1..=50))]
    pub name: String,
    /// Description of the team.
    #[attr(check = length(..=256), same = empty_is_null)]
    pub description: Option<String>,
    /// All members of the team: email addresses or user IDs, including those of service accounts. List each person
    /// once; case does not matter. An address that the organization does not know is invited, see `invite_unknown`.
    /// `[]` removes all members; omit the argument to manage them elsewhere.
    #[attr(same = same_name, check = each(non_empty()))]
    pub members: IfSet<BTreeSet<String>>,
    /// Whether to invite people whose email address is not that of a member of the organization. They join the team
    /// when they accept. Someone who has an account becomes a member of the organization without an invitation. With
    /// `false`, an unknown address is an error.
    #[attr(local, default = true)]
    pub invite_unknown: OrDefault<bool>,
    /// Organization role of invited people: a full name, such as `Organization Member`, or a short name: `admin`,
    /// `manager`, `member` or `viewer`. A change has no effect on people who are already invited.
    #[attr(local, default = "Organization Member", same = same_in_organization, check = non_empty())]
    pub invite_role: OrDefault<String>,
    /// When the team was created.
    #[attr(stable)]
    pub created: Computed<String>,
    /// When the team was last updated.
    pub updated: Computed<String>,
}
