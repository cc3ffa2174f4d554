//! The types of stack components.

use tfkit::Diag;
use zenml_api::workspace::component::ALL_TYPES;

/// A warning about a type that this version of the provider does not know: misspelled, or of a newer server.
pub(crate) fn unfamiliar(kind: &str) -> Option<Diag> {
    if ALL_TYPES.contains(&kind) {
        return None;
    }
    Some(
        Diag::warning(format!("The type {kind:?} of stack components is not known"))
            .why(format!("This version of the provider knows: {}.", ALL_TYPES.join(", ")))
            .fix("Check the spelling. If the server is newer and has the type, this warning can be ignored."),
    )
}
