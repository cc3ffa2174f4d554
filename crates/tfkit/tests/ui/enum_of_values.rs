//! A variant with a field is not one word.

use tfkit::Enum;

#[derive(Clone, Enum)]
pub enum Color {
    Red,
    Other(String),
}

fn main() {}
