//! A variant takes only a name.

use tfkit::Enum;

#[derive(Clone, Enum)]
pub enum Color {
    #[attr(rename = "RED")]
    Red,
}

fn main() {}
