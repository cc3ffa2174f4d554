//! Tests of the framework's rules.
#![expect(clippy::unwrap_used, reason = "a helper that fails, fails its test")]

mod check;
mod generate;
mod plan;
mod plan_properties;
mod value;
