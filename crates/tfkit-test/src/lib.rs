//! Test tools for providers that are made with `tfkit`.
//!
//! - [`Harness`] plays the host in the test's own process: it merges, plans, applies, refreshes and imports as the host
//!   does, applies the host's checks, and needs neither a socket nor a binary.
//! - [`Scenario`] runs the real host in a directory of its own.
//!
//! Both look at an object from outside: by its address, `TYPE.NAME`.
#![warn(missing_docs)]

mod action;
pub mod harness;
pub mod scenario;

pub use action::Action;
pub use harness::{Failure, Harness, unknown};
pub use scenario::{Host, NoHost, Origin, Scenario, Search};
