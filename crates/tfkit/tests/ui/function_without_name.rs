use tfkit::Arguments;

/// Finds a place.
#[derive(Arguments)]
struct Find {
    /// Name of the place.
    name: String,
}

fn main() {}
