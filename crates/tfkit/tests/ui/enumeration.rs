use tfkit::Model;

/// A thing.
#[derive(Clone, Model)]
#[model(name = "thing")]
enum Thing {
    One,
}

fn main() {}
