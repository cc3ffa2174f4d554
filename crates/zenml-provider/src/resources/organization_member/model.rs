//! The model of a person in an organization.

use tfkit::{Computed, Model, OrDefault, OrServer};
use zenml_api::{OrganizationId, UserId};

use crate::access::people::same_name;
use crate::access::role::same_in_organization;
use crate::failure::Needs;
use crate::id::Id;

/// A person in an organization: a member, or somebody who is invited and becomes a member by accepting.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "organization_member")]
#[model(rule = Rule::AtLeastOneOf(&["email", "user_id"]))]
#[model(since = "3.1.0", needs = Needs::ORGANIZATION_ADMIN.text(), category = "ZenML Pro")]
#[model(import = "EMAIL")]
pub struct OrganizationMember {
    /// ID of the organization. Default: the provider's organization.
    #[attr(key = optional, replace)]
    pub organization_id: OrServer<Id<OrganizationId>>,
    /// The email address in lower case, or the user ID of an account without an address. It stays the same when an
    /// invitation is accepted.
    #[attr(key, stable)]
    pub id: Computed<String>,
    /// Email address of the person. Somebody who is not a member and has no account is invited.
    #[attr(replace, same = same_name, check = non_empty())]
    pub email: OrServer<String>,
    /// ID of the account, instead of the address. Null until an invitation is accepted. If both are set, they must be
    /// of the same person.
    #[attr(replace)]
    pub user_id: OrServer<Id<UserId>>,
    /// Organization role of the person: a full name, such as `Organization Admin`, or a short name: `admin`, `manager`,
    /// `member` or `viewer`. Changing the role of somebody who has not accepted yet deletes the invitation and sends a
    /// new one.
    #[attr(default = "Organization Member", same = same_in_organization, check = non_empty())]
    pub role: OrDefault<String>,
    /// Status of the membership: `active` (a member), `invited`, `expired` (nobody accepted in time; the next apply
    /// sends a new invitation) or `declined`.
    #[attr(stable)]
    pub status: Computed<String>,
}
