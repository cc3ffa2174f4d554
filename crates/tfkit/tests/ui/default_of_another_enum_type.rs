//! The default of a word is a variant, not a string.

use tfkit::{Enum, Object, OrDefault};

#[derive(Clone, Debug, Enum)]
pub enum Color {
    Red,
}

/// A part.
#[derive(Clone, Debug, Object)]
pub struct Part {
    /// Its color.
    #[attr(default = "red")]
    pub color: OrDefault<Color>,
}

fn main() {}
