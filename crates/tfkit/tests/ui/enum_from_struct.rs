//! Only an enum has words.

use tfkit::Enum;

#[derive(Clone, Enum)]
pub struct Color;

fn main() {}
