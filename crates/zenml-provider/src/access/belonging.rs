//! Whether a principal belongs to the organization in which it is to hold something.

use tfkit::{Diag, Maybe, Path};
use zenml_api::OrganizationId;
use zenml_api::control::team;
use zenml_client::{ApiError, Optional as _};

use super::home::Home;
use super::people;
use super::principal::Principal;
use crate::client::Client;
use crate::id::Id;

/// Refuses in the plan an account that can hold nothing in a home. A team is not asked for: a refusal by the server
/// names it early enough, and each one would cost a request.
pub async fn check_account<H: Home>(
    client: &Client,
    home: Maybe<Id<H>>,
    principal: Option<Principal>,
) -> Result<(), Diag> {
    let Some(principal) = principal.filter(|principal| principal.account().is_some()) else { return Ok(()) };
    let Some(Id(home)) = home.known() else { return Ok(()) };
    let Ok(Some(organization)) = home.organization(client).await else { return Ok(()) };
    missing_in(client, organization, principal).await.map_or(Ok(()), Err)
}

/// The diagnostic of a refused grant: that of the principal where it is the reason.
pub async fn explained<H: Home>(
    client: &Client,
    home: H,
    principal: Principal,
    error: &ApiError,
    otherwise: Diag,
) -> Diag {
    if !matches!(error, ApiError::NotFound(_) | ApiError::Forbidden(_) | ApiError::Invalid(_)) {
        return otherwise;
    }
    let Ok(Some(organization)) = home.organization(client).await else { return otherwise };
    // Whoever left after the plan is still in the list that it was made with.
    people::forget(client, organization);
    let missing = missing_in(client, organization, principal).await;
    match (missing, error.call()) {
        (Some(diag), Some(call)) => diag.trace(call.to_string()),
        (missing, _) => missing.unwrap_or(otherwise),
    }
}

/// Why a principal can hold nothing in an organization, at the attribute that names it; none while it can, or where
/// nobody can tell. An account must belong to the organization, and a team must be there.
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
