//! What was read once in a run.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

/// Values by key, each read once, however many ask for it at the same time. A failure is not kept.
#[derive(Debug)]
pub(crate) struct Cache<K, V>(Mutex<BTreeMap<K, Arc<OnceCell<Arc<V>>>>>);

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Ord + Clone, V> Cache<K, V> {
    /// The value of a key; `read` is only awaited when nobody has read it yet.
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

    /// Remembers a value that came with another answer.
    pub(crate) fn put(&self, key: K, value: V) {
        self.cells().insert(key, Arc::new(OnceCell::new_with(Some(Arc::new(value)))));
    }

    /// Forgets a value, because it was changed.
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
