//! What an update sends of one attribute.

use tfkit::OrServer;
use tfkit::field::Value;
use zenml_api::Patch;

/// The change of an attribute that the server fills where the configuration leaves it out.
pub fn chosen<T: Value + Clone + PartialEq>(prior: &OrServer<T>, plan: &OrServer<T>) -> Patch<T> {
    match plan.as_ref() {
        Some(wanted) if prior.as_ref() != Some(wanted) => Patch::Set(wanted.clone()),
        _ => Patch::Keep,
    }
}

/// A change, if there is any.
pub fn any<C: Default + PartialEq>(change: C) -> Option<C> {
    Some(change).filter(|change| *change != C::default())
}
