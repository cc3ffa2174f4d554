//! What a plan can say of a connector before it is made or changed.

use tfkit::Plan;
use tfkit::field::Field;
use tfkit::model::Token;

use super::ServiceConnector as Connector;
use crate::object;

/// Clears what is left out, and promises that what the server computes stays where nothing is sent.
pub(super) fn plan(plan: &mut Plan<Connector>) {
    if plan.is_delete() {
        return;
    }
    object::left_out(plan, Connector::LABELS);
    object::left_alone(plan, Connector::DESCRIPTION);
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
