//! What a plan can say of a connector before it is made or changed.

use std::collections::BTreeMap;

use tfkit::field::{Field, Value};
use tfkit::model::Token;
use tfkit::{OrServer, Plan};

use super::ServiceConnector as Connector;

/// Clears what is left out, and promises that what the server computes stays where nothing is sent.
pub(super) fn plan(plan: &mut Plan<Connector>) {
    if plan.is_delete() {
        return;
    }
    left_out(plan, Connector::LABELS, |prior| prior.labels.as_ref().is_some_and(BTreeMap::is_empty));
    left_out(plan, Connector::DESCRIPTION, |prior| prior.description.as_ref().is_some_and(String::is_empty));
    if !plan.is_update() {
        return;
    }
    // What is not set here an update sends as the state has it.
    if plan.config().get(Connector::EXPIRES_AT).is_null() {
        plan.keep(Connector::EXPIRES_AT);
    }
    if plan.config().get(Connector::EXPIRES_SKEW_TOLERANCE).is_null() {
        plan.keep(Connector::EXPIRES_SKEW_TOLERANCE);
    }
    if sends(plan) {
        return;
    }
    plan.keep(Connector::UPDATED);
    plan.keep(Connector::USER);
    plan.keep(Connector::RESOURCE_TYPE);
    plan.keep(Connector::WORKSPACE_ID);
}

/// An attribute without a configuration is null, unless the state has it empty, which is the same.
fn left_out<T: Value>(
    plan: &mut Plan<Connector>,
    token: Token<Connector, OrServer<T>>,
    is_empty: fn(&Connector) -> bool,
) {
    if !plan.config().get(token).is_null() {
        return;
    }
    if plan.prior().is_some_and(is_empty) {
        plan.keep(token);
    } else {
        plan.set_null(token);
    }
}

/// Whether the change is one that the server learns of.
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
