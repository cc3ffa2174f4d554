//! A place inside a nested object begins with a token of that object.

use tfkit::Object;

/// A part.
#[derive(Clone, Debug, Object)]
pub struct Part {
    /// Its screw.
    pub screw: Option<Screw>,
}

/// A screw.
#[derive(Clone, Debug, Object)]
pub struct Screw {
    /// Its length.
    pub length: f64,
}

/// A nail.
#[derive(Clone, Debug, Object)]
pub struct Nail {
    /// Its head.
    pub head: f64,
}

fn main() {
    let _ = Part::SCREW.at(Nail::HEAD);
}
