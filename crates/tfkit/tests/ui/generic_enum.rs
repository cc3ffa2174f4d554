//! Words do not depend on a type.

use tfkit::Enum;

#[derive(Clone, Enum)]
pub enum Color<T> {
    Red,
}

fn main() {}
