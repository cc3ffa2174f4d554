//! Changing what one principal may do with several objects while somebody else may change the same.
//!
//! A grant on the API is written as a whole, and not only if nothing changed since it was read: whoever reads before
//! another process writes, and writes after it, undoes what the other one did. No process can see that of its own write
//! at once, so each leaves enough for the others to see, and looks again at the end:
//!
//! 1. The share of the stack tells everybody of the role. It comes first, and goes last, when all else is done.
//! 2. What the principal needs for its roles on other stacks is read before the objects. What such a role grants is not
//!    taken away; and what is read then was not written by a role that went before.
//! 3. At the end both are read again. What was needed by a role that went meanwhile may have been written back, and goes;
//!    what a role needs that came meanwhile, or that was there, may have been taken away, and comes again.
//!
//! So the last of several processes to look leaves nothing of roles that went. Only where two roles come at the same time
//! one can take from the other what neither of the two sees; the next plan shows and repairs that.

use std::collections::BTreeSet;

use tfkit::Diag;
use zenml_api::StackId;
use zenml_api::rbac::Action;

use super::need::{Actions, Contents, Grants, Object, need, share_after};

/// How often the objects are looked at again while something else changes them.
const ATTEMPTS: u32 = 8;

/// The shares of one principal, as far as a change needs them.
pub(super) trait Ledger {
    /// The principal's share of an object. `exists` says that the object is there for certain.
    fn read(&self, object: Object, exists: bool) -> impl Future<Output = Result<Reading, Diag>> + Send;

    /// Replaces the share of an object.
    fn write(
        &self,
        object: Object,
        actions: &Actions,
    ) -> impl Future<Output = Result<(), WriteFailure>> + Send;

    /// Adds to the share of an object without knowing what is there.
    fn add(&self, object: Object, actions: &Actions)
    -> impl Future<Output = Result<(), WriteFailure>> + Send;

    /// What the other stacks are made of.
    fn other_stacks(&self) -> impl Future<Output = Result<Vec<Contents>, Diag>> + Send;
}

/// What reading a share gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// These actions; none if there is no share.
    Actions(Actions),
    /// The control plane does not let this key read shares.
    Refused,
}

/// A share could not be written.
#[derive(Clone, Debug)]
pub(super) struct WriteFailure {
    pub(super) diag: Diag,
    /// It may have been written all the same.
    pub(super) is_open: bool,
}

/// From what an assignment has granted to what it is to grant.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) stack: StackId,
    /// Objects that are there for certain.
    pub(super) present: BTreeSet<Object>,
    pub(super) before: Grants,
    pub(super) now: Grants,
}

/// A change under way.
pub(super) struct Changing<'a, L> {
    ledger: &'a L,
    change: &'a Change,
    others: Option<Others>,
    written: BTreeSet<Object>,
    /// What was there at any look.
    seen: Grants,
}

/// What the principal's other roles needed.
#[derive(Default)]
struct Others {
    /// At the first look.
    first: Grants,
    /// At any look.
    ever: Grants,
    /// At the last look.
    last: Grants,
}

/// What became of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// Its share is as it should be. Whether it held all of that before.
    Settled {
        /// It did.
        already: bool,
    },
    /// The control plane does not let this key read shares; what is wanted was only added.
    Added,
}

impl<'a, L: Ledger> Changing<'a, L> {
    pub(super) fn new(ledger: &'a L, change: &'a Change) -> Self {
        Self { ledger, change, others: None, written: BTreeSet::new(), seen: Grants::new() }
    }

    /// All objects that the change is about, the stack first.
    pub(super) fn objects(&self) -> BTreeSet<Object> {
        self.change.before.keys().chain(self.change.now.keys()).copied().collect()
    }

    /// Changes one object; the stack only as far as its share grows. The stack must be the first.
    pub(super) async fn step(&mut self, object: Object) -> Result<Done, Diag> {
        let (before, now) = (self.before(object), self.now(object));
        let is_stack = object == Object::stack(self.change.stack);
        let shrinks = !before.is_subset(&now);
        if shrinks && !is_stack && self.others.is_none() {
            self.look().await?;
        }
        let Reading::Actions(mut current) = self.read(object).await? else {
            if !now.is_subset(&before) {
                let outcome = self.ledger.add(object, &before.union(&now).cloned().collect()).await;
                outcome.map_err(|failure| self.failed(object, failure))?;
            }
            return Ok(Done::Added);
        };
        let already = now.is_subset(&current);
        if is_stack {
            let grown = current.union(&now).cloned().collect();
            self.put(object, &current, &grown).await?;
            return Ok(Done::Settled { already });
        }
        if !already && !current.is_subset(&now) && self.others.is_none() {
            // What is written back of others may be going at the moment.
            self.look().await?;
            if let Reading::Actions(again) = self.read(object).await? {
                current = again;
            }
        }
        let after = share_after(&current, &before, &now, &self.needed(object));
        self.put(object, &current, &after).await?;
        Ok(Done::Settled { already })
    }

    /// Takes from the stack what is not granted any more, when all other objects are done. False where nothing can be taken
    /// away, because shares cannot be read.
    pub(super) async fn close(&mut self) -> Result<bool, Diag> {
        let stack = Object::stack(self.change.stack);
        let (before, now) = (self.before(stack), self.now(stack));
        if before.is_subset(&now) {
            return Ok(true);
        }
        let Reading::Actions(current) = self.read(stack).await? else { return Ok(false) };
        let after = share_after(&current, &before, &now, &Actions::new());
        self.put(stack, &current, &after).await?;
        Ok(true)
    }

    /// Makes sure that it stays: looks at the other roles and at the objects until nothing has to be changed.
    pub(super) async fn verify(&mut self) -> Result<(), Diag> {
        if self.written.is_empty() {
            return Ok(());
        }
        let mut unsettled = None;
        for _ in 0..ATTEMPTS {
            self.look().await?;
            unsettled = None;
            for object in self.objects() {
                if self.is_unsettled(object).await? {
                    unsettled = Some(object);
                }
            }
            if unsettled.is_none() {
                return Ok(());
            }
        }
        let Some(object) = unsettled else { return Ok(()) };
        Err(Diag::error(format!("The permissions on {object} keep changing"))
            .why("Something else keeps changing the permissions of the same principal on this object.")
            .fix("Stop it, for example another Terraform run, and run the command again."))
    }

    /// Looks at an object again, and writes what it should be where it is not.
    async fn is_unsettled(&mut self, object: Object) -> Result<bool, Diag> {
        let (before, now, needed) = (self.before(object), self.now(object), self.needed(object));
        let is_written = self.written.contains(&object);
        if !is_written && before.is_subset(&now) {
            return Ok(false);
        }
        let Reading::Actions(current) = self.read(object).await? else { return Ok(false) };
        let mut going = before;
        let mut coming = now;
        if object != Object::stack(self.change.stack) {
            let (first, ever) = self
                .others
                .as_ref()
                .map_or((None, None), |others| (others.first.get(&object), others.ever.get(&object)));
            going.extend(ever.into_iter().flatten().cloned());
            // What a role needs that was there all the time, and what was never seen, is not ours to grant: the role may
            // not reach this object.
            let seen = self.seen.get(&object);
            let is_lost = |action: &&Action| {
                seen.is_some_and(|seen| seen.contains(*action))
                    || !first.is_some_and(|first| first.contains(*action))
            };
            if is_written {
                coming.extend(needed.iter().filter(is_lost).cloned());
            }
        }
        let after = share_after(&current, &going, &coming, &needed);
        self.put(object, &current, &after).await
    }

    /// Reads what the principal needs for its roles on other stacks. Its role on a stack is what its share of it says.
    async fn look(&mut self) -> Result<(), Diag> {
        let objects = self.objects();
        let mut others = self.ledger.other_stacks().await?;
        others.retain(|contents| contents.objects().iter().any(|object| objects.contains(object)));
        let mut held = Vec::new();
        for contents in &others {
            if let Reading::Actions(share) = self.ledger.read(Object::stack(contents.stack), true).await? {
                held.push((contents, share));
            }
        }
        let last = need(held.iter().map(|(contents, share)| (*contents, share)));
        let others = self.others.get_or_insert_with(|| Others { first: last.clone(), ..Others::default() });
        for (object, actions) in &last {
            others.ever.entry(*object).or_default().extend(actions.iter().cloned());
        }
        others.last = last;
        Ok(())
    }

    async fn read(&mut self, object: Object) -> Result<Reading, Diag> {
        let reading = self.ledger.read(object, self.change.present.contains(&object)).await?;
        if let Reading::Actions(actions) = &reading {
            self.seen.entry(object).or_default().extend(actions.iter().cloned());
        }
        Ok(reading)
    }

    /// Writes a share that is not there yet. Whether it had to be written.
    async fn put(&mut self, object: Object, current: &Actions, after: &Actions) -> Result<bool, Diag> {
        if after == current {
            return Ok(false);
        }
        let outcome = self.ledger.write(object, after).await;
        outcome.map_err(|failure| self.failed(object, failure))?;
        self.written.insert(object);
        Ok(true)
    }

    /// Whether the share of an object may be another one now, also after a step that failed.
    pub(super) fn may_have_written(&self, object: Object) -> bool {
        self.written.contains(&object)
    }

    fn failed(&mut self, object: Object, failure: WriteFailure) -> Diag {
        if failure.is_open {
            self.written.insert(object);
        }
        failure.diag
    }

    fn before(&self, object: Object) -> Actions {
        self.change.before.get(&object).cloned().unwrap_or_default()
    }

    fn now(&self, object: Object) -> Actions {
        self.change.now.get(&object).cloned().unwrap_or_default()
    }

    fn needed(&self, object: Object) -> Actions {
        self.others.as_ref().and_then(|others| others.last.get(&object)).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
#[path = "change_tests.rs"]
mod tests;
