//! How somebody joins an organization, gets another role, and leaves.

use tfkit::{Cx, Diag};
use zenml_api::control::invitation::{self as invitation_api};
use zenml_api::control::member::{self, MemberRemoval};
use zenml_api::control::role::{self as role_api, AssignmentQuery, Role, RoleLevel};
use zenml_api::{InvitationId, OrganizationId, UserId};
use zenml_client::{ApiError, Optional as _};

use super::model::OrganizationMember;
use super::standing::{Remote, Standing, Status, find};
use crate::access::invitation;
use crate::access::principal::Principal;
use crate::access::{choice, last_admin, people};
use crate::client::Client;
use crate::failure::{Needs, cannot};

async fn wanted_role(
    client: &Client,
    organization: OrganizationId,
    plan: &OrganizationMember,
) -> Result<Role, Diag> {
    choice::choose(client, &RoleLevel::Organization, organization, Some(&plan.role.0), None).await
}

/// Makes sure that somebody is a member with the planned role, or is invited.
pub(super) async fn join(
    cx: &Cx<Client>,
    organization: OrganizationId,
    plan: &OrganizationMember,
) -> Result<Remote, Diag> {
    let client = cx.client().await?;
    let role = wanted_role(client, organization, plan).await?;
    let account = plan.user_id.as_ref().map(|id| id.0.to_string());
    let name = plan.email.as_ref().or(account.as_ref()).cloned().unwrap_or_default();
    let known = find(client, organization, &name).await?;
    if let (Some(_), Some(id)) = (plan.email.as_ref(), plan.user_id.as_ref())
        && known.as_ref().and_then(Remote::account) != Some(id.0)
    {
        return Err(two_people(&name, id.0));
    }
    if let Some(known) = known {
        match (&known.standing, known.status()) {
            (Standing::Member(user, _), _) => {
                cx.warn(already(&name, "is already a member"));
                grant(client, organization, user.id, &role).await?;
                return found_again(client, organization, &name).await;
            }
            (Standing::Invited(_), Status::Invited) => {
                if known.held().iter().any(|held| held.id != role.id) {
                    return Err(invited_otherwise(&known, &name, plan));
                }
                cx.warn(already(&name, "is already invited"));
                return Ok(known);
            }
            _ => {}
        }
    }
    if let Some(email) = plan.email.as_ref() {
        let admitted = invitation::admit(cx, organization, email, &role).await;
        admitted.map_err(|diag| diag.at(OrganizationMember::EMAIL))?;
    } else {
        let user = plan.user_id.as_ref().ok_or_else(|| Diag::bug("A member has no name"))?;
        grant(client, organization, user.0, &role)
            .await
            .map_err(|diag| diag.at(OrganizationMember::USER_ID))?;
    }
    found_again(client, organization, &name).await
}

fn two_people(email: &str, user: UserId) -> Diag {
    Diag::error("Attributes \"email\" and \"user_id\" cannot be set together")
        .why(format!(
            "The account {user} does not have the address {email:?}, or is not in the organization."
        ))
        .fix("Keep one of them and remove the other.")
        .at(OrganizationMember::USER_ID)
}

async fn found_again(client: &Client, organization: OrganizationId, name: &str) -> Result<Remote, Diag> {
    find(client, organization, name).await?.ok_or_else(|| {
        Diag::error(format!("{name:?} is not in the organization after joining it"))
            .why("The control plane accepted the request, but lists neither a member nor an invitation.")
            .fix("Run the command again.")
    })
}

fn already(name: &str, what: &str) -> Diag {
    Diag::warning(format!("{name:?} {what}, and is managed by Terraform from now on"))
        .why("Destroying this resource removes the person from the organization.")
}

fn invited_otherwise(known: &Remote, name: &str, plan: &OrganizationMember) -> Diag {
    let has = known.role_like(None);
    Diag::error(format!("{name:?} is already invited, with the role {has:?}"))
        .why(format!(
            "An invitation cannot get another role, and {:?} is configured. Somebody else, or a zenml_team, has sent it.",
            plan.role.0
        ))
        .fix(format!(
            "Set role = {has:?}, or delete the invitation. If a zenml_team invites the person, refer to this resource in \
             its members, so that this one comes first:\n  members = [zenml_organization_member.NAME.email]"
        ))
        .at(OrganizationMember::ROLE)
}

/// Gives an account a role. One that it has already is a success.
async fn grant(client: &Client, organization: OrganizationId, user: UserId, role: &Role) -> Result<(), Diag> {
    let query = AssignmentQuery { user_id: Some(user), ..AssignmentQuery::default() };
    let error = match client.control_plane()?.send(&role_api::ASSIGN, role.id, query, ()).await {
        Ok(_) | Err(ApiError::Conflict(_)) => return Ok(()),
        Err(error) => error,
    };
    let name = user.to_string();
    if error.outcome_unknown()
        && let Some(known) = find(client, organization, &name).await?
        && known.held().iter().any(|held| held.id == role.id)
    {
        return Ok(());
    }
    Err(failed("give a role to", &name, &error))
}

/// Changes the role of a member, or invites somebody again whose invitation expired.
pub(super) async fn update(
    cx: &Cx<Client>,
    current: Remote,
    prior: &OrganizationMember,
    plan: &OrganizationMember,
) -> Result<Remote, Diag> {
    let client = cx.client().await?;
    let organization = current.organization;
    let role = wanted_role(client, organization, plan).await?;
    let name = current.id();
    match &current.standing {
        Standing::Member(user, _) => {
            grant(client, organization, user.id, &role).await?;
            let before =
                choice::choose(client, &RoleLevel::Organization, organization, Some(&prior.role.0), None);
            // A role that was deleted is no longer held.
            if let Ok(before) = before.await
                && before.id != role.id
            {
                require_another_admin(client, &current, &[&before]).await?;
                let query = AssignmentQuery { user_id: Some(user.id), ..AssignmentQuery::default() };
                let gone =
                    client.control_plane()?.send(&role_api::REVOKE, before.id, query, ()).await.optional();
                gone.map_err(|error| failed("revoke a role of", &name, &error))?;
            }
        }
        Standing::Invited(invitation) => {
            if current.status() == Status::Invited {
                withdraw(client, organization, invitation.id, &name).await?;
            }
            let email = plan.email.as_ref().unwrap_or(&invitation.email);
            invitation::admit(cx, organization, email, &role).await?;
        }
    }
    found_again(client, organization, &name).await
}

/// Removes a member, or takes back the invitation.
pub(super) async fn remove(client: &Client, remote: &Remote) -> Result<(), Diag> {
    let name = remote.id();
    match &remote.standing {
        Standing::Member(user, _) => {
            require_another_admin(client, remote, &remote.held()).await?;
            people::forget(client, remote.organization);
            let removal = MemberRemoval { user_id: user.id };
            let gone = client.control_plane()?.send(&member::REMOVE, remote.organization, removal, ()).await;
            gone.optional().map(drop).map_err(|error| failed("remove", &name, &error))
        }
        Standing::Invited(invitation) => withdraw(client, remote.organization, invitation.id, &name).await,
    }
}

async fn withdraw(
    client: &Client,
    organization: OrganizationId,
    id: InvitationId,
    name: &str,
) -> Result<(), Diag> {
    invitation::forget(client, organization);
    let gone = client.control_plane()?.call(&invitation_api::DELETE, (organization, id)).await.optional();
    gone.map(drop).map_err(|error| failed("delete the invitation of", name, &error))
}

/// Rejects a change that takes roles from the last admin of an organization.
async fn require_another_admin(client: &Client, person: &Remote, lost: &[&Role]) -> Result<(), Diag> {
    let Some(account) = person.account() else { return Ok(()) };
    for role in lost {
        last_admin::check(client, person.organization, &Principal::User(account), role.id)
            .await
            .map_err(|diag| diag.at(OrganizationMember::ROLE))?;
    }
    Ok(())
}

fn failed(verb: &str, name: &str, error: &ApiError) -> Diag {
    cannot(format_args!("{verb} {name:?}"), Needs::ORGANIZATION_ADMIN, error)
}
