//! How somebody joins an organization, gets another role, and leaves.

use tfkit::{Cx, Diag, LockGuard};
use zenml_api::control::invitation::Invitation;
use zenml_api::control::member::{self, MemberRemoval};
use zenml_api::control::role::{self as role_api, AssignmentQuery, Role};
use zenml_api::{OrganizationId, RoleId, UserId};
use zenml_client::{ApiError, Optional as _};

use super::model::OrganizationMember;
use super::moving::Moving;
use super::standing::{Remote, Standing, Status, find};
use crate::access::invitation::{self, Exclusive, Place};
use crate::access::last_admin::{self, Loss};
use crate::access::principal::Principal;
use crate::access::{choice, membership, people};
use crate::client::Client;
use crate::control::organization::require_sight;
use crate::failure::{Needs, cannot};

/// Key in the private state for the role that the last apply granted. Other roles of the person are never revoked.
const ROLE: &str = "role";

/// Key in the private state that is set if the resource has sent the invitation.
const SENT: &str = "sent";

/// Key in the private state of a planned deletion that is set if another resource of the run wants the address.
const KEPT: &str = "kept";

async fn wanted_role(
    client: &Client,
    organization: OrganizationId,
    plan: &OrganizationMember,
) -> Result<Role, Diag> {
    choice::named(client, organization, &plan.role.0, OrganizationMember::ROLE.name()).await
}

/// Records the role that a later change revokes.
pub(super) fn remember(cx: &Cx<Client>, role: RoleId) -> Result<(), Diag> {
    cx.set_private(ROLE, role.to_string().into())
}

fn remembered(cx: &Cx<Client>) -> Option<RoleId> {
    cx.private(ROLE).and_then(|role| serde_json::from_value(role).ok())
}

/// Returns whether the resource has sent the invitation itself, and has not taken it over.
fn has_sent(cx: &Cx<Client>) -> bool {
    cx.private(SENT).is_some()
}

fn remember_sent(cx: &Cx<Client>) -> Result<(), Diag> {
    cx.set_private(SENT, true.into())
}

/// Records in the plan of a deletion whether another resource of this run wants the address.
pub(super) fn plan_deletion(cx: &Cx<Client>, organization: OrganizationId, email: &str) -> Result<(), Diag> {
    let Some(client) = cx.client_if_known() else { return Ok(()) };
    if invitation::wants_of_others(client, organization, &who(email)).contains(&people::canonical(email)) {
        cx.set_private(KEPT, true.into())?;
    }
    Ok(())
}

/// Returns how the resource announces its address.
pub(super) fn who(email: &str) -> String {
    format!("member {}", people::canonical(email))
}

/// Makes sure that somebody is a member with the planned role, or is invited.
pub(super) async fn join(
    cx: &Cx<Client>,
    organization: OrganizationId,
    plan: &OrganizationMember,
) -> Result<Remote, Diag> {
    let client = cx.client().await?;
    let role = wanted_role(client, organization, plan).await?;
    remember(cx, role.id)?;
    let account = plan.user_id.as_ref().map(|id| id.0.to_string());
    let name = plan.email.as_ref().or(account.as_ref()).cloned().unwrap_or_default();
    let exclusive = invitation::exclusive(cx, organization).await;
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
                membership::grant(client, organization, user.id, &role).await?;
                return found_again(client, organization, &name).await;
            }
            (Standing::Invited(..), Status::Invited) => {
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
        let admitted = invitation::admit(client, &exclusive, email, &role).await;
        if admitted.map_err(|diag| diag.at(OrganizationMember::EMAIL))?.is_new {
            remember_sent(cx)?;
        }
    } else {
        let user = plan.user_id.as_ref().ok_or_else(|| Diag::bug("A member has no name"))?;
        require_person(client, organization, user.0).await?;
        membership::grant(client, organization, user.0, &role)
            .await
            .map_err(|diag| diag.at(OrganizationMember::USER_ID))?;
    }
    found_again(client, organization, &name).await
}

/// Rejects a service account, which is not a person: it belongs to its organization without a role.
pub(super) async fn require_person(
    client: &Client,
    organization: OrganizationId,
    user: UserId,
) -> Result<(), Diag> {
    if people::service_account(client, organization, &user.to_string()).await?.is_none() {
        return Ok(());
    }
    Err(Diag::error(format!("{user} is a service account"))
        .why("A service account belongs to its organization, and is neither invited nor removed.")
        .fix(
            "Grant it a role:\n  resource \"zenml_organization_role_assignment\" \"NAME\" {\n    service_account_id = \
             \"ID\"\n    role               = \"member\"\n  }",
        )
        .at(OrganizationMember::USER_ID))
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
        Diag::error(format!("Cannot find {name:?} after adding it to the organization"))
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

/// Changes the role of a member, or invites somebody again, because an invitation cannot be accepted any more or cannot get
/// another role. Nobody is added who only was invited.
pub(super) async fn update(
    cx: &Cx<Client>,
    current: Remote,
    plan: &OrganizationMember,
) -> Result<Remote, Diag> {
    let client = cx.client().await?;
    let organization = current.organization;
    let role = wanted_role(client, organization, plan).await?;
    let name = current.id();
    let account = match &current.standing {
        Standing::Member(user, _) => {
            if let Some(moving) = Moving::unfinished(cx) {
                moving.finish(cx, Place::Account(user.id)).await?;
            }
            Some(user.id)
        }
        Standing::Invited(invitation, status) => {
            let email = plan.email.as_ref().unwrap_or(&invitation.email);
            invite_again(cx, &current, invitation, *status == Status::Invited, email, &role).await?.account()
        }
    };
    if let Some(account) = account {
        membership::grant(client, organization, account, &role).await?;
        if let Some(before) = remembered(cx).filter(|before| *before != role.id) {
            let principal = Principal::User(account);
            let loss = Loss::Role(&principal, before);
            let _others_wait = require_another_admin(cx, &current, &loss).await?;
            let query = AssignmentQuery { user_id: Some(account), ..AssignmentQuery::default() };
            let gone = client.control_plane()?.send(&role_api::REVOKE, before, query, ()).await.optional();
            if let Err(error) = gone {
                let reason = last_admin::reason(client, organization, &loss, &error).await;
                let reason = reason.map(|diag| diag.at(OrganizationMember::ROLE));
                return Err(reason.unwrap_or_else(|| failed("revoke a role of", &name, &error)));
            }
        }
    }
    remember(cx, role.id)?;
    found_again(client, organization, &name).await
}

/// Replaces an invitation. The new one gets the teams and roles of an open one; those of an expired one move by
/// themselves.
async fn invite_again(
    cx: &Cx<Client>,
    current: &Remote,
    old: &Invitation,
    is_open: bool,
    email: &str,
    role: &Role,
) -> Result<Place, Diag> {
    let (client, organization) = (cx.client().await?, current.organization);
    let exclusive = invitation::exclusive(cx, organization).await;
    let unfinished = Moving::unfinished(cx);
    if let Some(moving) = unfinished.clone().filter(|_| is_open)
        && current.held().iter().all(|held| held.id == role.id)
    {
        let place = Place::Invitation(old.id);
        return moving.finish(cx, place).await.map(|()| place);
    }
    let moving = if is_open {
        let moving = Moving::from(client, organization, old.clone()).await?.and(unfinished.as_ref());
        moving.record(cx)?;
        invitation::delete(client, &exclusive, old.id).await?;
        Some(moving)
    } else {
        unfinished
    };
    match invitation::invite(client, &exclusive, email, role).await {
        Ok(admitted) => {
            remember_sent(cx)?;
            if let Some(moving) = moving {
                moving.finish(cx, admitted.place).await?;
            }
            Ok(admitted.place)
        }
        Err(diag) => Err(match moving {
            Some(moving) if is_open => restored(cx, current, &exclusive, moving, diag).await,
            _ => diag,
        }),
    }
}

/// Sends a deleted invitation again, because the one that replaces it could not be sent, and returns the error.
async fn restored(
    cx: &Cx<Client>,
    current: &Remote,
    exclusive: &Exclusive,
    moving: Moving,
    diag: Diag,
) -> Diag {
    let (email, diag) = (moving.invitation.email.clone(), diag.at(OrganizationMember::ROLE));
    let left = format!(
        "The old invitation was deleted, and could not be sent again. It had: {}. The next apply sends an invitation with \
         all of this.",
        moving.left()
    );
    let before = moving.invitation.role_id.or_else(|| remembered(cx));
    let role = before.and_then(|role| current.roles.by_id(role));
    let (Ok(client), Some(role)) = (cx.client().await, role) else { return diag.why(left) };
    match invitation::invite(client, exclusive, &email, role).await {
        Ok(admitted) => match moving.finish(cx, admitted.place).await {
            Ok(()) => {
                diag.why("The old invitation was sent again, with its role, its teams and its other roles.")
            }
            Err(more) => diag.why("The old invitation was sent again.").why(more.to_string()),
        },
        Err(_) => diag.why(left),
    }
}

/// Removes a member, or takes back the invitation. One that cannot be accepted stays as a record.
pub(super) async fn remove(cx: &Cx<Client>, remote: &Remote) -> Result<(), Diag> {
    let client = cx.client().await?;
    match (&remote.standing, remote.status()) {
        (Standing::Member(user, _), _) => {
            let loss = Loss::Membership(user.id);
            let _others_wait = require_another_admin(cx, remote, &loss).await?;
            people::forget(client, remote.organization);
            let removal = MemberRemoval { user_id: user.id };
            let gone = client.control_plane()?.send(&member::REMOVE, remote.organization, removal, ()).await;
            let error = match gone.optional() {
                Ok(Some(())) => return Ok(()),
                Ok(None) => {
                    let what = format!("{:?} is a member of the organization", remote.id());
                    return require_sight(client, remote.organization, &what).await;
                }
                Err(error) => error,
            };
            let reason = last_admin::reason(client, remote.organization, &loss, &error).await;
            let reason = reason.map(|diag| diag.at(OrganizationMember::ROLE));
            Err(reason.unwrap_or_else(|| failed("remove", &remote.id(), &error)))
        }
        (Standing::Invited(invitation, _), Status::Invited) => {
            let exclusive = invitation::exclusive(cx, remote.organization).await;
            if has_sent(cx) {
                return invitation::delete(client, &exclusive, invitation.id).await;
            }
            // Somebody else has sent it, such as a team that still contains it.
            let mut kept = invitation::wants_of_others(client, remote.organization, &who(&invitation.email));
            if cx.private(KEPT).is_some() {
                kept.insert(people::canonical(&invitation.email));
            }
            if let Some(left) = invitation::withdraw(client, &exclusive, invitation.id, &kept).await? {
                let why = "Somebody else has sent it, and the resource had only taken it over.";
                cx.warn(invitation::left_to_others(&left, why));
            }
            Ok(())
        }
        (Standing::Invited(..), _) => Ok(()),
    }
}

/// Rejects a change that takes roles from the last admin of an organization. Hold what it returns until the change is
/// done.
async fn require_another_admin(
    cx: &Cx<Client>,
    person: &Remote,
    loss: &Loss<'_>,
) -> Result<Option<LockGuard>, Diag> {
    let checked = last_admin::check(cx, cx.client().await?, person.organization, loss).await;
    checked.map_err(|diag| diag.at(OrganizationMember::ROLE))
}

fn failed(verb: &str, name: &str, error: &ApiError) -> Diag {
    cannot(format_args!("{verb} {name:?}"), Needs::ORGANIZATION_ADMIN, error)
}
