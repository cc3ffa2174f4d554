//! A variant has one name.

use tfkit::Enum;

#[derive(Clone, Enum)]
pub enum Color {
    #[attr(name = "a", name = "b")]
    Red,
}

fn main() {}
