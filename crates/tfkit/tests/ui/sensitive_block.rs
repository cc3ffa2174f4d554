//! A block cannot be sensitive.

use tfkit::Object;

/// A part.
#[derive(Clone, Debug, Object)]
pub struct Part {
    /// Its name.
    #[attr(block, sensitive)]
    pub name: String,
}

fn main() {}
