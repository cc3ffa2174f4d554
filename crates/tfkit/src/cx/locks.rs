//! Named locks of a provider process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::OwnedMutexGuard;

type One = tokio::sync::Mutex<()>;

/// A held lock; released when it is dropped.
#[must_use = "a lock that is not held protects nothing"]
#[derive(Debug)]
pub struct LockGuard {
    _held: OwnedMutexGuard<()>,
}

/// Locks by name. A name uses memory only while somebody holds the lock or waits for it.
#[derive(Debug, Default)]
pub(crate) struct Locks(Mutex<BTreeMap<String, Weak<One>>>);

impl Locks {
    pub(crate) async fn lock(&self, name: String) -> LockGuard {
        let one = self.one(name);
        LockGuard { _held: one.lock_owned().await }
    }

    fn one(&self, name: String) -> Arc<One> {
        let mut names = lock(&self.0);
        if let Some(one) = names.get(&name).and_then(Weak::upgrade) {
            return one;
        }
        names.retain(|_, one| one.strong_count() > 0);
        let one = Arc::new(One::default());
        names.insert(name, Arc::downgrade(&one));
        one
    }
}

/// Locks a mutex and ignores poisoning: no holder panics in the middle of a change.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_has_one_holder_at_a_time_and_is_forgotten_afterwards() {
        let locks = Locks::default();
        let held = locks.lock("a".to_owned()).await;
        let second = locks.one("a".to_owned());
        assert!(second.try_lock().is_err(), "the same name waits");
        let _other = locks.lock("b".to_owned()).await;
        drop(held);
        assert!(second.try_lock().is_ok(), "a dropped guard releases");
        drop(second);
        let _third = locks.lock("c".to_owned()).await;
        let names: Vec<String> = lock(&locks.0).keys().cloned().collect();
        assert_eq!(names, ["b", "c"]);
    }
}
