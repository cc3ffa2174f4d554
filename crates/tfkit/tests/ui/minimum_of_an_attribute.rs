//! Only blocks have a minimum.

use tfkit::Object;

/// A part.
#[derive(Clone, Debug, Object)]
pub struct Part {
    /// Its name.
    #[attr(min = 1)]
    pub name: String,
}

fn main() {}
