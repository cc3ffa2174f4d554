//! How somebody gets a place in an organization.

use tfkit::{Cx, Diag, LockGuard};
use zenml_api::control::invitation::{self as api, InvitationCreate};
use zenml_api::control::role::Role;
use zenml_api::{OrganizationId, RoleId};
use zenml_client::ApiError;

use super::known::{Standing, forget, open, standing};
use super::place::Place;
use crate::access::{membership, people};
use crate::client::Client;
use crate::creation;
use crate::failure::{Needs, cannot};

/// The right to invite people to an organization and to delete invitations. Only one operation of a run has it, so that
/// none deletes an invitation that another one has found and is about to use.
#[derive(Debug)]
pub struct Exclusive {
    pub(super) organization: OrganizationId,
    _held: LockGuard,
}

/// Waits for the right to change the invitations of an organization.
pub async fn exclusive(cx: &Cx<Client>, organization: OrganizationId) -> Exclusive {
    let held = cx.lock(format!("invitations/{organization}")).await;
    Exclusive { organization, _held: held }
}

/// A place in an organization that an operation has found or created.
#[derive(Clone, Copy, Debug)]
pub struct Admitted {
    /// The place.
    pub place: Place,
    /// Whether the operation itself created it.
    pub is_new: bool,
    /// The role that was asked for.
    pub role: RoleId,
}

/// Gives somebody who is not a member a place in an organization: a role for an account that is not known to be invited,
/// otherwise an invitation. Somebody who declined, or whose invitation expired, is only asked again.
pub async fn admit(
    client: &Client,
    exclusive: &Exclusive,
    email: &str,
    role: &Role,
) -> Result<Admitted, Diag> {
    let organization = exclusive.organization;
    match standing(client, organization, email).await? {
        Standing::Invited(invitation) => {
            Ok(Admitted { place: Place::Invitation(invitation.id), is_new: false, role: role.id })
        }
        Standing::Outside(account) | Standing::Left(Some(account)) => {
            let is_new = membership::grant(client, organization, account, role).await?;
            Ok(Admitted { place: Place::Account(account), is_new, role: role.id })
        }
        Standing::Expired | Standing::Declined | Standing::Left(None) | Standing::Unknown => {
            invite(client, exclusive, email, role).await
        }
    }
}

/// Creates an invitation. One that exists after all, because the response was lost or somebody else was faster, is
/// used.
pub async fn invite(
    client: &Client,
    exclusive: &Exclusive,
    email: &str,
    role: &Role,
) -> Result<Admitted, Diag> {
    let organization = exclusive.organization;
    let create = InvitationCreate { email: email.to_owned(), role_id: role.id };
    let answer = client.control_plane()?.send(&api::CREATE, organization, (), create).await;
    forget(client, organization);
    let admitted = |place, is_new| Admitted { place, is_new, role: role.id };
    let error = match answer {
        Ok(invitation) => return Ok(admitted(Place::Invitation(invitation.id), true)),
        Err(error) => error,
    };
    let is_lost = error.outcome_unknown();
    if !is_lost && !matches!(error, ApiError::Conflict(_)) {
        return Err(uninvited(email, &error));
    }
    match open(client, organization, email).await {
        Ok(Some(invitation)) => Ok(admitted(Place::Invitation(invitation.id), is_lost)),
        // The person may have become a member in the meantime.
        Ok(None) => {
            people::forget(client, organization);
            let found = people::look_up(client, organization, [email], []).await?;
            match found.known.get(email) {
                Some(account) => Ok(admitted(Place::Account(*account), false)),
                None => Err(uninvited(email, &error)),
            }
        }
        Err(diag) if is_lost => Err(creation::may_exist(diag, &error)),
        Err(diag) => Err(diag),
    }
}

fn uninvited(email: &str, error: &ApiError) -> Diag {
    cannot(format_args!("invite {email:?} to the organization"), Needs::ORGANIZATION_ADMIN, error)
}
