//! Requests about service accounts.

use tfkit::Diag;
use zenml_api::control::service_account::{self as api, ServiceAccountQuery, ServiceAccountUpdate};
use zenml_api::{IdOrName, OrganizationId, ServiceAccountId};
use zenml_client::{ApiError, Optional as _, Pages};

use crate::client::Client;
use crate::control;
use crate::failure::{Needs, cannot};

/// Returns a page of the accounts of an organization, and the start of the next one.
pub(super) async fn page(
    client: &Client,
    organization: OrganizationId,
    from: u64,
) -> Result<(Vec<api::ServiceAccount>, Option<u64>), Diag> {
    let query = ServiceAccountQuery::default();
    let mut accounts = Pages::new(client.control_plane()?, &api::LIST, organization, query).from(from);
    let page = accounts.next().await.map_err(|error| unlisted(&error))?;
    Ok((page.unwrap_or_default(), accounts.position()))
}

/// Returns the account of an import id of the form `[ORGANIZATION/]ID` or `[ORGANIZATION/]NAME`.
pub(crate) async fn named(client: &Client, text: &str) -> Result<(OrganizationId, ServiceAccountId), Diag> {
    let (organization, account) = match text.split_once('/') {
        Some((organization, account)) => (Some(organization), account),
        None => (None, text),
    };
    if account.trim().is_empty() || account.contains('/') || organization.is_some_and(str::is_empty) {
        return Err(Diag::error(format!("Invalid import id {text:?}"))
            .why("Import ids of this type have the format ID, NAME, ORGANIZATION/ID or ORGANIZATION/NAME.")
            .fix("The organization can be an id or a name."));
    }
    control::service_account::written(client, organization, account).await
}

/// Changes an account.
pub(super) async fn update(
    client: &Client,
    organization: OrganizationId,
    account: &api::ServiceAccount,
    change: ServiceAccountUpdate,
) -> Result<api::ServiceAccount, Diag> {
    let name = &account.username;
    let of = (organization, IdOrName::Id(account.id));
    let changed = client.control_plane()?.send(&api::UPDATE, of, (), change).await.optional();
    changed.map_err(|error| failed("change", name, &error))?.ok_or_else(|| {
        Diag::error(format!("Service account {name:?} disappeared"))
            .why("The control plane no longer finds it. Somebody may have deleted it.")
            .fix("Run the command again to re-create it.")
    })
}

pub(super) fn failed(verb: &str, name: &str, error: &ApiError) -> Diag {
    cannot(format_args!("{verb} service account {name:?}"), Needs::ORGANIZATION_ADMIN, error)
}

pub(super) fn unlisted(error: &ApiError) -> Diag {
    cannot("list the service accounts", Needs::ORGANIZATION_ADMIN, error)
}
