//! How a place in an organization is taken back.

use std::collections::BTreeSet;

use tfkit::Diag;
use zenml_api::InvitationId;
use zenml_api::control::invitation::{self as api, Invitation};
use zenml_api::control::role;
use zenml_client::Optional as _;

use super::admission::{Admitted, Exclusive};
use super::known::{forget, pending_by_id};
use super::place::{Place, roles_of, teams_of};
use crate::access::people::{self, canonical};
use crate::client::Client;
use crate::failure::{Needs, cannot};

/// Deletes an invitation, with its teams and roles.
pub async fn delete(client: &Client, exclusive: &Exclusive, id: InvitationId) -> Result<(), Diag> {
    forget(client, exclusive.organization);
    let gone = client.control_plane()?.call(&api::DELETE, (exclusive.organization, id)).await.optional();
    gone.map(drop).map_err(|error| {
        cannot(format_args!("delete the invitation {id}"), Needs::ORGANIZATION_ADMIN, &error)
    })
}

/// Deletes an open invitation, unless a team contains it, it has roles of its own, or its address is one of `kept`.
/// Returns the invitation if it stays open.
pub async fn withdraw(
    client: &Client,
    exclusive: &Exclusive,
    id: InvitationId,
    kept: &BTreeSet<String>,
) -> Result<Option<Invitation>, Diag> {
    let Some(invitation) = pending_by_id(client, exclusive.organization, id).await? else {
        return Ok(None);
    };
    if kept.contains(&canonical(&invitation.email))
        || is_needed(client, exclusive, Place::Invitation(id), None).await?
    {
        return Ok(Some(invitation));
    }
    delete(client, exclusive, id).await.map(|()| None)
}

/// Returns whether a team contains a place, or it has another role than `own` in the organization.
async fn is_needed(
    client: &Client,
    exclusive: &Exclusive,
    place: Place,
    own: Option<zenml_api::RoleId>,
) -> Result<bool, Diag> {
    if !teams_of(client, exclusive.organization, place).await?.is_empty() {
        return Ok(true);
    }
    let roles = roles_of(client, exclusive.organization, place).await?;
    Ok(roles.iter().any(|assignment| assignment.workspace_id.is_some() || Some(assignment.role.id) != own))
}

/// Takes back a place that an operation created before it failed, unless something else uses it by now.
pub async fn undo(
    client: &Client,
    exclusive: &Exclusive,
    admitted: Admitted,
    kept: &BTreeSet<String>,
) -> Result<(), Diag> {
    let Admitted { place, is_new, role } = admitted;
    match place {
        _ if !is_new => Ok(()),
        Place::Invitation(id) => withdraw(client, exclusive, id, kept).await.map(drop),
        Place::Account(_) if is_needed(client, exclusive, place, Some(role)).await? => Ok(()),
        Place::Account(account) => {
            people::forget(client, exclusive.organization);
            let query = role::AssignmentQuery { user_id: Some(account), ..role::AssignmentQuery::default() };
            let gone = client.control_plane()?.send(&role::REVOKE, role, query, ()).await.optional();
            gone.map(drop).map_err(|error| {
                cannot(format_args!("revoke the role of {place}"), Needs::ORGANIZATION_ADMIN, &error)
            })
        }
    }
}
