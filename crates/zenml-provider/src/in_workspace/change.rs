//! Changes of single attributes, as an update sends them.

use tfkit::OrServer;
use tfkit::field::Value;
use zenml_api::Patch;

/// Returns the change of an attribute that the server fills if it is not configured.
pub fn chosen<T: Value + Clone + PartialEq>(prior: &OrServer<T>, plan: &OrServer<T>) -> Patch<T> {
    match plan.as_ref() {
        Some(wanted) if prior.as_ref() != Some(wanted) => Patch::Set(wanted.clone()),
        _ => Patch::Keep,
    }
}

/// Returns a change, unless it is empty.
pub fn any<C: Default + PartialEq>(change: C) -> Option<C> {
    Some(change).filter(|change| *change != C::default())
}
