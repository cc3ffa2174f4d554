use tfkit::{Computed, Model};

/// A thing.
#[derive(Clone, Model)]
#[model(name = "thing")]
struct Thing {
    /// Identifier of the thing.
    #[attr(key, stable)]
    id: Computed<String>,
    /// Age of the thing.
    age: std::time::Duration,
}

fn main() {}
