//! Shares: what principals may do with single objects, beyond their roles.
//!
//! A share in the API is the complete set of a principal's actions on an object. Several resources can add to it: a role
//! on each stack that contains the object, and a share of the object itself. The union of all holds, and removing one
//! leaves what the others need ([`need`]). Roles on other stacks are read from the server; what other resources of the
//! same run want is remembered ([`wishes`]).

pub(crate) mod change;
pub(crate) mod contents;
pub(crate) mod holder;
pub(crate) mod ledger;
pub(crate) mod need;
pub(crate) mod shares;
pub(crate) mod wishes;

use tfkit::Diag;
use zenml_api::WorkspaceId;

use crate::client::Client;
use crate::control;
use crate::id::Id;

/// Returns the workspace of a list of shares, otherwise that of the provider block. `what` is listed.
pub(crate) async fn workspace_of_list(
    client: &Client,
    own: Option<Id<WorkspaceId>>,
    what: &str,
) -> Result<WorkspaceId, Diag> {
    if let Some(Id(own)) = own {
        return Ok(own);
    }
    control::workspace::default(client).await?.ok_or_else(|| {
        Diag::error(format!("No workspace selected for the list of {what}"))
            .why("Neither the list nor the provider block sets workspace_id.")
            .fix("Set it in the list:\n  config {\n    workspace_id = \"ID\"\n  }")
            .at("workspace_id")
    })
}
