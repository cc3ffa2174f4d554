use tfkit::{Computed, Model, Secret, Twin};

/// A thing.
#[derive(Clone, Model)]
#[model(name = "thing")]
struct Thing {
    /// Identifier of the thing.
    #[attr(key, stable)]
    id: Computed<String>,
    /// Name of the thing.
    name: String,
    /// Code of the thing.
    #[attr(twin)]
    code: Twin<Secret<String>>,
    /// Address of the thing.
    #[attr(stable, depends = [NAME])]
    address: Computed<String>,
}

fn main() {}
