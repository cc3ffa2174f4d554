//! Checks that a principal belongs to the organization of a role assignment.

use tfkit::{Diag, Maybe, Path};
use zenml_api::control::{team, user};
use zenml_api::{IdOrName, OrganizationId};
use zenml_client::{ApiError, Optional as _};

use super::home::Home;
use super::invitation::place_of;
use super::people;
use super::principal::Principal;
use crate::client::Client;
use crate::id::Id;

/// Rejects in the plan an account that cannot hold roles in a home. Teams are not checked: each check would cost a
/// request, and the server rejects a wrong team early enough.
///
/// Email addresses are not checked either: another resource of the same apply may invite the person.
pub async fn check_account<H: Home>(
    client: &Client,
    home: Maybe<Id<H>>,
    principal: Option<Principal>,
) -> Result<(), Diag> {
    if let Some(email) =
        principal.as_ref().and_then(Principal::email).filter(|email| !people::is_email(email))
    {
        return Err(malformed_email(email));
    }
    if !H::FOR_MEMBERS {
        return Ok(());
    }
    let Some(principal) = principal.filter(|principal| principal.account().is_some()) else { return Ok(()) };
    let Some(Id(home)) = home.known() else { return Ok(()) };
    let Ok(Some(organization)) = home.organization(client).await else { return Ok(()) };
    missing_in(client, organization, &principal).await.map_or(Ok(()), Err)
}

/// Returns the diagnostic of a rejected assignment, at the principal if that is the reason.
pub async fn explained<H: Home>(
    client: &Client,
    home: H,
    principal: &Principal,
    error: &ApiError,
    otherwise: Diag,
) -> Diag {
    let is_possible = matches!(error, ApiError::NotFound(_) | ApiError::Forbidden(_) | ApiError::Invalid(_));
    if !is_possible {
        return otherwise;
    }
    let Ok(Some(organization)) = home.organization(client).await else { return otherwise };
    // The cached list still contains accounts that have left since the plan.
    people::forget(client, organization);
    let missing = if H::FOR_MEMBERS || principal.team().is_some() {
        missing_in(client, organization, principal).await
    } else {
        missing_anywhere(client, organization, principal).await
    };
    match (missing, error.call()) {
        (Some(diag), Some(call)) => diag.trace(call.to_string()),
        (missing, _) => missing.unwrap_or(otherwise),
    }
}

/// Returns why a principal cannot hold roles in an organization, at its attribute; `None` if it can, or if this is
/// unknown. An account must belong to the organization, a team must exist, and an email address must be that of somebody who
/// is a member or invited.
async fn missing_in(client: &Client, organization: OrganizationId, principal: &Principal) -> Option<Diag> {
    if let Some(email) = principal.email() {
        let place = place_of(client, organization, email).await;
        return matches!(place, Ok(None)).then(|| unknown_email(organization, email));
    }
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

/// Returns why an account cannot become a member of an organization, at its attribute; `None` if it can, or if this is
/// unknown. It must exist.
async fn missing_anywhere(
    client: &Client,
    organization: OrganizationId,
    principal: &Principal,
) -> Option<Diag> {
    let account = principal.account()?;
    if people::belongs(client, organization, account).await != Some(false) {
        return None;
    }
    let found = client.control_plane().ok()?.call(&user::GET, IdOrName::Id(account)).await.optional();
    let words = if principal.user().is_some() { "user" } else { "service account" };
    let is_missing = matches!(found, Ok(None));
    is_missing.then(|| {
        Diag::error(format!("There is no {words} {account}"))
            .why("The control plane does not find this account, or does not show it to this key.")
            .fix(format!("Correct {}, or remove this assignment.", principal.attribute()))
            .at(Path::root().attr(principal.attribute()))
    })
}

/// Returns the error for a string that is not an email address.
pub fn malformed_email(email: &str) -> Diag {
    Diag::error(format!("{email:?} is not an email address"))
        .why("An address has a name and a domain, such as ann@example.com.")
        .fix("Correct the address.")
        .at(Path::root().attr("email"))
}

/// Returns the error for an address of nobody who is a member or invited.
pub fn unknown_email(organization: OrganizationId, email: &str) -> Diag {
    Diag::error(format!("{email:?} is neither a member of the organization nor invited"))
        .why(format!("The organization {organization} has no member and no open invitation with this address."))
        .fix(
            "Check the spelling. To invite a new person in the same apply, refer to the invitation:\n  email = \
             zenml_organization_member.NAME.email",
        )
        .at(Path::root().attr("email"))
}

fn missing(organization: OrganizationId, principal: &Principal) -> Diag {
    let diag = match principal {
        Principal::Team(id) => Diag::error(format!("The organization has no team {id}"))
            .why(format!("The team was deleted, or it belongs to another organization than {organization}."))
            .fix("Remove this assignment, or use a team of the organization."),
        Principal::Email(email) => unknown_email(organization, &email.0),
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
