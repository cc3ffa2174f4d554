//! A block is plain or a group.

use tfkit::Object;

/// A part.
#[derive(Clone, Debug, Object)]
pub struct Part {
    /// Its name.
    #[attr(block = grup)]
    pub name: String,
}

fn main() {}
