//! The provider against a local platform: in the test's own process, and under real hosts.

mod configuration;
mod role_assignment;
mod team;
mod workspace;
mod world;
