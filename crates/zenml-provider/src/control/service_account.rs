//! Service accounts of an organization.

use tfkit::Diag;
use zenml_api::control::service_account::{self as api, ServiceAccount, ServiceAccountQuery};
use zenml_api::{IdOrName, OrganizationId, ServiceAccountId};
use zenml_client::Optional as _;

use crate::client::Client;
use crate::failure::{Needs, cannot};

/// Returns an account by its id or its name.
pub(crate) async fn find(
    client: &Client,
    organization: OrganizationId,
    wanted: IdOrName<ServiceAccountId>,
) -> Result<Option<ServiceAccount>, Diag> {
    let found = client.control_plane()?.call(&api::GET, (organization, wanted.clone())).await.optional();
    found.map_err(|error| {
        cannot(
            format_args!("read service account {:?}", wanted.to_string()),
            Needs::ORGANIZATION_ADMIN,
            &error,
        )
    })
}

/// Makes sure that something that was not found is deleted and not hidden: the same credential must have access to its
/// organization and to the service accounts of it. `what` describes it, such as `the service account "robot"`.
pub(crate) async fn gone_from(client: &Client, organization: OrganizationId, what: &str) -> Result<(), Diag> {
    if super::organization::find(client, organization).await?.is_none() {
        return super::organization::gone_from(client, organization, what).await;
    }
    // An account without permission finds no service account. Unlike a read, a list says so.
    let query = ServiceAccountQuery { limit: Some(1), ..ServiceAccountQuery::default() };
    let listed = client.control_plane()?.send(&api::LIST, organization, query, ()).await;
    listed.map(drop).map_err(|error| cannot("list the service accounts", Needs::ORGANIZATION_ADMIN, &error))
}

/// Returns the account of an import id, with its organization. Each of the two is an id or a name.
pub(crate) async fn written(
    client: &Client,
    organization: Option<&str>,
    account: &str,
) -> Result<(OrganizationId, ServiceAccountId), Diag> {
    let organization = super::organization::written(client, organization).await?;
    let id = match IdOrName::parse(account) {
        IdOrName::Id(id) => id,
        name @ IdOrName::Name(_) => {
            find(client, organization, name).await?.ok_or_else(|| missing(organization, account))?.id
        }
    };
    Ok((organization, id))
}

/// Returns the diagnostic for an account that was not found.
pub(crate) fn missing(organization: OrganizationId, wanted: &str) -> Diag {
    Diag::error(format!("There is no service account {wanted:?}"))
        .why(format!("The organization {organization} does not have it, or the key has no access to it."))
        .fix("Correct the id or the name, or set organization_id.")
}
