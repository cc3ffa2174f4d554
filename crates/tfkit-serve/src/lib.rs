//! Serves a `tfkit` provider to Terraform and OpenTofu: handshake, TLS, protocol, logs and shutdown.
//!
//! A complete provider program:
//!
//! ```ignore
//! fn main() -> std::process::ExitCode {
//!     tfkit_serve::serve("registry.terraform.io/acme/cloud", Cloud)
//! }
//! ```
#![warn(missing_docs)]

mod host;
mod lifetime;
mod log;
mod program;
mod threads;
mod wire;

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use tfkit::{Engine, Provider};

use host::{Environment, HostError};
pub use log::mask;
use program::Command;
pub use program::Program;
use wire::Services;

/// Runs a provider program: serves the host that started this process, until the host ends it.
///
/// A person who starts it by hand reads what it is. With `--debug`, it serves the hosts that this person starts; see
/// [debugging](crate#debugging). `--version` and `--help` print what [`Program`] says.
///
/// A program with commands of its own runs these before it calls this function. Otherwise, do not write to standard
/// output before or after: it is reserved for the handshake.
pub fn serve<P: Provider>(program: impl Into<Program>, provider: P) -> ExitCode {
    let program = program.into();
    match program.command(std::env::args_os().skip(1)) {
        Command::Plugin => report(&program, serve_host(&program, provider)),
        Command::Debug => report(&program, serve_attached(&program, provider)),
        Command::Print(text) => print(&text),
        Command::Reject(text) => {
            complain(&text);
            ExitCode::from(2)
        }
    }
}

/// Serves one host, over all its connections.
fn serve_host<P: Provider>(program: &Program, provider: P) -> Result<(), HostError> {
    let environment = Environment::of_this_process(program.name());
    log::start(environment.log);
    host::run(&environment, |threads, lifetime| {
        Services::new(Engine::new(provider), program.address, threads, lifetime)
    })
}

/// Serves many hosts, one for each connection.
fn serve_attached<P: Provider>(program: &Program, provider: P) -> Result<(), HostError> {
    let environment = Environment::of_this_process(program.name());
    log::start(environment.log);
    let provider = Arc::new(provider);
    host::attach(&environment, program.address, |threads, lifetime| {
        Services::new(Engine::sharing(Arc::clone(&provider)), program.address, threads, lifetime)
    })
}

fn report(program: &Program, outcome: Result<(), HostError>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&printable::Chain(&error).to_string());
            if error.is_started_by_hand() {
                complain(&format!("\n{}", program.help()));
            }
            ExitCode::FAILURE
        }
    }
}

/// Prints to standard output what a person asked for.
#[expect(clippy::disallowed_methods, reason = "a person started this process, not a host")]
fn print(text: &str) -> ExitCode {
    match writeln!(std::io::stdout().lock(), "{}", printable::lines(text)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Prints to stderr. Ignores a closed stderr.
#[expect(clippy::disallowed_methods, reason = "nothing else is printed")]
fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", printable::lines(text));
}
