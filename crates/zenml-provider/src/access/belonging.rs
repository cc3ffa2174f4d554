//! Checks that a principal belongs to the organization of a role assignment.

use tfkit::model::{Model, Token};
use tfkit::{Diag, Maybe, OrServer, Path, Plan};
use zenml_api::control::team;
use zenml_api::{OrganizationId, WorkspaceId};
use zenml_client::{ApiError, Optional as _};

use super::home::Home;
use super::people;
use super::principal::Principal;
use crate::client::Client;
use crate::control;
use crate::id::Id;

/// Rejects in the plan an account that cannot hold roles in a home. Teams are not checked: each check would cost a
/// request, and the server rejects a wrong team early enough.
pub async fn check_account<H: Home>(
    client: &Client,
    home: Maybe<Id<H>>,
    principal: Option<Principal>,
) -> Result<(), Diag> {
    if !H::FOR_MEMBERS {
        return Ok(());
    }
    let Some(principal) = principal.filter(|principal| principal.account().is_some()) else { return Ok(()) };
    let Some(Id(home)) = home.known() else { return Ok(()) };
    let Ok(Some(organization)) = home.organization(client).await else { return Ok(()) };
    missing_in(client, organization, principal).await.map_or(Ok(()), Err)
}

/// The same for the planned principal of an object in a workspace, which the provider block can select.
pub async fn check_planned<M: Model>(
    client: &Client,
    plan: &Plan<M>,
    own: Token<M, OrServer<Id<WorkspaceId>>>,
) -> Result<(), Diag> {
    let workspace = match plan.get(own).known() {
        None if plan.config().get(own).is_null() => control::workspace::default(client).await?.map(Id),
        known => known,
    };
    let workspace = workspace.map_or(Maybe::Unknown, Maybe::Known);
    check_account(client, workspace, Principal::planned(plan.planned())).await
}

/// Returns the diagnostic of a rejected assignment, at the principal if that is the reason.
pub async fn explained<H: Home>(
    client: &Client,
    home: H,
    principal: Principal,
    error: &ApiError,
    otherwise: Diag,
) -> Diag {
    let is_possible = matches!(error, ApiError::NotFound(_) | ApiError::Forbidden(_) | ApiError::Invalid(_));
    if !is_possible || !(H::FOR_MEMBERS || principal.team().is_some()) {
        return otherwise;
    }
    let Ok(Some(organization)) = home.organization(client).await else { return otherwise };
    // The cached list still contains accounts that have left since the plan.
    people::forget(client, organization);
    let missing = missing_in(client, organization, principal).await;
    match (missing, error.call()) {
        (Some(diag), Some(call)) => diag.trace(call.to_string()),
        (missing, _) => missing.unwrap_or(otherwise),
    }
}

/// Returns why a principal cannot hold roles in an organization, at its attribute; `None` if it can, or if this is
/// unknown. An account must belong to the organization, and a team must exist.
async fn missing_in(client: &Client, organization: OrganizationId, principal: Principal) -> Option<Diag> {
    let is_missing = match (principal.account(), principal.team()) {
        (Some(account), _) => people::belongs(client, organization, account).await == Some(false),
        (None, Some(team)) => {
            let found = client.control_plane().ok()?.call(&team::GET, team).await.optional();
            matches!(found, Ok(None))
        }
        (None, None) => false,
    };
    is_missing.then(|| missing(organization, principal))
}

fn missing(organization: OrganizationId, principal: Principal) -> Diag {
    let diag = match principal {
        Principal::Team(id) => Diag::error(format!("The organization has no team {id}"))
            .why(format!("The team was deleted, or it belongs to another organization than {organization}."))
            .fix("Remove this assignment, or use a team of the organization."),
        Principal::User(_) | Principal::ServiceAccount(_) => {
            let words = if principal.user().is_some() { "user" } else { "service account" };
            let id = principal.account().map(|id| id.to_string()).unwrap_or_default();
            Diag::error(format!("The {words} {id} is not in the organization"))
                .why(format!(
                    "Only members of the organization {organization} can hold a role in it. This account has \
                     left it, or was never a member."
                ))
                .fix("Remove this assignment, or give the account a role in the organization again.")
        }
    };
    diag.at(Path::root().attr(principal.attribute()))
}
