//! Invitations: places in an organization for people who are not members yet. Roles and teams of an invitation move to
//! the account that accepts it.

mod acceptance;
mod command;
mod object;

use zenml_api::control::invitation as api;
use zenml_api::{Identifier, InvitationId, OrganizationId, RoleId};

use super::check;
use super::escalation;
use super::limit;
use super::scope::AssignmentsIn;
use crate::error::{Error, Result};
use crate::http::{Cx, Routes};
use crate::rbac::policy::ORGANIZATION_MEMBER;
use crate::rbac::role::Role;
use crate::rbac::{Action, Create, Delete, Holdings, Kind, Object, Read, Target, Tx, Update, not_found};
use crate::store::column;

pub(crate) use acceptance::join;
pub(crate) use command::{accept_all, invite_by_name};
use object::InvitationsOf;
pub(super) use object::{InvitationAt, Status, invitations_unchecked, read};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .serve(&api::LIST, list)
        .serve(&api::CREATE, create)
        .serve(&api::DELETE, delete)
        .serve(&api::MINE, mine)
        .serve(&api::GET, get)
        .serve(&api::ANSWER, reply)
}

async fn list(
    cx: Cx,
    id: OrganizationId,
    query: api::InvitationQuery,
    (): (),
) -> Result<Vec<api::Invitation>> {
    cx.read(async |tx| {
        let invitations = tx.allow::<Read, _>(InvitationsOf(id)).await?;
        object::select(tx.sql(), &invitations, &query).await
    })
    .await
}

async fn create(cx: Cx, id: OrganizationId, (): (), new: api::InvitationCreate) -> Result<api::Invitation> {
    check::email("email", &new.email)?;
    let rules = Rules { lifetime: cx.shared().invitation_lifetime, limits: cx.shared().limits };
    cx.tx(async |tx| invite(tx, id, &new.email, new.role_id, rules).await).await
}

async fn delete(cx: Cx, (organization, id): (OrganizationId, InvitationId), (): (), (): ()) -> Result<()> {
    cx.tx(async |tx| {
        let at = InvitationAt::locate(tx, id).await?;
        if at.organization != organization {
            return Err(not_found(&at.target()));
        }
        let allowed = tx.allow::<Delete, _>(at).await?;
        tx.note(&allowed, id, &allowed.email);
        object::remove(tx.sql(), &allowed).await
    })
    .await
}

/// The pending invitations of the caller.
async fn mine(cx: Cx, (): (), (): (), (): ()) -> Result<Vec<api::Invitation>> {
    let caller = cx.identity()?.account;
    cx.read(async |tx| object::received_by(tx.sql(), caller).await).await
}

async fn get(cx: Cx, id: InvitationId, (): (), (): ()) -> Result<api::Invitation> {
    cx.read(async |tx| {
        let at = InvitationAt::locate(tx, id).await?;
        let allowed = tx.allow::<Read, _>(at).await?;
        object::select_one(tx.sql(), &allowed).await
    })
    .await
}

/// The invitee accepts or declines. Repeating the same reply changes nothing.
async fn reply(cx: Cx, id: InvitationId, query: api::InvitationReply, (): ()) -> Result<()> {
    let caller = cx.identity()?.account;
    cx.tx(async |tx| {
        let at = InvitationAt::locate(tx, id).await?;
        let allowed = tx.allow::<Update, _>(at).await?;
        tx.note(&allowed, id, &allowed.email);
        tx.detail(&allowed, if query.accept { "accepted" } else { "declined" });
        if allowed.invitee != Some(caller) {
            return Err(Error::forbidden(format!(
                "Only the invited person can reply to an invitation. Log in as '{}'.",
                allowed.email
            )));
        }
        match (query.accept, allowed.status) {
            (true, Status::Pending) => acceptance::accept(tx, &allowed, caller).await,
            (false, Status::Pending) => acceptance::decline(tx.sql(), &allowed).await,
            (true, Status::Accepted) | (false, Status::Declined) => Ok(()),
            (_, status) => Err(Error::forbidden(format!(
                "This invitation was {status} and cannot be replied to. Ask for a new one."
            ))),
        }
    })
    .await
}

/// Checks that an invitation of the organization can still be accepted: only then it can get roles and teams. The error
/// is the same for all others.
pub(super) async fn require_pending(
    tx: &mut Tx,
    id: InvitationId,
    organization: OrganizationId,
) -> Result<InvitationAt> {
    let refused =
        || Error::forbidden(format!("The organization has no pending invitation with the ID '{id}'."));
    match InvitationAt::locate(tx, id).await {
        Ok(at) if at.organization == organization && at.status == Status::Pending => Ok(at),
        Err(error) if error.status() != http::StatusCode::NOT_FOUND => Err(error),
        _ => Err(refused()),
    }
}

/// What a platform decides about new invitations.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// For how long they can be accepted.
    pub(crate) lifetime: std::time::Duration,
    /// Limits of the subscription.
    pub(crate) limits: limit::Limits,
}

/// Invites somebody to an organization. An expired invitation of the same person ends, and the new one takes over its
/// roles and teams.
pub(super) async fn invite(
    tx: &mut Tx,
    organization: OrganizationId,
    email: &str,
    role: RoleId,
    rules: Rules,
) -> Result<api::Invitation> {
    let invitations = tx.allow::<Create, _>(InvitationsOf(organization)).await?;
    let id = InvitationId::random();
    tx.note(&invitations, id, email);
    require_role(tx, organization, role).await?;
    let account: Option<String> = sqlx::query_scalar(
        "SELECT id FROM account WHERE lower(email) = lower($1) AND is_service_account = 0 ORDER BY created LIMIT 1",
    )
    .bind(email)
    .fetch_optional(tx.sql())
    .await?;
    if let Some(account) = account {
        let account = uuid::Uuid::try_parse(&account)
            .map_err(|error| Error::internal("a stored id is invalid", error))?;
        if Holdings::of(account).belongs_to(tx.sql(), organization.uuid()).await? {
            return Err(Error::conflict(format!("'{email}' is already a member of this organization.")));
        }
    }
    if object::is_pending(tx.sql(), &invitations, email).await? {
        return Err(Error::conflict(format!("'{email}' already has a pending invitation.")));
    }
    rules.limits.allow_member(tx.sql(), organization).await?;
    let allowed = object::insert(tx.sql(), &invitations, id, email, role, rules.lifetime).await?;
    object::take_over(tx.sql(), &allowed).await?;
    object::select_one(tx.sql(), &allowed).await
}

/// The role must be an organization role of the organization. A caller who may invite, but not assign roles, can only
/// invite plain members.
async fn require_role(tx: &mut Tx, organization: OrganizationId, role: RoleId) -> Result<()> {
    let found = sqlx::query(
        "SELECT level, name, allows, system_managed FROM role WHERE id = $1 AND organization_id = $2 AND level = 'organization' \
         AND type = 'normal'",
    )
    .bind(role.to_string())
    .bind(organization.to_string())
    .fetch_optional(tx.sql())
    .await?
    .ok_or_else(|| {
        Error::forbidden(format!("'{role}' is not an organization-level role of this organization."))
    })?;
    let name = column::text(&found, "name")?;
    if column::flag(&found, "system_managed")? && name == ORGANIZATION_MEMBER.name {
        return Ok(());
    }
    let scope = AssignmentsIn { organization, workspace: None, project: None };
    if tx.permits(Action::Create, &scope.target()).await? {
        let level = column::text(&found, "level")?;
        return match Role::read(&level, &name, &column::text(&found, "allows")?) {
            Some(role) => escalation::require_role(tx, &name, &role, scope).await,
            None => Ok(()),
        };
    }
    Err(Error::forbidden(format!(
        "Inviting somebody with the role '{name}' requires permission to assign it. Invite with the role '{}'.",
        ORGANIZATION_MEMBER.name
    )))
}
