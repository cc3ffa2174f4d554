use tfkit::Object;

/// A part.
#[derive(Clone, Object)]
struct Part {
    /// Name of the part.
    #[attr(key = optional)]
    name: String,
}

fn main() {}
