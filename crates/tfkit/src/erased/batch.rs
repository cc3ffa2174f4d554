//! Reading many objects of one scope with few requests.
//!
//! A host refreshes every object with a separate call, some of them at the same time, and never announces how many
//! there will be. A list therefore reads ahead, and these rules keep that worthwhile:
//!
//! - The first read of a [scope](Resource::scope) is a single request: usually it is the only one.
//! - The second read starts a list, [page](Resource::page) by page. Reads that arrive in the meantime wait for the
//!   current page and look there first, so no page is fetched twice.
//! - A page is fetched only while the number of listed objects is in proportion to the number of reads
//!   ([`allowance`]). Three managed objects among fifty thousand cost one or two pages, a thousand managed ones are
//!   read with a handful of requests, and in between the list costs at most about as much as the single reads that it
//!   may save.
//! - An object that is not in the list, or not worth listing for, is fetched by itself: only that shows that an
//!   object no longer exists.
//! - A list that fails is not retried, and every object is fetched by itself. Listing may be forbidden where reading
//!   is allowed, and an error must belong to the object that it affects, after its own retries.
//! - An object is taken from a list once and then dropped, which limits memory. A second read of it wants fresh data.
//! - A write to any object of the provider, successful or not, drops everything, because it may have changed other
//!   objects. So does a new configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use crate::cx::{Cx, lock};
use crate::diag::Diag;
use crate::model::Key;
use crate::resource::{KeyOf, Page, Resource};
use crate::value::Dyn;

/// Number of reads that suggests many more. It is the default number of concurrent calls of a host.
const MANY_READS: u64 = 10;

/// Objects that may be listed for the first reads, times the square of their number. A scope of a thousand is
/// complete after the concurrent calls of a host, while two or three reads list little.
const AT_FIRST: u64 = 16;

/// Objects that each read adds to the allowance. A server lists an object about thirty times faster than it answers a
/// request.
const PER_READ: u64 = 25;

/// Maximum number of listed objects that are kept for later reads.
const KEPT: usize = 10_000;

/// Returns how many objects may have been listed after a number of reads before another page is fetched.
fn allowance(reads: u64) -> u64 {
    reads.min(MANY_READS).pow(2) * AT_FIRST + reads * PER_READ
}

/// Listed objects of one resource type, by scope.
pub(super) struct Batches<R: Resource>(Mutex<Scopes<R>>);

struct Scopes<R: Resource> {
    /// The [epoch](Shared::epoch) in which everything was listed.
    epoch: u64,
    scopes: BTreeMap<String, Arc<Scope<R>>>,
}

/// One scope. The reader that lists holds the lock of the pages; if it is cancelled, they stay as they are.
struct Scope<R: Resource> {
    reads: Mutex<Reads>,
    pages: tokio::sync::Mutex<Pages<R>>,
}

/// The reads so far.
#[derive(Default)]
struct Reads {
    count: u64,
    /// Identities of objects that were read without a list or have been delivered.
    settled: BTreeSet<Dyn>,
}

struct Pages<R: Resource> {
    next: Next,
    listed: u64,
    /// Listed objects that have not been read yet, by identity.
    waiting: BTreeMap<Dyn, R::Remote>,
}

#[derive(Clone, Copy)]
enum Next {
    Begin,
    From(u64),
    /// Everything was listed, or the list failed.
    None,
}

impl<R: Resource> Default for Batches<R> {
    fn default() -> Self {
        Self(Mutex::new(Scopes { epoch: 0, scopes: BTreeMap::new() }))
    }
}

impl<R: Resource> Default for Scope<R> {
    fn default() -> Self {
        let pages = Pages { next: Next::Begin, listed: 0, waiting: BTreeMap::new() };
        Self { reads: Mutex::default(), pages: tokio::sync::Mutex::new(pages) }
    }
}

impl<R: Resource> Batches<R> {
    /// Reads one object: from a list where that is worthwhile, else by itself.
    pub(super) async fn read(&self, cx: &Cx<R::Client>, key: &KeyOf<R>) -> Result<Option<R::Remote>, Diag> {
        if let Some(name) = R::scope(cx, key) {
            let scope = self.scope(cx.shared().epoch(), &name);
            let identity = key.to_object();
            let listed =
                if scope.is_alone(&identity) { None } else { scope.listed(cx, &name, &identity).await };
            lock(&scope.reads).settled.insert(identity);
            if let Some(remote) = listed {
                return R::complete(cx, remote).await.map(Some);
            }
        }
        R::fetch(cx, key).await
    }

    fn scope(&self, epoch: u64, name: &str) -> Arc<Scope<R>> {
        let mut known = lock(&self.0);
        if known.epoch != epoch {
            *known = Scopes { epoch, scopes: BTreeMap::new() };
        }
        Arc::clone(known.scopes.entry(name.to_owned()).or_default())
    }
}

impl<R: Resource> Scope<R> {
    /// Counts a read. The first read of a scope is a single request, and so is the second read of the same object.
    fn is_alone(&self, identity: &Dyn) -> bool {
        let mut reads = lock(&self.reads);
        reads.count += 1;
        reads.count == 1 || reads.settled.contains(identity)
    }

    /// Returns the object if it is among the listed ones, or in the pages that may still be listed.
    async fn listed(&self, cx: &Cx<R::Client>, name: &str, identity: &Dyn) -> Option<R::Remote> {
        loop {
            // The lock is released between pages, so that readers whose object has arrived do not wait for the next
            // one.
            let mut pages = self.pages.lock().await;
            if let Some(remote) = pages.waiting.remove(identity) {
                return Some(remote);
            }
            let from = match pages.next {
                Next::Begin => None,
                Next::From(from) => Some(from),
                Next::None => return None,
            };
            let reads = lock(&self.reads).count;
            if pages.listed >= allowance(reads) || pages.waiting.len() >= KEPT {
                return None;
            }
            match R::page(cx, name, from).await {
                Ok(page) => self.take_in(&mut pages, from, page),
                Err(diag) => {
                    tracing::warn!(
                        "Reading objects one by one, because listing them failed: {}",
                        diag.summary
                    );
                    pages.next = Next::None;
                }
            }
        }
    }

    fn take_in(&self, pages: &mut Pages<R>, from: Option<u64>, page: Page<KeyOf<R>, R::Remote>) {
        pages.listed += page.items.len() as u64;
        // A list that does not advance would never end.
        pages.next = page.next.filter(|next| Some(*next) > from).map_or(Next::None, Next::From);
        let items = page.items.into_iter().map(|(key, remote)| (key.to_object(), remote));
        let reads = lock(&self.reads);
        pages.waiting.extend(items.filter(|(identity, _)| !reads.settled.contains(identity)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_stays_in_proportion_to_the_number_of_reads() {
        for (reads, least, most) in [(2, 100, 200), (3, 200, 300), (10, 1600, 2000), (1000, 20_000, 30_000)] {
            let allowed = allowance(reads);
            assert!((least..=most).contains(&allowed), "{reads} reads allow {allowed}");
        }
    }
}
