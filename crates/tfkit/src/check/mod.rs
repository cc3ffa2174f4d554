//! What values must keep to, checked before anything is planned.

mod rule;
mod value;

pub use rule::Rule;
pub use value::{Check, custom, each, each_key, length, non_empty, number, one_of, pattern, url, uuid};
