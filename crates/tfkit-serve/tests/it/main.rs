//! The provider process as a host sees it: a real process, a real connection.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[expect(
    clippy::all,
    clippy::pedantic,
    unreachable_pub,
    unused_qualifications,
    reason = "generated code, the shape of which is not ours to choose"
)]
#[allow(dead_code, reason = "generated for the whole protocol; the compiler never sees it expected")]
#[path = "gen/mod.rs"]
mod generated;
mod handshake;
mod host;
mod lifetime;
mod message;
mod terraform;
mod tls;
