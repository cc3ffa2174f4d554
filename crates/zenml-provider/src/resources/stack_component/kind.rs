//! The types of stack components.

use tfkit::check::{Check, in_plan, pattern};
use tfkit::{Diag, Dyn};
use zenml_api::workspace::component::{self, ALL_TYPES};

use crate::failure::meant;
use crate::in_workspace::scope::Server;

/// Returns the check for a possible type. A newer server may support more types than this provider knows.
pub(crate) fn possible() -> Check {
    in_plan(pattern("be a stack component type", is_type).suggesting(&ALL_TYPES))
}

/// Returns whether a string consists of lowercase words, joined by underscores.
fn is_type(text: &str) -> bool {
    text.split('_').all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase()))
}

/// Returns a warning for a type that this version of the provider does not know. It may be misspelled, or belong to a
/// newer server.
pub(crate) fn unfamiliar(kind: &str) -> Option<Diag> {
    (is_type(kind) && !ALL_TYPES.contains(&kind)).then(|| {
        Diag::warning(format!("Unknown stack component type {kind:?}"))
            .why(format!("This version of the provider knows: {}.", ALL_TYPES.join(", ")))
            .fix(format!("{}Ignore this warning if a newer server has this type.", meant(kind, &ALL_TYPES)))
    })
}

/// Returns the warning of [`unfamiliar`] for the argument `type`.
pub(crate) fn unfamiliar_in(arguments: &Dyn) -> Vec<Diag> {
    let warning = arguments.attribute("type").as_str().and_then(unfamiliar);
    warning.into_iter().map(|warning| warning.at("type")).collect()
}

/// Returns an error for a type that the server does not have. Only types that this version of the provider does not
/// know are checked. If the server is not available, the apply reports the error.
pub(crate) async fn refused(server: &Server, kind: &str) -> Option<Diag> {
    let _unknown = unfamiliar(kind)?;
    let types = server.api.send(&component::TYPES, (), (), ()).await.ok()?;
    let known: Vec<&str> = types.iter().map(String::as_str).collect();
    (!known.contains(&kind)).then(|| {
        Diag::error(format!("There is no stack component type {kind:?}"))
            .why(format!("The server has these types: {}.", known.join(", ")))
            .fix(format!("{}Change the value.", meant(kind, &known)))
    })
}
