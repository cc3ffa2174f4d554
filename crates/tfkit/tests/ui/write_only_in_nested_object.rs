use tfkit::Object;

/// A part.
#[derive(Clone, Object)]
struct Part {
    /// Code of the part.
    #[attr(write_only)]
    code: Option<String>,
}

fn main() {}
