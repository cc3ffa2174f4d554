use tfkit::Arguments;

/// Finds a place.
#[derive(Arguments)]
#[function(name = "find")]
struct Find {
    /// Name of the place.
    #[arg(variadic)]
    name: String,
}

fn main() {}
