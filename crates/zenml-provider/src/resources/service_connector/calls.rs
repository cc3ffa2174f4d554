//! Requests for service connectors, and their errors.

use tfkit::{Cx, Diag};
use zenml_api::workspace::connector::Connector;
use zenml_client::ApiError;

use super::{HeldConnectors, ServiceConnector};
use crate::client::Client;
use crate::failure::{Needs, cannot};
use crate::in_workspace::scope::Server;
use crate::in_workspace::{InWorkspace as _, read};
use crate::succession::{finish, retired, with_retired};

/// Returns the retired predecessor of a connector that is about to be created, if there is one. Fails if the name is
/// taken.
pub(super) async fn predecessor(
    cx: &Cx<Client>,
    server: &Server,
    plan: &ServiceConnector,
) -> Result<Option<Connector>, Diag> {
    let found = read::all::<ServiceConnector>(&server.api, plan.namesakes(with_retired(&plan.name))).await;
    let mut found = found.map_err(|error| plan.unlisted(&error))?;
    found.retain(|connector| connector.name == plan.name || plan.can_follow(connector));
    let of_name = |name: &str| found.iter().find(|connector| connector.name == name);
    let predecessor = of_name(&retired(&plan.name));
    if let Some(existing) = of_name(&plan.name) {
        finish::<HeldConnectors, _, _, _>(cx, server, predecessor, existing).await;
        return Err(plan.exists(server, Some(existing)));
    }
    Ok(predecessor.cloned())
}

pub(super) fn failed(verb: &str, name: &str, error: &ApiError) -> Diag {
    cannot(format_args!("{verb} service connector {name:?}"), Needs::WORKSPACE_ADMIN, error)
}
