//! Without words, no value is valid.

use tfkit::Enum;

#[derive(Clone, Enum)]
pub enum Color {}

fn main() {}
