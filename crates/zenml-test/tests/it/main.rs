//! The server of the tests, really started.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod search;
mod server;
