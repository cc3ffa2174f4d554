//! Two variants cannot have the same word.

use tfkit::Enum;

#[derive(Clone, Enum)]
pub enum Color {
    Red,
    #[attr(name = "red")]
    Crimson,
}

fn main() {}
