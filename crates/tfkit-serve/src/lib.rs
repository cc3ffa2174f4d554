//! Serves a `tfkit` provider to Terraform and OpenTofu: handshake, TLS, protocol, logs and shutdown.
//!
//! A complete provider program:
//!
//! ```ignore
//! fn main() -> std::process::ExitCode {
//!     tfkit_serve::serve("registry.terraform.io/acme/cloud", Cloud)
//! }
//! ```
//!
//! # The name of the binary
//!
//! Hosts look for a file named `terraform-provider-NAME`, where `NAME` is the last part of the source address. Set it
//! with `[[bin]] name = "terraform-provider-cloud"` in `Cargo.toml`. Releases add the version: `terraform-provider-cloud_v1.2.3`.
//!
//! # Development
//!
//! A host uses a local build instead of a release if its configuration file (`~/.terraformrc`, or `TF_CLI_CONFIG_FILE`)
//! names the folder of the binary. No `terraform init` is needed:
//!
//! ```hcl
//! provider_installation {
//!   dev_overrides {
//!     "acme/cloud" = "/path/to/cloud/target/debug"
//!   }
//!   direct {}
//! }
//! ```
//!
//! # Debugging
//!
//! A host starts and ends several processes in one run, which is too fast for a debugger. Instead, start the provider
//! yourself, in a debugger or not, with `terraform-provider-cloud --debug`. It prints a command that sets
//! `TF_REATTACH_PROVIDERS`. Run that command in another shell, and then Terraform or OpenTofu, as often as you like:
//! they use the running process, and need neither `init` nor `dev_overrides`. Press Ctrl-C to end the provider. A host
//! opens a connection for each provider block and for each step of a run. Each connection has its own
//! [`Engine`], and thus its own configuration and client, as if it were a process; static variables are shared.
//!
//! # Logs
//!
//! Log with `tracing`. The lines go to the host, which shows them if `TF_LOG` or `TF_LOG_PROVIDER` asks for their level
//! (`TRACE`, `DEBUG`, `INFO`, `WARN`, `ERROR` or `OFF`); `TF_LOG_PROVIDER_CLOUD` sets the level of this provider only.
//! Each line has the RPC, the type and an id of the call. The sensitive values of the provider block are masked; mask
//! others with [`mask`]. Without a level, only panics are logged. Logging never waits for the host: lines that it does
//! not read are left out after 8 MiB, and the log says how many.
//!
//! # Threads
//!
//! Each call of the host has a thread of its own, so that a hook may block or compute: it delays no other call, and
//! neither the connection, a stop, a signal nor the end of the process. All threads share one `tokio` runtime with two
//! threads in the background for sockets, timers and the tasks that a hook spawns. Do not block in a spawned task; use
//! `tokio::task::spawn_blocking`.
//!
//! # Stopping
//!
//! When the user interrupts a run, reads and plans end at once, and an operation that changes something is asked to
//! stop ([`Cx::until_stopped`](tfkit::Cx::until_stopped)). If the host cancels one call or is gone, the same happens to
//! that call, and it is dropped a second later. At the end of the process, running calls have 1.5 seconds after the
//! request of the host, and three seconds after `SIGTERM`, `SIGHUP` or `SIGQUIT`; a second signal ends the process at
//! once. A process whose host has died ends within two seconds.
#![warn(missing_docs)]

mod host;
mod lifetime;
mod log;
mod program;
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
    log::finish();
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
