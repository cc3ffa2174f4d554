//! Making an object whose name must be free.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tfkit::Diag;
use zenml_api::WorkspaceId;
use zenml_api::paging::PageQuery;
use zenml_api::workspace::{Object, Page};
use zenml_client::ApiError;

use crate::client::Client;
use crate::in_workspace::batch::List;
use crate::in_workspace::scope::Server;
use crate::succession::retired;

/// Creations for which each name is looked for alone: a list costs a server as much as some five of these questions.
const FEW: u64 = 3;

/// Names in the first list.
const FIRST: u64 = 100;

/// Names that each creation allows to be listed. A server lists a name some thirty times faster than it looks for one.
const PER_CREATION: u64 = 25;

/// Names in the longest list; where there are more, each is looked for alone.
const LONGEST: u64 = 5000;

/// What became of a creation, where the name was free before. Where the answer leaves that open, as a lost one or any
/// failure of a server does, the object is there or not, which `look` finds out: what was absent before is ours. Where the
/// name is taken otherwise, `exists` gets the object that has it, if the caller may see it.
pub(crate) async fn outcome<T>(
    answer: Result<T, ApiError>,
    look: impl Future<Output = Result<Option<T>, Diag>>,
    exists: impl FnOnce(Option<&T>) -> Diag,
    failed: impl FnOnce(&ApiError) -> Diag,
) -> Result<T, Diag> {
    match answer {
        Ok(made) => Ok(made),
        Err(error) if error.outcome_unknown() => match (look.await, error) {
            (Ok(Some(made)), _) => Ok(made),
            (Ok(None), ApiError::Conflict(refused)) => Err(exists(None).trace(refused.call.to_string())),
            (Ok(None), error) => Err(failed(&error)),
            (Err(diag), error) => Err(may_exist(diag, &error)),
        },
        Err(ApiError::Conflict(refused)) => Err(exists(look.await?.as_ref()).trace(refused.call.to_string())),
        Err(error) => Err(failed(&error)),
    }
}

/// Neither the creation nor the look at what became of it was answered.
pub(crate) fn may_exist(diag: Diag, error: &ApiError) -> Diag {
    let diag = diag
        .why("The request to create it was sent before and got no clear answer: it may exist or not.")
        .fix("If it exists, the next apply says so, with the command that imports it.");
    match error.call() {
        Some(call) => diag.trace(call.to_string()),
        None => diag,
    }
}

/// Names that were taken when this run looked, by workspace and kind of object. Where many objects are made, one list
/// is in place of a question for each.
#[derive(Debug, Default)]
pub(crate) struct Names(Mutex<BTreeMap<(Option<WorkspaceId>, String), Kind>>);

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

    fn take_in<I, B, M, R>(&mut self, listed: Page<Object<I, B, M, R>>) {
        self.total = listed.total;
        if listed.items.len() as u64 >= listed.total {
            self.taken = Some(listed.items.into_iter().map(|object| object.name).collect());
        }
    }
}

/// Whether it is known already that no object of a kind has a name. Otherwise it must be looked for: the name may be taken,
/// or was taken a while ago.
///
/// `list` and its query are about all objects of the kind. What somebody makes in the same moment is for the server to
/// refuse, here as after a single look.
pub(crate) async fn is_free<I, B, M, R, Q>(
    client: &Client,
    server: &Server,
    kind: &str,
    name: &str,
    (list, query): (&List<I, B, M, R, Q>, Q),
) -> bool
where
    Q: PageQuery + Serialize + Send,
    Page<Object<I, B, M, R>>: DeserializeOwned + 'static,
{
    let known = client.names.of(server.workspace_id, kind);
    // Others wait for a list that is under way.
    let mut known = known.lock().await;
    known.count += 1;
    if known.taken.is_none() {
        let Some(size) = known.size() else { return false };
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        match server.api.send(list, (), query.at(1, size), ()).await {
            Ok(listed) => known.take_in(listed),
            // It is not tried again, and a failure is told of the object that it happens to.
            Err(_) => known.total = u64::MAX / 2,
        }
    }
    // What has given way to this name is of interest as well.
    known.taken.as_ref().is_some_and(|taken| !taken.contains(name) && !taken.contains(&retired(name)))
}

impl Names {
    fn of(&self, workspace: Option<WorkspaceId>, kind: &str) -> Kind {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry((workspace, kind.to_owned())).or_default())
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
