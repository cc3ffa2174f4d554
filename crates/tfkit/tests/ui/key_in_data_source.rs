use tfkit::Model;

/// A thing.
#[derive(Clone, Model)]
#[model(name = "thing", kind = data_source)]
struct Thing {
    /// Name of the thing.
    #[attr(key)]
    name: String,
}

fn main() {}
