use tfkit::{Computed, Model, OrDefault};

/// A thing.
#[derive(Clone, Model)]
#[model(name = "thing")]
struct Thing {
    /// Identifier of the thing.
    #[attr(key, stable)]
    id: Computed<String>,
    /// Name of the thing.
    name: OrDefault<String>,
}

fn main() {}
