//! What values must keep to, checked before anything is planned.

mod rule;
mod validate;
mod value;

pub use rule::Rule;
pub use validate::validate;
pub use value::{Check, custom, each, each_key, length, non_empty, number, one_of, pattern, url, uuid};
