use tfkit::Arguments;

/// Finds a place.
#[derive(Arguments)]
#[function(name = "find")]
struct Find {
    /// Names of the place.
    #[arg(variadic)]
    names: Vec<String>,
    /// Number of the place.
    number: u64,
}

fn main() {}
