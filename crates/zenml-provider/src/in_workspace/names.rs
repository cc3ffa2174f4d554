//! Checks with few requests whether names are free.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use zenml_api::WorkspaceId;
use zenml_api::paging::PageQuery as _;
use zenml_api::workspace::{Crud as _, Named, Page};

use super::object::InWorkspace;
use super::scope::Server;
use crate::client::Client;
use crate::succession::retired;

/// Number of creations whose names are looked up one by one. A list costs a server about as much as five lookups.
const FEW: u64 = 3;

/// Names in the first list.
const FIRST: u64 = 100;

/// Names to list per creation. Listing a name is about thirty times faster than looking it up.
const PER_CREATION: u64 = 25;

/// Names in the longest list. If there are more, each name is looked up.
const LONGEST: u64 = 5000;

/// Names that were taken when this run listed them, by workspace and name group. When many objects are created, one
/// list replaces a lookup for each.
#[derive(Debug, Default)]
struct Names(Mutex<BTreeMap<(Option<WorkspaceId>, String), Kind>>);

/// The task that lists the names holds the lock.
type Kind = Arc<tokio::sync::Mutex<Known>>;

#[derive(Debug, Default)]
struct Known {
    /// Creations so far.
    count: u64,
    /// Number of objects in the last list.
    total: u64,
    taken: Option<BTreeSet<String>>,
}

impl Known {
    /// Returns how many names to list now, if a list is worthwhile.
    fn size(&self) -> Option<u64> {
        let size = FIRST.max(self.total + FIRST / 2);
        let allowed = FIRST.max(self.count.saturating_mul(PER_CREATION)).min(LONGEST);
        (self.count > FEW && size <= allowed).then_some(size)
    }

    fn take_in(&mut self, listed: &Page<impl Named>) {
        self.total = listed.total;
        if listed.items.len() as u64 >= listed.total {
            self.taken = Some(listed.items.iter().map(|object| object.name().to_owned()).collect());
        }
    }
}

/// Returns whether the name of an object is known to be free. Otherwise it has to be looked up: it may be taken, or
/// have been taken earlier.
///
/// The server rejects a name that somebody else takes at the same moment, as it does after a single lookup.
pub(crate) async fn is_free<T: InWorkspace>(client: &Client, server: &Server, plan: &T, name: &str) -> bool {
    let known = client.memory::<Names>().of(server.workspace_id, plan.name_group());
    // Other tasks wait for a list that is in progress.
    let mut known = known.lock().await;
    known.count += 1;
    if known.taken.is_none() {
        let Some(size) = known.size() else { return false };
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        match server.api.send(&T::Wire::LIST, (), plan.namesakes(Vec::new()).at(1, size), ()).await {
            Ok(listed) => known.take_in(&listed),
            // The list is not tried again. If the lookup fails too, it reports the error.
            Err(_) => known.total = u64::MAX / 2,
        }
    }
    // A retired object of this name is relevant as well.
    known.taken.as_ref().is_some_and(|taken| !taken.contains(name) && !taken.contains(&retired(name)))
}

impl Names {
    fn of(&self, workspace: Option<WorkspaceId>, group: String) -> Kind {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry((workspace, group)).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_listed_if_that_costs_less_than_looking_up_each() {
        let cases = [
            (1, 0, None),
            (3, 0, None),
            (4, 0, Some(100)),
            (4, 50, Some(100)),
            (4, 51, None),
            (5, 1000, None),
            (42, 1000, Some(1050)),
            (200, 4950, Some(5000)),
            (10_000, 4951, None),
            (10_000, u64::MAX / 2, None),
        ];
        for (count, total, expected) in cases {
            assert_eq!(Known { count, total, taken: None }.size(), expected, "{count} of {total}");
        }
    }
}
