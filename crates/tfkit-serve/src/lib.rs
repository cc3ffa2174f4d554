//! Serves a provider made with `tfkit` to Terraform and OpenTofu: handshake, TLS, protocol, logs and a good end.
//!
//! The whole program of a provider is:
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
mod wire;

use std::io::Write as _;
use std::process::ExitCode;

use tfkit::{Engine, Provider};

use host::Environment;
pub use log::mask;

/// Serves a provider to the host that started this process, until the host ends it.
///
/// `address` is the provider's source address; its last part names the log level of this provider alone
/// (`TF_LOG_PROVIDER_CLOUD`). Started by anything but a host, it explains itself on stderr and fails.
///
/// Nothing may be written to standard output before or after: it belongs to the handshake.
pub fn serve<P: Provider>(address: &'static str, provider: P) -> ExitCode {
    let name = address.rsplit('/').next().unwrap_or(address);
    let environment = Environment::of_this_process(name);
    log::start(environment.log);
    let outcome =
        host::run(&environment, |lifetime| wire::services(Engine::new(provider), address, lifetime));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            explain(&error);
            ExitCode::FAILURE
        }
    }
}

/// Says on stderr why serving ended, with all causes. A stderr that is closed leaves nobody to tell.
#[expect(clippy::disallowed_methods, reason = "nothing else is printed")]
fn explain(error: &host::HostError) {
    let text = printable::Chain(error).to_string();
    let _ = writeln!(std::io::stderr().lock(), "{}", printable::lines(&text));
}
