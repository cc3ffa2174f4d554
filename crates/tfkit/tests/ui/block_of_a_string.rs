//! A block contains attributes.

use tfkit::Object;

/// A part.
#[derive(Clone, Debug, Object)]
pub struct Part {
    /// Its name.
    #[attr(block)]
    pub name: String,
}

fn main() {}
