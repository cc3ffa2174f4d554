//! Tests of the client: most against a scripted server in the same process, a few over loopback.

#![expect(clippy::unwrap_used, reason = "a test panics on anything unexpected")]

mod certificates;
mod credentials;
mod errors;
mod lists;
mod logs;
mod network;
mod repeats;
mod script;
mod workspaces;
