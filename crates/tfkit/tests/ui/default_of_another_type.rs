use tfkit::{Computed, Model, OrDefault};

/// A thing.
#[derive(Clone, Model)]
#[model(name = "thing")]
struct Thing {
    /// Identifier of the thing.
    #[attr(key, stable)]
    id: Computed<String>,
    /// Size of the thing.
    #[attr(default = true)]
    size: OrDefault<u64>,
}

fn main() {}
