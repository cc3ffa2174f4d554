//! The life of a plugin process: from the environment that the host gives it to the end that the host asks for.
//!
//! Serving by hand for debuggers (a process that a person starts and hosts attach to) will be a second way into
//! [`connection::accept`], with neither handshake nor TLS.

mod connection;
mod environment;
mod handshake;
mod listen;
mod tls;

use std::io::{self, Write};
use std::time::Duration;

use tokio::task::JoinSet;

pub(crate) use environment::Environment;
use handshake::Refusal;

use crate::lifetime::Lifetime;
use crate::wire::Services;
use listen::Listener;
use tls::{ServerTls, TlsError};

/// Threads that run handlers. They wait for servers nearly all the time.
const WORKERS: usize = 2;
/// Threads for the few calls that block, such as looking up a host name.
const BLOCKING: usize = 4;
/// How long work that is still running may delay the end of the process, once nobody waits for it.
const LEFTOVERS: Duration = Duration::from_millis(100);

/// Why serving ended before the host asked for it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HostError {
    /// Whoever started us is not served.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// No threads.
    #[error("cannot start the threads of the provider")]
    Runtime(#[source] io::Error),
    /// No signals.
    #[error("cannot watch for signals")]
    Signals(#[source] io::Error),
    /// Neither socket file nor port.
    #[error("cannot listen for Terraform or OpenTofu; TMPDIR must name a folder in which files can be made")]
    Listen(#[source] io::Error),
    /// No secure connection.
    #[error("cannot secure the connection to Terraform or OpenTofu")]
    Tls(#[from] TlsError),
    /// Standard output is closed.
    #[error("cannot tell Terraform or OpenTofu where the provider listens")]
    Handshake(#[source] io::Error),
    /// Connections cannot be accepted any more.
    #[error("cannot accept a connection from Terraform or OpenTofu")]
    Accept(#[source] io::Error),
}

/// Serves one host until it asks for the end. `services` makes the remote calls that are served; it runs after
/// the host was told where to connect, so that both start up side by side.
pub(crate) fn run(
    environment: &Environment,
    services: impl FnOnce(&Lifetime) -> Services,
) -> Result<(), HostError> {
    handshake::check(environment)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(BLOCKING)
        .thread_name("provider")
        .enable_all()
        .build()
        .map_err(HostError::Runtime)?;
    let outcome = runtime.block_on(serve(environment, services));
    runtime.shutdown_timeout(LEFTOVERS);
    outcome
}

async fn serve(
    environment: &Environment,
    services: impl FnOnce(&Lifetime) -> Services,
) -> Result<(), HostError> {
    let lifetime = Lifetime::new();
    let signals = lifetime.watch_signals().map_err(HostError::Signals)?;
    let listener =
        Listener::open(&environment.socket, environment.ports.clone()).await.map_err(HostError::Listen)?;
    let tls = environment.client_certificate.as_deref().map(ServerTls::for_host).transpose()?;
    say_hello(environment, &listener, tls.as_ref()).map_err(HostError::Handshake)?;
    let mut watchers = JoinSet::new();
    watchers.spawn(signals);
    watchers.spawn(lifetime.clone().watch_parent());
    let services = services(&lifetime);
    let acceptor = tls.map(|tls| tls.acceptor);
    connection::accept(&listener, acceptor, services, &lifetime).await.map_err(HostError::Accept)
}

/// Writes the one line that this process ever writes to standard output.
#[expect(clippy::disallowed_methods, reason = "this is what standard output belongs to")]
fn say_hello(environment: &Environment, listener: &Listener, tls: Option<&ServerTls>) -> io::Result<()> {
    let certificate = tls.map(|tls| tls.certificate.as_ref());
    // Several connections over one are for plugins that call each other; a host that insists on them says so.
    let multiplexing = environment.asks_for_multiplexing.then_some(false);
    let mut stdout = io::stdout().lock();
    stdout.write_all(handshake::line(listener.address(), certificate, multiplexing).as_bytes())?;
    stdout.flush()
}
