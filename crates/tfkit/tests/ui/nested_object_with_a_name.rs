//! A nested object has no type name.

use tfkit::Object;

/// A part.
#[derive(Clone, Debug, Object)]
#[model(name = "part")]
pub struct Part {
    /// Its name.
    pub name: String,
}

fn main() {}
