//! Whether a name is free, asked with few requests.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use zenml_api::WorkspaceId;
use zenml_api::paging::PageQuery as _;
use zenml_api::workspace::{Crud as _, Named, Page};

use super::object::InWorkspace;
use super::scope::Server;
use crate::client::Client;
use crate::succession::retired;

/// Creations for which each name is looked for alone: a list costs a server as much as some five of these questions.
const FEW: u64 = 3;

/// Names in the first list.
const FIRST: u64 = 100;

/// Names that each creation allows to be listed. A server lists a name some thirty times faster than it looks for one.
const PER_CREATION: u64 = 25;

/// Names in the longest list; where there are more, each is looked for alone.
const LONGEST: u64 = 5000;

/// Names that were taken when this run looked, by workspace and group of names. Where many objects are made, one list
/// is in place of a question for each.
#[derive(Debug, Default)]
struct Names(Mutex<BTreeMap<(Option<WorkspaceId>, String), Kind>>);

/// Whoever lists holds it.
type Kind = Arc<tokio::sync::Mutex<Known>>;

#[derive(Debug, Default)]
struct Known {
    /// Creations so far.
    count: u64,
    /// Objects that there were at the last look.
    total: u64,
    taken: Option<BTreeSet<String>>,
}

impl Known {
    /// How many names to list now, if that is worth it.
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

/// Whether it is known already that nothing in the way of an object has its name. Otherwise it must be looked for: the name
/// may be taken, or was taken a while ago.
///
/// What somebody makes in the same moment is for the server to refuse, here as after a single look.
pub(crate) async fn is_free<T: InWorkspace>(client: &Client, server: &Server, plan: &T, name: &str) -> bool {
    let known = client.memory::<Names>().of(server.workspace_id, plan.name_group());
    // Others wait for a list that is under way.
    let mut known = known.lock().await;
    known.count += 1;
    if known.taken.is_none() {
        let Some(size) = known.size() else { return false };
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        match server.api.send(&T::Wire::LIST, (), plan.namesakes(Vec::new()).at(1, size), ()).await {
            Ok(listed) => known.take_in(&listed),
            // It is not tried again, and a failure is told of the object that it happens to.
            Err(_) => known.total = u64::MAX / 2,
        }
    }
    // What has given way to this name is of interest as well.
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
    fn names_are_listed_where_that_costs_less_than_to_look_for_each() {
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
