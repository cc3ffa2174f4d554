use tfkit::Arguments;

/// Finds a place.
#[derive(Arguments)]
#[function(name = "find")]
struct Find {
    /// Path of the place.
    path: std::path::PathBuf,
}

fn main() {}
