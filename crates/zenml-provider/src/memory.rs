//! What modules remember during one run.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// One value per type, initially the type's default.
///
/// A private type is the memory of its module: no other module can change it.
#[derive(Debug, Default)]
pub(crate) struct Memory(Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>);

impl Memory {
    /// Returns the value of this type, the same one for each call.
    pub(crate) fn of<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let value = all.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(T::default()));
        Arc::clone(value).downcast().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Names(Mutex<Vec<&'static str>>);

    #[derive(Default)]
    struct Other(Mutex<Vec<&'static str>>);

    #[test]
    fn each_type_has_one_value_in_a_memory() {
        let memory = Memory::default();
        memory.of::<Names>().0.lock().unwrap().push("alpha");
        memory.of::<Names>().0.lock().unwrap().push("beta");
        assert_eq!(*memory.of::<Names>().0.lock().unwrap(), ["alpha", "beta"]);
        assert!(memory.of::<Other>().0.lock().unwrap().is_empty());
        assert!(Memory::default().of::<Names>().0.lock().unwrap().is_empty());
    }
}
