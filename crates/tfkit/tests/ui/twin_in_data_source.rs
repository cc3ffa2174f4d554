use tfkit::{Model, Twin};

/// A thing.
#[derive(Clone, Model)]
#[model(name = "thing", kind = data_source)]
struct Thing {
    /// Code of the thing.
    #[attr(twin)]
    code: Twin<String>,
}

fn main() {}
