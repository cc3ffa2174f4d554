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
    super::organization::gone_from(client, organization, what).await?;
    // An account without permission finds no service account. Unlike a read, a list says so.
    let query = ServiceAccountQuery { limit: Some(1), ..ServiceAccountQuery::default() };
    let listed = client.control_plane()?.send(&api::LIST, organization, query, ()).await;
    listed.map(drop).map_err(|error| cannot("list the service accounts", Needs::ORGANIZATION_ADMIN, &error))
}
