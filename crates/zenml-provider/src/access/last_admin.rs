//! An organization keeps an admin: nobody could give it another one.

use std::collections::BTreeSet;

use tfkit::{Cx, Diag, LockGuard};
use zenml_api::control::role::{self as api, Assignment, RoleLevel, ScopeQuery};
use zenml_api::control::team::TeamMember;
use zenml_api::control::user::User;
use zenml_api::{OrganizationId, RoleId, TeamId, UserId};
use zenml_client::ApiError;

use super::principal::Principal;
use super::role::roles;
use super::team::members_of;
use crate::client::Client;
use crate::failure::{Needs, cannot};

/// What a change takes away from the admins of an organization.
#[derive(Debug)]
pub enum Loss<'a> {
    /// A role of a principal.
    Role(&'a Principal, RoleId),
    /// A team.
    Team(TeamId),
    /// The places of accounts in a team.
    Places(TeamId, BTreeSet<UserId>),
    /// The membership of an account in the organization, with all its places in teams.
    Membership(UserId),
}

impl Loss<'_> {
    /// Returns whether the change affects an assignment of the role Organization Admin.
    fn affects(&self, assignment: &Assignment) -> bool {
        let team = assignment.team.as_ref().map(|team| team.id);
        match self {
            Self::Role(principal, _) => principal.holds(assignment),
            Self::Team(lost) | Self::Places(lost, _) => team == Some(*lost),
            // The account may be a member of the team.
            Self::Membership(account) => {
                team.is_some() || assignment.user.as_ref().is_some_and(|user| user.id == *account)
            }
        }
    }

    /// Returns whether a user stays an admin through an assignment.
    fn spares(&self, user: &User, assignment: &Assignment) -> bool {
        let is_lost = match self {
            Self::Role(..) | Self::Team(_) => self.affects(assignment),
            Self::Places(_, accounts) => self.affects(assignment) && accounts.contains(&user.id),
            Self::Membership(account) => user.id == *account,
        };
        user.is_active && !is_lost
    }
}

/// Rejects a change after which nobody would have the role Organization Admin. Invited and deactivated people do not
/// count. Hold what it returns until the change is done, so that two changes of a run do not count on each other's admin.
/// Only the control plane can prevent that between two runs; see [`reason`].
pub async fn check(
    cx: &Cx<Client>,
    client: &Client,
    organization: OrganizationId,
    loss: &Loss<'_>,
) -> Result<Option<LockGuard>, Diag> {
    let Some(admin) = admin_role(client, organization, loss).await? else { return Ok(None) };
    let others_wait = cx.lock(format!("admins/{organization}")).await;
    match effect(client, admin, loss).await? {
        Effect::None => Ok(None),
        Effect::OthersStay => Ok(Some(others_wait)),
        Effect::NobodyStays => Err(refused(organization)),
    }
}

/// Returns why the control plane has refused a change that [`check`] has allowed, if another run has removed the other
/// admins since then.
pub async fn reason(
    client: &Client,
    organization: OrganizationId,
    loss: &Loss<'_>,
    error: &ApiError,
) -> Option<Diag> {
    let ApiError::Forbidden(forbidden) = error else { return None };
    let admin = admin_role(client, organization, loss).await.ok()??;
    let effect = effect(client, admin, loss).await.ok()?;
    (effect == Effect::NobodyStays).then(|| refused(organization).trace(forbidden.call.to_string()))
}

/// Returns the role Organization Admin, if a change can take it away.
async fn admin_role(
    client: &Client,
    organization: OrganizationId,
    loss: &Loss<'_>,
) -> Result<Option<RoleId>, Diag> {
    let known = roles(client, organization).await?;
    let admin = known.named(&RoleLevel::Organization, "admin").map(|admin| admin.id);
    Ok(admin.filter(|admin| !matches!(loss, Loss::Role(_, role) if role != admin)))
}

/// What a change does to the admins of an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    /// It takes the role from nobody.
    None,
    /// Somebody else is an admin.
    OthersStay,
    /// Nobody else is an admin.
    NobodyStays,
}

/// Reads what a change does to those who have the role Organization Admin.
async fn effect(client: &Client, admin: RoleId, loss: &Loss<'_>) -> Result<Effect, Diag> {
    let held = client.control_plane()?.send(&api::ASSIGNMENTS, admin, ScopeQuery::default(), ()).await;
    let held = held.map_err(|error| {
        cannot("list who administers the organization", Needs::ORGANIZATION_ADMIN, &error)
    })?;
    // What is already lost is no reason to refuse.
    if !held.iter().any(|assignment| loss.affects(assignment)) {
        return Ok(Effect::None);
    }
    let mut is_admin_lost = false;
    for assignment in &held {
        let Some(user) = &assignment.user else { continue };
        if loss.spares(user, assignment) {
            return Ok(Effect::OthersStay);
        }
        is_admin_lost |= user.is_active;
    }
    for assignment in &held {
        let Some(team) = &assignment.team else { continue };
        let members = members_of(client, team.id).await.map_err(|error| {
            cannot(
                format_args!("list the members of team {:?}", team.name),
                Needs::ORGANIZATION_VIEWER,
                &error,
            )
        })?;
        for member in members.iter().flatten() {
            let TeamMember::User(user) = member else { continue };
            if loss.spares(user, assignment) {
                return Ok(Effect::OthersStay);
            }
            is_admin_lost |= user.is_active;
        }
    }
    Ok(if is_admin_lost { Effect::NobodyStays } else { Effect::OthersStay })
}

fn refused(organization: OrganizationId) -> Diag {
    Diag::error("The last Organization Admin cannot be removed")
        .why(format!(
            "Nobody else has this role in the organization {organization}. Without an admin, nobody could manage the \
             organization or give the role to somebody else."
        ))
        .fix(
            "Give the role to somebody else first. To keep the object but stop managing it, remove this resource from \
             the state:\n  terraform state rm ADDRESS",
        )
}
