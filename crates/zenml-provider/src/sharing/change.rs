//! Changes the permissions of one principal on several objects, while others may change the same permissions.
//!
//! The API replaces a share as a whole, without checking that it has not changed since it was read. A process that
//! reads before another one writes, and writes after it, undoes the other change, and cannot see that from its own
//! write. So each process leaves enough information for the others, and checks again at the end:
//!
//! 1. The share of the stack shows the role to the other processes. It is written first, and removed last.
//! 2. The requirements of the principal's roles on other stacks are read before the objects. They are never removed,
//!    and what is read afterwards was not written by a role that was removed before.
//! 3. At the end both are read again. Permissions of a role that was removed meanwhile may have been written back,
//!    and are removed. Permissions that another role requires may have been removed, and are granted again.
//!
//! So the last of several processes to check leaves no permissions of removed roles. Only if two roles are granted at
//! the same time, one can remove permissions of the other without either noticing; the next plan shows and repairs
//! that.

use std::collections::BTreeSet;

use tfkit::Diag;
use zenml_api::StackId;
use zenml_api::rbac::Action;

use super::need::{Actions, Contents, Grants, Object, need, share_after};

/// How often the objects are checked again while something else changes them.
const ATTEMPTS: u32 = 8;

/// The shares of one principal, for a change.
pub(crate) trait Ledger {
    /// Reads the principal's share of an object. `exists` means that the object certainly exists.
    fn read(&self, object: Object, exists: bool) -> impl Future<Output = Result<Reading, Diag>> + Send;

    /// Replaces the share of an object.
    fn write(
        &self,
        object: Object,
        actions: &Actions,
    ) -> impl Future<Output = Result<(), WriteFailure>> + Send;

    /// Adds to the share of an object without reading it.
    fn add(&self, object: Object, actions: &Actions)
    -> impl Future<Output = Result<(), WriteFailure>> + Send;

    /// Returns the contents of the other stacks.
    fn other_stacks(&self) -> impl Future<Output = Result<Vec<Contents>, Diag>> + Send;
}

/// The result of reading a share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// The actions; empty if there is no share.
    Actions(Actions),
    /// The control plane does not let this key read shares.
    Refused,
}

/// A failed write of a share.
#[derive(Clone, Debug)]
pub(crate) struct WriteFailure {
    pub(crate) diag: Diag,
    /// The share may have been written nevertheless.
    pub(crate) is_open: bool,
}

/// The change from the previous grants of a resource to the planned ones.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    /// The stack whose share shows the role, if a stack role or the share of a stack changes.
    pub(crate) stack: Option<StackId>,
    /// Objects that certainly exist.
    pub(crate) present: BTreeSet<Object>,
    pub(crate) before: Grants,
    pub(crate) now: Grants,
    /// What other resources of this run want.
    pub(crate) wanted: Grants,
}

/// A change in progress.
pub(crate) struct Changing<'a, L> {
    ledger: &'a L,
    change: &'a Change,
    others: Option<Others>,
    written: BTreeSet<Object>,
    /// All permissions that any check has found.
    seen: Grants,
}

/// The requirements of the principal's other roles.
#[derive(Default)]
struct Others {
    /// At the first check.
    first: Grants,
    /// At any check.
    ever: Grants,
    /// At the last check.
    last: Grants,
}

/// The result for one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// Its share is correct.
    Settled {
        /// Whether the share already contained everything.
        already: bool,
    },
    /// The control plane does not let this key read shares, so permissions were only added.
    Added,
}

impl<'a, L: Ledger> Changing<'a, L> {
    pub(crate) fn new(ledger: &'a L, change: &'a Change) -> Self {
        Self { ledger, change, others: None, written: BTreeSet::new(), seen: Grants::new() }
    }

    /// Returns all objects of the change, the stack first.
    pub(crate) fn objects(&self) -> BTreeSet<Object> {
        self.change.before.keys().chain(self.change.now.keys()).copied().collect()
    }

    /// Changes one object. The share of the stack is only extended here. The stack must be the first object.
    pub(crate) async fn step(&mut self, object: Object) -> Result<Done, Diag> {
        let (before, now) = (self.before(object), self.now(object));
        let is_stack = self.is_stack(object);
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
            // Permissions of other roles that are written back may be in the process of being removed.
            self.look().await?;
            if let Reading::Actions(again) = self.read(object).await? {
                current = again;
            }
        }
        let after = share_after(&current, &before, &now, &self.needed(object));
        self.put(object, &current, &after).await?;
        Ok(Done::Settled { already })
    }

    /// Removes what is no longer granted on the stack, after all other objects are done. Returns false if nothing can
    /// be removed because shares cannot be read.
    pub(crate) async fn close(&mut self) -> Result<bool, Diag> {
        let Some(stack) = self.change.stack.map(Object::stack) else { return Ok(true) };
        let (before, now) = (self.before(stack), self.now(stack));
        if before.is_subset(&now) {
            return Ok(true);
        }
        let Reading::Actions(current) = self.read(stack).await? else { return Ok(false) };
        let after = share_after(&current, &before, &now, &self.wanted(stack));
        self.put(stack, &current, &after).await?;
        Ok(true)
    }

    /// Checks the other roles and the objects until nothing has to be changed.
    pub(crate) async fn verify(&mut self) -> Result<(), Diag> {
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

    /// Checks an object again, and corrects its share. Returns whether it had to.
    async fn is_unsettled(&mut self, object: Object) -> Result<bool, Diag> {
        let (before, now, needed) = (self.before(object), self.now(object), self.needed_for_stacks(object));
        let is_written = self.written.contains(&object);
        if !is_written && before.is_subset(&now) {
            return Ok(false);
        }
        let Reading::Actions(current) = self.read(object).await? else { return Ok(false) };
        let mut going = before;
        let mut coming = now;
        if !self.is_stack(object) {
            let (first, ever) = self
                .others
                .as_ref()
                .map_or((None, None), |others| (others.first.get(&object), others.ever.get(&object)));
            going.extend(ever.into_iter().flatten().cloned());
            // Permissions that no check has found, of a role that existed all the time, are not granted here: the
            // role may not extend to this object.
            let seen = self.seen.get(&object);
            let is_lost = |action: &&Action| {
                seen.is_some_and(|seen| seen.contains(*action))
                    || !first.is_some_and(|first| first.contains(*action))
            };
            if is_written {
                coming.extend(needed.iter().filter(is_lost).cloned());
            }
        }
        let after = share_after(&current, &going, &coming, &self.needed(object));
        self.put(object, &current, &after).await
    }

    /// Reads the requirements of the principal's roles on other stacks. Its share of a stack determines its role.
    async fn look(&mut self) -> Result<(), Diag> {
        let objects = self.objects();
        if !objects.iter().any(|object| object.kind.is_of_stacks()) {
            self.others.get_or_insert_default();
            return Ok(());
        }
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

    /// Writes a share unless it is already correct. Returns whether it was written.
    async fn put(&mut self, object: Object, current: &Actions, after: &Actions) -> Result<bool, Diag> {
        if after == current {
            return Ok(false);
        }
        let outcome = self.ledger.write(object, after).await;
        outcome.map_err(|failure| self.failed(object, failure))?;
        self.written.insert(object);
        Ok(true)
    }

    /// Returns the planned actions that the share already contained before the step, and that nothing else needs:
    /// somebody else granted them.
    pub(crate) async fn taken(&mut self, object: Object) -> Result<Actions, Diag> {
        let (before, now) = (self.before(object), self.now(object));
        let seen = self.seen.get(&object).into_iter().flatten();
        let mut taken: Actions =
            seen.filter(|action| now.contains(*action) && !before.contains(*action)).cloned().collect();
        if taken.is_empty() {
            return Ok(taken);
        }
        if self.others.is_none() {
            self.look().await?;
        }
        let needed = self.needed(object);
        taken.retain(|action| !needed.contains(action));
        Ok(taken)
    }

    /// Returns whether the share of an object may have changed, including after a failed step.
    pub(crate) fn may_have_written(&self, object: Object) -> bool {
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

    /// Returns what the principal needs on an object besides this change: for its roles on other stacks, and for other
    /// resources of this run.
    fn needed(&self, object: Object) -> Actions {
        let mut needed = self.needed_for_stacks(object);
        needed.extend(self.wanted(object));
        needed
    }

    fn needed_for_stacks(&self, object: Object) -> Actions {
        self.others.as_ref().and_then(|others| others.last.get(&object)).cloned().unwrap_or_default()
    }

    fn wanted(&self, object: Object) -> Actions {
        self.change.wanted.get(&object).cloned().unwrap_or_default()
    }

    fn is_stack(&self, object: Object) -> bool {
        self.change.stack.is_some_and(|stack| object == Object::stack(stack))
    }
}

#[cfg(test)]
#[path = "change_tests.rs"]
mod tests;
