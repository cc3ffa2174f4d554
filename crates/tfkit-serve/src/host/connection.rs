//! Connections: accepting, securing, serving and closing them.

use std::io;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::listen::{Listener, Stream};
use crate::lifetime::Lifetime;
use crate::wire::Services;

/// Timeout of the TLS handshake.
const SECURING: Duration = Duration::from_secs(10);
/// Delay before accepting again after the system ran out of resources for connections.
const BACK_OFF: Duration = Duration::from_millis(50);
/// Flow-control window of a stream and of a connection, in bytes: schemas and states are large.
const WINDOW: u32 = 4 << 20;
/// Maximum number of calls on one connection. Twice as many as run at the same time, so that a call that needs no thread
/// is not held back.
const STREAMS: u32 = 1024;

/// Serves every connection until the lifetime ends, then waits for running calls.
pub(super) async fn accept(
    listener: &Listener,
    tls: Option<TlsAcceptor>,
    services: impl Fn() -> Services,
    lifetime: &Lifetime,
) -> io::Result<()> {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = lifetime.ended() => break,
            stream = listener.accept() => match stream {
                Ok(stream) => {
                    connections.spawn(connection(stream, tls.clone(), services(), lifetime.clone()));
                }
                Err(error) if is_passing(&error) => tokio::time::sleep(BACK_OFF).await,
                Err(error) => return Err(error),
            },
            Some(_) = connections.join_next() => (),
        }
    }
    tokio::select! {
        biased;
        () = async { while connections.join_next().await.is_some() {} } => (),
        () = lifetime.time_is_up() => {
            tracing::warn!(connections = connections.len(), "Ended while calls were still running");
        }
    }
    Ok(())
}

/// Returns whether a failure affects only one connection and not the next one.
fn is_passing(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted, OutOfMemory, ResourceBusy};
    // Too many open files, in this process or on the machine.
    let too_many_files = matches!(error.raw_os_error(), Some(23 | 24));
    too_many_files
        || matches!(
            error.kind(),
            ConnectionAborted | ConnectionReset | Interrupted | OutOfMemory | ResourceBusy
        )
}

/// Serves one connection to its end. A peer that fails the TLS handshake is not the host.
async fn connection(stream: Stream, tls: Option<TlsAcceptor>, services: Services, lifetime: Lifetime) {
    let _connected = lifetime.connected();
    let Some(tls) = tls else { return exchange(stream, services, &lifetime).await };
    match tokio::time::timeout(SECURING, tls.accept(stream)).await {
        Ok(Ok(stream)) => exchange(Box::new(stream), services, &lifetime).await,
        Ok(Err(error)) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "Rejected a connection");
        }
        Err(_) => tracing::warn!("Rejected a connection: the TLS handshake timed out"),
    }
}

/// Asks running calls to end, and leaves them the time for it.
async fn stop(services: &Services) {
    services.stop().await;
    std::future::pending::<()>().await;
}

/// Speaks HTTP/2 on a connection until either side ends it.
async fn exchange(stream: Stream, services: Services, lifetime: &Lifetime) {
    let mut builder = Builder::new(TokioExecutor::new()).http2_only();
    builder
        .http2()
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .max_concurrent_streams(STREAMS);
    let routes = TowerToHyperService::new(services.routes.clone());
    let connection = builder.serve_connection(TokioIo::new(stream), routes);
    let mut connection = std::pin::pin!(connection);
    let outcome = tokio::select! {
        outcome = connection.as_mut() => outcome,
        () = lifetime.ended() => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                biased;
                outcome = connection => outcome,
                () = stop(&services) => return,
            }
        }
    };
    if let Err(error) = outcome {
        // A host that is killed does not close its connections.
        tracing::debug!(error = &*error, "A connection ended early");
    }
}
