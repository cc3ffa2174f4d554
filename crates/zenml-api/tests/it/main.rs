//! Tests of the constants and types against the real APIs.

#![expect(clippy::unwrap_used, reason = "a test panics on anything unexpected")]

mod control;
mod error_bodies;
mod exchange;
mod workspace;
