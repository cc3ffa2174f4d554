use tfkit::{Computed, Model};

/// A thing.
#[derive(Clone, Model)]
#[model(name = "thing", kind = verb)]
struct Thing {
    /// Identifier of the thing.
    #[attr(key, stable)]
    id: Computed<String>,
}

fn main() {}
