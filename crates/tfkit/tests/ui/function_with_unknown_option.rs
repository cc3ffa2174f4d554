use tfkit::Arguments;

/// Finds a place.
#[derive(Arguments)]
#[function(name = "find", kind = "place")]
struct Find {
    /// Name of the place.
    name: String,
}

fn main() {}
