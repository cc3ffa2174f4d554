use tfkit::{Computed, Model, Secret};

/// A thing.
#[derive(Clone, Model)]
#[model(name = "thing")]
struct Thing {
    /// Identifier of the thing.
    #[attr(key, stable)]
    id: Computed<String>,
    /// Code of the thing.
    #[attr(twin)]
    code: Option<Secret<String>>,
}

fn main() {}
