//! Tests of the test tools.
#![expect(clippy::unwrap_used, reason = "a helper that fails, fails its test")]

#[path = "../../../tfkit-serve/examples/surface/garden.rs"]
mod garden;
mod harness;
mod provider;
mod scenario;
mod surface;
