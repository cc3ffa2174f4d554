use tfkit::{Computed, Model, Twin};

/// A thing.
#[derive(Clone, Model)]
#[model(name = "thing")]
struct Thing {
    /// Identifier of the thing.
    #[attr(key, stable)]
    id: Computed<String>,
    /// Code of the thing.
    #[attr(twin = needed)]
    code: Twin<String>,
}

fn main() {}
