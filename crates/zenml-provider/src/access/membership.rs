//! How an account becomes a member of an organization.

use tfkit::Diag;
use zenml_api::control::role::{self as api, AssignmentQuery, Role, ScopeQuery};
use zenml_api::{OrganizationId, UserId};
use zenml_client::ApiError;

use super::people;
use super::principal::Principal;
use crate::client::Client;
use crate::creation;
use crate::failure::{Needs, cannot};

/// Gives an account a role in an organization. Returns whether it did not have the role before.
pub async fn grant(
    client: &Client,
    organization: OrganizationId,
    account: UserId,
    role: &Role,
) -> Result<bool, Diag> {
    let query = AssignmentQuery { user_id: Some(account), ..AssignmentQuery::default() };
    let granted = client.control_plane()?.send(&api::ASSIGN, role.id, query, ()).await;
    people::forget(client, organization);
    let name = role.name.as_deref().unwrap_or_default();
    let failed = |error: &ApiError| {
        cannot(format_args!("give the user {account} the role {name:?}"), Needs::ORGANIZATION_ADMIN, error)
    };
    match granted {
        Ok(_) => Ok(true),
        Err(error) if error.outcome_unknown() => match has(client, account, role).await {
            Ok(true) => Ok(true),
            Ok(false) => Err(failed(&error)),
            Err(diag) => Err(creation::may_exist(diag, &error)),
        },
        Err(ApiError::Conflict(_)) => Ok(false),
        Err(error) => Err(failed(&error)),
    }
}

/// Returns whether an account has a role in the organization itself.
async fn has(client: &Client, account: UserId, role: &Role) -> Result<bool, Diag> {
    let held = client.control_plane()?.send(&api::ASSIGNMENTS, role.id, ScopeQuery::default(), ()).await;
    let held = held.map_err(|error| {
        cannot(format_args!("look for the roles of the user {account}"), Needs::ORGANIZATION_VIEWER, &error)
    })?;
    let principal = Principal::User(account);
    Ok(held.iter().any(|assignment| assignment.workspace_id.is_none() && principal.holds(assignment)))
}
