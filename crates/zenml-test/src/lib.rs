//! A real ZenML server for tests: plain, open source, on a free port of the loopback interface.
//!
//! The server is written in Python. `scripts/zenml-server` installs it into a virtual environment once; tests only
//! look for it, and report that they were skipped if there is none.
//!
//! [`Search`] finds it, [`RealServer::start`] starts a server from it, and `cargo run --bin zenml-test` does both on
//! the command line: it prints the variables to export and keeps the server running until its standard input ends.
//!
//! A start takes seconds, so the tests of one binary share [`RealServer::shared`]. They give every object a unique
//! name, look only for those, and delete what they created. A test that reads or changes everything that a server has
//! runs while no other test uses it.
//!
//! The server ends with the process that started it, however that ends: it reads its standard input, which nothing
//! writes to, until it is closed.
#![warn(missing_docs)]

mod environment;
mod process;
mod server;
mod template;

pub use environment::{EARLIER, Environment, NoServer, Search, VERSION};
pub use process::StartError;
pub use server::RealServer;
