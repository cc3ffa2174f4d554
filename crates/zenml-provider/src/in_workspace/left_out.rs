//! Attributes that are not configured.

use std::collections::BTreeMap;

use tfkit::field::Value;
use tfkit::model::{Model, Token};
use tfkit::{Dyn, OrServer, Path, Plan};

/// Plans an attribute that is not configured as null, unless it is empty in the state, which means the same: states
/// of earlier releases contain empty maps for attributes that were not configured. A plan can keep them only if the
/// attribute is computed.
pub fn left_out<M: Model, T: Value>(plan: &mut Plan<M>, attribute: Token<M, OrServer<T>>) {
    if plan.is_delete() || !plan.config().get(attribute).is_null() {
        return;
    }
    let prior = plan.prior().map(|prior| prior.to_object().attribute(attribute.name()).clone());
    if prior.is_some_and(|prior| prior.as_map().is_some_and(BTreeMap::is_empty)) {
        plan.keep(attribute);
    } else {
        plan.set_null(attribute);
    }
}

/// Completes a state of the Go provider, which lacks newer attributes. Its releases 1 and 2 wrote the same state for
/// no labels and for an empty map, and Terraform does not accept a null plan for a configured map. An empty map can
/// stay in both cases: see [`left_out`].
pub fn inherited(mut state: Dyn) -> Dyn {
    let labels = Path::default().attr("labels");
    if state.get(&labels).is_some_and(Dyn::is_null) {
        state.set_at(&labels, Dyn::Map(BTreeMap::new()));
    }
    state
}

/// Plans an attribute that a new object does not configure as null. Later, it is managed elsewhere: it is declared as
/// `stable`, so that it stays as it is in the state.
pub fn left_alone<M: Model, T: Value>(plan: &mut Plan<M>, attribute: Token<M, OrServer<T>>) {
    if plan.is_create() && plan.config().get(attribute).is_null() {
        plan.set_null(attribute);
    }
}
