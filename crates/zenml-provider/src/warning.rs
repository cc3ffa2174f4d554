//! Warnings that are given once in a run, however many objects they are about.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use tfkit::{Cx, Diag};

use crate::client::Client;

/// What was warned of already.
#[derive(Debug, Default)]
struct Warned(Mutex<BTreeSet<String>>);

/// Warns of something for the first time in a run; `about` tells it from other warnings. While the provider block is
/// not known yet there is no memory, and the warning is given each time.
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
