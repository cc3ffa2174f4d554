//! Tests of the test tools.
#![expect(clippy::unwrap_used, reason = "a helper that fails, fails its test")]

mod harness;
mod provider;
mod scenario;
