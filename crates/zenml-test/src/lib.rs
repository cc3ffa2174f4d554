//! A real ZenML server for tests: plain, open source, on a free port of the loopback interface.
//!
//! The server is Python. It lives in a virtual environment that `scripts/zenml-server` makes once and keeps; tests
//! only look for it, and say that they were skipped where there is none.
//!
//! [`Search`] looks for it, [`RealServer::start`] starts a server of it, and `cargo run --bin zenml-test` does both for a
//! person: it prints what to export and keeps the server until its standard input ends.
//!
//! A start takes seconds, so the tests of one binary share [`RealServer::shared`]. They give every object a name of
//! their own, look only for those, and remove what they made. A test that changes what all see (the default user, the
//! server's settings) starts a server of its own.
//!
//! The server ends with the process that started it, however that ends: it reads its standard input, which nobody
//! writes to, until it is closed.
#![warn(missing_docs)]

mod environment;
mod process;
mod server;
mod template;

pub use environment::{Environment, NoServer, Packages, Search, VERSION};
pub use process::StartError;
pub use server::RealServer;
