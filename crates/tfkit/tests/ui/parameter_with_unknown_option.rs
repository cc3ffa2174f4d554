use tfkit::Arguments;

/// Finds a place.
#[derive(Arguments)]
#[function(name = "find")]
struct Find {
    /// Name of the place.
    #[arg(default = "here")]
    name: String,
}

fn main() {}
