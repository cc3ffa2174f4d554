//! The provider process as a host sees it, with a real process and a real connection.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod action;
mod bad;
mod busy;
mod debug;
mod first;
#[expect(clippy::all, clippy::pedantic, unreachable_pub, unused_qualifications, reason = "generated code")]
#[allow(dead_code, reason = "generated for the whole protocol, of which only a part is used")]
#[path = "gen/mod.rs"]
mod generated;
mod handshake;
mod host;
mod lifetime;
mod list;
mod message;
mod protocol;
mod surface;
mod terraform;
mod tls;
