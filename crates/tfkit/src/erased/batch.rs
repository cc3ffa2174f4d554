//! Reading many objects of one scope with few requests.
//!
//! A host refreshes every object by a call of its own, some of them at the same time, and never says how many there
//! will be. So what a list brings beyond the object that was asked for is an advance, and the rules here keep it worth
//! its price:
//!
//! - The first read of a [scope](Resource::scope) is a request of its own: most often it is the only one.
//! - The second starts a list, [page](Resource::page) by page. Reads that arrive meanwhile wait for the page that is
//!   under way and look there first, so no page is fetched twice.
//! - A page is fetched only while what was listed is in proportion to what was asked for ([`allowance`]). Three managed
//!   objects among fifty thousand cost a page or two, a thousand managed ones are read with a handful of requests, and
//!   in between the list costs at most about as much as the single reads that it may spare.
//! - What is not in the list, or not worth looking for, is fetched alone: only that tells that an object is gone.
//! - A list that fails is not tried again, and everything is fetched alone. The list may be forbidden where the object
//!   is not, and a failure must be told of the object that it happens to, after tries of its own.
//! - An object comes out of a list once and is forgotten then, which bounds memory; who asks for it again wants to know
//!   what is new.
//! - A write to any object of the provider, of whatever type and outcome, empties everything, because it may have
//!   changed more than its own object. So does a new configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use crate::cx::{Cx, lock};
use crate::diag::Diag;
use crate::model::Key;
use crate::resource::{KeyOf, Page, Resource};
use crate::value::Dyn;

/// Reads after which there are most probably many. A host has as many calls under way at the same time.
const MANY_READS: u64 = 10;

/// Objects that may be listed for the first reads, times the square of their number: enough that a scope of a thousand
/// is known once the calls that a host makes at the same time are in, and not much for two or three.
const AT_FIRST: u64 = 16;

/// Objects that each read allows to be listed. A server lists an object some thirty times faster than it answers
/// a request.
const PER_READ: u64 = 25;

/// Objects that may be kept for reads that did not come yet.
const KEPT: usize = 10_000;

/// How many objects may have been listed after a number of reads, before another page.
fn allowance(reads: u64) -> u64 {
    reads.min(MANY_READS).pow(2) * AT_FIRST + reads * PER_READ
}

/// What was listed of one type of resource, by scope.
pub(super) struct Batches<R: Resource>(Mutex<Scopes<R>>);

struct Scopes<R: Resource> {
    /// The [state of the world](Shared::epoch) that all of it belongs to.
    epoch: u64,
    scopes: BTreeMap<String, Arc<Scope<R>>>,
}

/// One scope. Whoever lists holds the pages; a holder that is cut off leaves them as they are.
struct Scope<R: Resource> {
    reads: Mutex<Reads>,
    pages: tokio::sync::Mutex<Pages<R>>,
}

/// Who asked so far.
#[derive(Default)]
struct Reads {
    count: u64,
    /// Identities of those whose answer did not have to wait for a list, or has come.
    settled: BTreeSet<Dyn>,
}

struct Pages<R: Resource> {
    next: Next,
    listed: u64,
    /// Objects that nobody asked for yet, by identity.
    waiting: BTreeMap<Dyn, R::Remote>,
}

#[derive(Clone, Copy)]
enum Next {
    Begin,
    From(u64),
    /// All was listed, or the list failed.
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
    /// Reads one object, out of a list where that is worth it, else alone.
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
    /// Takes note of a read. The first in a scope goes alone, and so does the second of the same object.
    fn is_alone(&self, identity: &Dyn) -> bool {
        let mut reads = lock(&self.reads);
        reads.count += 1;
        reads.count == 1 || reads.settled.contains(identity)
    }

    /// The object, if it is in what was listed or in what may still be listed.
    async fn listed(&self, cx: &Cx<R::Client>, name: &str, identity: &Dyn) -> Option<R::Remote> {
        loop {
            // Taken anew for each page, so that those whose object has come need not wait for the next one.
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
    fn a_list_stays_in_proportion_to_what_is_asked_for() {
        for (reads, least, most) in [(2, 100, 200), (3, 200, 300), (10, 1600, 2000), (1000, 20_000, 30_000)] {
            let allowed = allowance(reads);
            assert!((least..=most).contains(&allowed), "{reads} reads allow {allowed}");
        }
    }
}
