use tfkit::Arguments;

/// Finds a place.
#[derive(Arguments)]
#[function(name = "find")]
struct Find {
    name: String,
}

fn main() {}
