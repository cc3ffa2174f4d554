//! The life of a plugin process: from the environment that the host sets to the end that the host requests.
//!
//! For debugging, a person starts the process, and hosts attach to it: without handshake and TLS, until the person ends
//! it.

mod connection;
mod environment;
mod handshake;
mod listen;
mod reattach;
mod tls;

use std::io::{self, Write};
use std::time::Duration;

use tokio::task::JoinSet;

pub(crate) use environment::Environment;
use handshake::Refusal;

use crate::lifetime::{Interrupts, Lifetime};
use crate::wire::Services;
use crate::wire::threads::{self, Threads};
use listen::Listener;
use tls::{ServerTls, TlsError};

/// Time to end running work at the end of the process, when nobody waits for it.
const LEFTOVERS: Duration = Duration::from_millis(100);

/// Why serving ended before the host asked for it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HostError {
    /// The handshake failed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// No threads.
    #[error("cannot start the threads of the provider")]
    Runtime(#[source] io::Error),
    /// No signals.
    #[error("cannot watch for signals")]
    Signals(#[source] io::Error),
    /// Neither socket file nor port.
    #[error("cannot listen for Terraform or OpenTofu; TMPDIR must be a writable folder")]
    Listen(#[source] io::Error),
    /// No secure connection.
    #[error("cannot secure the connection to Terraform or OpenTofu")]
    Tls(#[from] TlsError),
    /// Standard output is closed.
    #[error("cannot write the handshake for Terraform or OpenTofu to standard output")]
    Handshake(#[source] io::Error),
    /// Standard output is closed.
    #[error("cannot write to standard output how to use this process")]
    Instructions(#[source] io::Error),
    /// Accepting connections failed.
    #[error("cannot accept a connection from Terraform or OpenTofu")]
    Accept(#[source] io::Error),
}

impl HostError {
    /// Returns whether a person started the process, and not a host.
    pub(crate) fn is_started_by_hand(&self) -> bool {
        matches!(self, Self::Refused(Refusal::NotAPlugin))
    }
}

/// Serves one host until it requests the end. `services` creates the RPCs to serve. It runs after the handshake, so
/// that host and provider start in parallel.
pub(crate) fn run(
    environment: &Environment,
    services: impl FnOnce(Threads, &Lifetime) -> Services,
) -> Result<(), HostError> {
    handshake::check(environment)?;
    with_threads(async |threads| serve(environment, |lifetime| services(threads, lifetime)).await)
}

/// Starts the threads of the process, and serves on this one.
fn with_threads(serve: impl AsyncFnOnce(Threads) -> Result<(), HostError>) -> Result<(), HostError> {
    let runtime = threads::connection().map_err(HostError::Runtime)?;
    let background = threads::background().map_err(HostError::Runtime)?;
    let threads = Threads::new(&background);
    let outcome = runtime.block_on(async {
        let outcome = serve(threads.clone()).await;
        threads.cleaned_up().await;
        outcome
    });
    // Neither waits for a thread that an author blocks.
    background.shutdown_timeout(LEFTOVERS);
    runtime.shutdown_background();
    outcome
}

async fn serve(
    environment: &Environment,
    services: impl FnOnce(&Lifetime) -> Services,
) -> Result<(), HostError> {
    let lifetime = Lifetime::new();
    let signals = lifetime.watch_signals(Interrupts::Host).map_err(HostError::Signals)?;
    let listener =
        Listener::open(&environment.socket, environment.ports.clone()).await.map_err(HostError::Listen)?;
    let tls = environment.client_certificate.as_deref().map(ServerTls::for_host).transpose()?;
    say_hello(environment, &listener, tls.as_ref()).map_err(HostError::Handshake)?;
    let mut watchers = JoinSet::new();
    watchers.spawn(signals);
    watchers.spawn(lifetime.clone().watch_parent());
    let services = services(&lifetime);
    let acceptor = tls.map(|tls| tls.acceptor);
    connection::accept(&listener, acceptor, || services.clone(), &lifetime).await.map_err(HostError::Accept)
}

/// Serves the hosts that a person starts, until that person interrupts the process. `services` creates the RPCs for one
/// connection: each has its own configuration, because a host opens one for each provider block and each run.
pub(crate) fn attach(
    environment: &Environment,
    provider: &str,
    services: impl Fn(Threads, &Lifetime) -> Services,
) -> Result<(), HostError> {
    with_threads(async |threads| {
        let lifetime = Lifetime::new();
        let signals = lifetime.watch_signals(Interrupts::Us).map_err(HostError::Signals)?;
        let listener = Listener::open(&environment.socket, environment.ports.clone())
            .await
            .map_err(HostError::Listen)?;
        explain_how_to_attach(provider, &listener).map_err(HostError::Instructions)?;
        let mut watchers = JoinSet::new();
        watchers.spawn(signals);
        let services = || services(threads.clone(), &lifetime);
        connection::accept(&listener, None, services, &lifetime).await.map_err(HostError::Accept)
    })
}

/// Prints how hosts find this process.
#[expect(clippy::disallowed_methods, reason = "a person started this process, and reads its standard output")]
fn explain_how_to_attach(provider: &str, listener: &Listener) -> io::Result<()> {
    let command = reattach::command(&reattach::variable(provider, std::process::id(), listener.address()));
    let text = format!(
        "The provider {provider} is running. To use it, run this in the shell where you start Terraform or \
         OpenTofu:\n\n  {command}\n\nUnset the variable when you have finished. To end the provider, press Ctrl-C.\n"
    );
    let mut stdout = io::stdout().lock();
    stdout.write_all(printable::lines(&text).as_bytes())?;
    stdout.flush()
}

/// Writes the handshake line, the only output of this process on standard output.
#[expect(clippy::disallowed_methods, reason = "standard output is reserved for this line")]
fn say_hello(environment: &Environment, listener: &Listener, tls: Option<&ServerTls>) -> io::Result<()> {
    let certificate = tls.map(|tls| tls.certificate.as_ref());
    // Multiplexing is for plugins that call each other. A host that supports it asks for it.
    let multiplexing = environment.asks_for_multiplexing.then_some(false);
    let mut stdout = io::stdout().lock();
    stdout.write_all(handshake::line(listener.address(), certificate, multiplexing).as_bytes())?;
    stdout.flush()
}
