//! The test tools find what they are there to find.
#![expect(clippy::unwrap_used, reason = "a helper that fails, fails its test")]

mod harness;
mod provider;
mod scenario;
