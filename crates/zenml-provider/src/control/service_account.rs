//! Service accounts of an organization.

use tfkit::Diag;
use zenml_api::control::service_account::{self as api, ServiceAccount};
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
