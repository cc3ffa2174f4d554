use tfkit::{Computed, Model};

/// A thing.
#[derive(Clone, Model)]
#[model(name = "thing")]
struct Thing {
    /// Identifier of the thing.
    #[attr(key, stable)]
    id: Computed<String>,
    /// Code of the thing.
    #[attr(write_only)]
    code: Option<String>,
}

fn main() {}
