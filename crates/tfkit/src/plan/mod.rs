//! The rules of planning, as pure functions over values and schemas, in the order in which the engine uses them.

pub mod same;

pub use same::Same;
