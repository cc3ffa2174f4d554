use tfkit::{Computed, Model};

/// A thing.
#[derive(Clone, Model)]
#[model(name = "thing")]
struct Thing {
    /// Identifier of the thing.
    #[attr(key, stable)]
    id: Computed<String>,
    /// Place of the thing.
    #[attr(key = maybe)]
    place: Option<String>,
}

fn main() {}
