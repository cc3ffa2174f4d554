//! Attributes that the configuration leaves out.

use std::collections::BTreeMap;

use tfkit::field::Value;
use tfkit::model::{Model, Token};
use tfkit::{Dyn, OrServer, Path, Plan};

/// Plans an attribute that the configuration leaves out as null, unless the state has it empty, which is the same: states
/// of earlier releases have empty maps where nothing was configured. A plan may only keep them where the host takes the
/// attribute for one that the server can fill.
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

/// Completes a state of the Go provider, which does not know all attributes of today. Its releases 1 and 2 wrote the same
/// whether no labels or an empty map of them were configured, and no host lets a plan be null where the configuration has
/// a map. An empty one may stay in both cases: see [`left_out`].
pub fn inherited(mut state: Dyn) -> Dyn {
    let labels = Path::default().attr("labels");
    if state.get(&labels).is_some_and(Dyn::is_null) {
        state.set_at(&labels, Dyn::Map(BTreeMap::new()));
    }
    state
}

/// Plans an attribute that the configuration leaves out as the state has it: it is managed elsewhere, and the Go provider,
/// whose states are taken over, does not know it. A new object has none.
pub fn left_alone<M: Model, T: Value>(plan: &mut Plan<M>, attribute: Token<M, OrServer<T>>) {
    if plan.is_delete() || !plan.config().get(attribute).is_null() {
        return;
    }
    if plan.is_update() {
        plan.keep(attribute);
    } else {
        plan.set_null(attribute);
    }
}
