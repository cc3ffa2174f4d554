//! Warnings that appear once in a run, for any number of objects.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use tfkit::{Cx, Diag};

use crate::client::Client;

/// The warnings that have appeared.
#[derive(Debug, Default)]
struct Warned(Mutex<BTreeSet<String>>);

/// Adds a warning once in a run. `about` identifies it. While the provider block is unknown there is no memory, and
/// the warning appears each time.
pub(crate) fn warn_once(cx: &Cx<Client>, about: impl Into<String>, warning: impl FnOnce() -> Diag) {
    let is_first = |client: &Client| {
        let warned = client.memory::<Warned>();
        let mut warned = warned.0.lock().unwrap_or_else(PoisonError::into_inner);
        warned.insert(about.into())
    };
    if cx.client_if_known().is_none_or(is_first) {
        cx.warn(warning());
    }
}
