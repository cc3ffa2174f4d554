//! The plan of service connectors.

use tfkit::field::Field;
use tfkit::model::Token;
use tfkit::{Cx, Dyn, Plan};
use zenml_api::ConnectorId;
use zenml_api::paging::PageQuery as _;
use zenml_api::workspace::component::{self, ComponentQuery};
use zenml_client::{Api, ApiError};

use super::ServiceConnector as Connector;
use super::settings::{self, Settings};
use crate::client::Client;
use crate::in_workspace::left_out;
use crate::in_workspace::scope::{self, Reach};
use crate::in_workspace::write;

/// Clears attributes that are not configured, and keeps computed ones if there is nothing to send.
pub(super) fn plan(plan: &mut Plan<Connector>) {
    if plan.is_delete() {
        return;
    }
    left_out::left_out(plan, Connector::LABELS);
    left_out::left_alone(plan, Connector::DESCRIPTION);
    if !plan.is_update() {
        return;
    }
    keep_same_settings(plan);
    if sends(plan) {
        return;
    }
    plan.keep(Connector::UPDATED);
    plan.keep(Connector::RESOURCE_TYPE);
    plan.keep(Connector::WORKSPACE_ID);
}

/// Plans no change for a configuration that the server would store as it is.
fn keep_same_settings(plan: &mut Plan<Connector>) {
    if !plan.changes(Connector::CONFIGURATION)
        || plan.changes(Connector::TYPE)
        || plan.changes(Connector::AUTH_METHOD)
    {
        return;
    }
    let wanted = plan.config().dyn_of(Connector::CONFIGURATION);
    let Dyn::Map(members) = wanted else { return };
    if !wanted.wholly_known() {
        return;
    }
    let wanted: Settings =
        members.iter().map(|(key, value)| (key.clone(), value.as_str().map(str::to_owned))).collect();
    let found = plan.prior().and_then(|prior| prior.configuration.value());
    if found.is_some_and(|found| settings::same_settings(&wanted, found.expose())) {
        plan.keep(Connector::CONFIGURATION);
    }
}

/// Replaces a connector in use if its resource changes. A server rejects that change in place while components use
/// the connector.
pub(super) async fn other_resource(cx: &Cx<Client>, plan: &mut Plan<Connector>) {
    if !plan.changes(Connector::RESOURCE_ID) {
        return;
    }
    let Some(prior) = plan.prior() else { return };
    let (Some(id), home) = (prior.id.as_ref().map(|id| id.0), write::home_of(prior)) else { return };
    // If the server is not available, a replacement works in each case.
    let is_used = match scope::reach(cx, home).await {
        Ok(Reach::Open(server)) => is_used(&server.api, id).await.unwrap_or(true),
        _ => true,
    };
    if is_used {
        plan.replace_because(
            Connector::RESOURCE_ID,
            "Components use the connector, and a ZenML server does not change the resource of such a connector in \
             place. The components get the new connector.",
        );
    }
}

async fn is_used(api: &Api, id: ConnectorId) -> Result<bool, ApiError> {
    let query = ComponentQuery { connector_id: vec![id.to_string()], ..ComponentQuery::default() };
    api.send(&component::LIST, (), query.at(1, 1), ()).await.map(|users| users.total > 0)
}

/// Returns whether the change is sent to the server.
fn sends(plan: &Plan<Connector>) -> bool {
    fn configured<F: Field>(plan: &Plan<Connector>, token: Token<Connector, F>) -> bool {
        !plan.config().get(token).is_null() && plan.changes(token)
    }
    let config = plan.config();
    let sets_configuration =
        !config.get(Connector::CONFIGURATION).is_null() || !config.get(Connector::CONFIGURATION_WO).is_null();
    plan.changes(Connector::NAME)
        || plan.changes(Connector::RESOURCE_ID)
        || plan.changes(Connector::DESCRIPTION)
        || plan.changes(Connector::LABELS)
        || plan.changes(Connector::EXPIRATION_SECONDS)
        || configured(plan, Connector::WORKSPACE_ID)
        || configured(plan, Connector::RESOURCE_TYPE)
        || configured(plan, Connector::EXPIRES_AT)
        || configured(plan, Connector::EXPIRES_SKEW_TOLERANCE)
        || sets_configuration && plan.changes(Connector::CONFIGURATION)
        || sets_configuration && plan.changes(Connector::CONFIGURATION_WO_VERSION)
}
