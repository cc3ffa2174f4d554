use tfkit::{Computed, Model};

/// A thing.
#[derive(Clone, Model)]
#[model(name = "thing")]
struct Thing {
    /// Identifier of the thing.
    #[attr(key, stable)]
    id: Computed<String>,
    /// Name of the thing.
    #[attr(replace, replace)]
    name: String,
}

fn main() {}
