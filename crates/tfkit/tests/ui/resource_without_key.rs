use tfkit::Model;

/// A thing.
#[derive(Clone, Model)]
#[model(name = "thing")]
struct Thing {
    /// Name of the thing.
    name: String,
}

fn main() {}
