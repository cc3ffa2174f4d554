//! An empty string is not a word.

use tfkit::Enum;

#[derive(Clone, Enum)]
pub enum Color {
    #[attr(name = "")]
    Red,
}

fn main() {}
