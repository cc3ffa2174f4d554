//! Checks of values, which run before anything is planned.

mod nearest;
mod quoted;
mod range;
mod rule;
mod validate;
mod value;

pub use nearest::nearest;
pub use rule::Rule;
pub use validate::validate;
pub use value::{
    Check, Stage, custom, each, each_key, in_plan, length, non_empty, number, one_of, pattern, url, uuid,
    within,
};
