use tfkit::{Object, Twin};

/// A part.
#[derive(Clone, Object)]
struct Part {
    /// Code of the part.
    #[attr(twin)]
    code: Twin<String>,
}

fn main() {}
