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
mod threads;
mod wire;

use std::io::Write as _;
use std::process::ExitCode;

use tfkit::{Engine, Provider};

use host::Environment;
pub use log::mask;
use wire::Services;

/// Serves a provider to the host that started this process, until the host ends it.
///
/// `address` is the provider's source address; its last part names the variable for the log level of this provider
/// (`TF_LOG_PROVIDER_CLOUD`). If it is not started by a host, it prints an explanation to stderr and fails.
///
/// Do not write to standard output before or after: it is reserved for the handshake.
pub fn serve<P: Provider>(address: &'static str, provider: P) -> ExitCode {
    let name = address.rsplit('/').next().unwrap_or(address);
    let environment = Environment::of_this_process(name);
    log::start(environment.log);
    let outcome = host::run(&environment, |threads, lifetime| {
        Services::new(Engine::new(provider), address, threads, lifetime)
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            explain(&error);
            ExitCode::FAILURE
        }
    }
}

/// Prints to stderr why serving ended, with all causes. Ignores a closed stderr.
#[expect(clippy::disallowed_methods, reason = "nothing else is printed")]
fn explain(error: &host::HostError) {
    let text = printable::Chain(error).to_string();
    let _ = writeln!(std::io::stderr().lock(), "{}", printable::lines(&text));
}
