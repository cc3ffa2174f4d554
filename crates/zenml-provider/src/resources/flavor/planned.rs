//! Flavors that this run creates, so that their components can be planned before the server has the flavors.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use crate::client::Client;

/// Their types and names.
#[derive(Debug, Default)]
struct Planned(Mutex<BTreeSet<(String, String)>>);

/// Remembers that a flavor is planned.
pub(super) fn remember(client: &Client, kind: String, name: String) {
    let planned = client.memory::<Planned>();
    planned.0.lock().unwrap_or_else(PoisonError::into_inner).insert((kind, name));
}

/// Returns whether a flavor is planned.
pub(crate) fn is_planned(client: &Client, kind: &str, name: &str) -> bool {
    let planned = client.memory::<Planned>();
    planned.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&(kind.to_owned(), name.to_owned()))
}
