//! An organization keeps an admin: nobody could give it another one.

use tfkit::Diag;
use zenml_api::control::role::{self as api, Assignment, RoleLevel, ScopeQuery};
use zenml_api::{OrganizationId, RoleId};

use super::principal::Principal;
use super::role::roles;
use crate::client::Client;
use crate::failure::{Needs, cannot};

/// Rejects to revoke the role Organization Admin from the last principal that has it. A team without members does not
/// count.
pub async fn check(
    client: &Client,
    organization: OrganizationId,
    principal: &Principal,
    role: RoleId,
) -> Result<(), Diag> {
    let known = roles(client, organization).await?;
    if known.named(&RoleLevel::Organization, "admin").is_none_or(|admin| admin.id != role) {
        return Ok(());
    }
    let held = client.control_plane()?.send(&api::ASSIGNMENTS, role, ScopeQuery::default(), ()).await;
    let held = held.map_err(|error| {
        cannot("list who administers the organization", Needs::ORGANIZATION_ADMIN, &error)
    })?;
    // An assignment that is already revoked is no reason to refuse.
    if !held.iter().any(|assignment| principal.holds(assignment)) {
        return Ok(());
    }
    let counts = |assignment: &&Assignment| {
        let has_members = |team: &zenml_api::control::team::Team| team.member_count != Some(0);
        assignment.user.as_ref().is_some_and(|user| user.is_active)
            || assignment.team.as_ref().is_some_and(has_members)
    };
    if held.iter().filter(counts).any(|assignment| !principal.holds(assignment)) {
        return Ok(());
    }
    Err(Diag::error("The last Organization Admin cannot be removed")
        .why(format!(
            "{principal} is the only one with this role in the organization {organization}. Without an admin, nobody \
             could manage the organization or give the role to somebody else."
        ))
        .fix(
            "Give the role to somebody else first. To keep the role but stop managing it, remove this resource from \
             the state:\n  terraform state rm ADDRESS",
        ))
}
