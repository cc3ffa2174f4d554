//! A cache of values that a run reads once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

/// Values by key. Each is read once, even with concurrent callers. Failures are not cached.
#[derive(Debug)]
pub(crate) struct Cache<K, V>(Mutex<BTreeMap<K, Arc<OnceCell<Arc<V>>>>>);

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Ord + Clone, V> Cache<K, V> {
    /// Returns the value of a key. `read` is only awaited if the value is not cached yet.
    pub(crate) fn get<E>(
        &self,
        key: &K,
        read: impl Future<Output = Result<V, E>>,
    ) -> impl Future<Output = Result<Arc<V>, E>> {
        let cell = Arc::clone(self.cells().entry(key.clone()).or_default());
        // Boxed because a cell holds several copies of what it may wait for.
        let read = Box::pin(read);
        async move { cell.get_or_try_init(async || read.await.map(Arc::new)).await.map(Arc::clone) }
    }

    /// Stores a value that another response contained.
    pub(crate) fn put(&self, key: K, value: V) {
        self.cells().insert(key, Arc::new(OnceCell::new_with(Some(Arc::new(value)))));
    }

    /// Removes a value that has changed.
    pub(crate) fn forget(&self, key: &K) {
        self.cells().remove(key);
    }

    fn cells(&self) -> std::sync::MutexGuard<'_, BTreeMap<K, Arc<OnceCell<Arc<V>>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_value_is_read_once_and_a_failure_is_not_kept() {
        let cache = Cache::<u8, u8>::default();
        assert_eq!(cache.get(&1, async { Err("down") }).await, Err("down"));
        assert_eq!(cache.get(&1, async { Ok::<_, &str>(7) }).await, Ok(Arc::new(7)));
        assert_eq!(cache.get(&1, async { Err("not asked") }).await, Ok(Arc::new(7)));
        cache.forget(&1);
        assert_eq!(cache.get(&1, async { Ok::<_, &str>(8) }).await, Ok(Arc::new(8)));
        cache.put(2, 9);
        assert_eq!(cache.get(&2, async { Err("not asked") }).await, Ok(Arc::new(9)));
    }
}
