//! The constants and types against what the real APIs document or give.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected shall panic")]

mod control;
mod error_bodies;
mod exchange;
mod workspace;
