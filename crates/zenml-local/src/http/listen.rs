//! The listener, with a timeout for everything that a caller can leave open, and a graceful stop.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, Id, JoinSet};
use tokio::time::Sleep;
use tower::Service as _;

use super::waiting::Waiting;

/// How long running requests may take to finish when the platform stops.
const GRACE: Duration = Duration::from_secs(5);
/// Timeouts of connections that wait for the client, and the maximum number of connections.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConnectionLimits {
    /// For the head of a request, including the next one on a kept-alive connection. Clients close idle connections
    /// earlier: the provider after 20 seconds.
    pub(crate) head: Duration,
    /// For writing a response.
    pub(crate) write: Duration,
    /// Maximum number of connections at once. A new one replaces the one that has waited longest for its client.
    /// While the platform is working for all of them, it waits in the queue of the operating system.
    pub(crate) connections: usize,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self { head: Duration::from_secs(30), write: Duration::from_secs(30), connections: 1024 }
    }
}

/// Serves until `stop` becomes true, then lets running requests finish.
pub(crate) async fn serve(
    listener: TcpListener,
    router: axum::Router,
    limits: ConnectionLimits,
    mut stop: watch::Receiver<bool>,
) {
    let mut connections = Connections::default();
    loop {
        let accept = async {
            connections.room(limits.connections).await;
            listener.accept().await
        };
        let accepted = tokio::select! {
            accepted = accept => accepted,
            // An error means that the platform is gone, which is also a stop.
            _ = stop.wait_for(|stop| *stop) => break,
        };
        match accepted {
            Ok((stream, remote)) => {
                connections.make_room(limits.connections);
                let waiting = Waiting::begin();
                let task = serve_one(stream, remote, router.clone(), limits, waiting.clone(), stop.clone());
                connections.add(task, waiting);
            }
            Err(error) => {
                // For example, too many open files. Connections that end free some.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    let ended = async { while connections.tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, ended).await.is_err() {
        tracing::warn!("some requests did not finish in time and were aborted");
    }
}

/// Connections that are being served.
#[derive(Default)]
struct Connections {
    tasks: JoinSet<()>,
    open: HashMap<Id, (AbortHandle, Waiting)>,
}

impl Connections {
    fn add(&mut self, task: impl Future<Output = ()> + Send + 'static, waiting: Waiting) {
        let handle = self.tasks.spawn(task);
        self.open.insert(handle.id(), (handle, waiting));
    }

    /// Waits until a place is free or can be freed.
    async fn room(&mut self, most: usize) {
        /// How often to check whether one of the running requests has finished.
        const SOON: Duration = Duration::from_millis(10);
        self.forget_ended();
        while self.open.len() >= most && self.idlest().is_none() {
            tokio::time::sleep(SOON).await;
            self.forget_ended();
        }
    }

    /// Closes the connections that have waited longest until one more fits.
    fn make_room(&mut self, most: usize) {
        self.forget_ended();
        while self.open.len() >= most
            && let Some(id) = self.idlest()
            && let Some((connection, _)) = self.open.remove(&id)
        {
            connection.abort();
        }
    }

    fn idlest(&self) -> Option<Id> {
        let waiting = self.open.iter().filter_map(|(id, (_, waiting))| Some((waiting.since()?, *id)));
        waiting.min_by_key(|(since, _)| *since).map(|(_, id)| id)
    }

    fn forget_ended(&mut self) {
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
            self.open.remove(&id);
        }
    }
}

async fn serve_one(
    stream: TcpStream,
    remote: SocketAddr,
    router: axum::Router,
    limits: ConnectionLimits,
    waiting: Waiting,
    mut stop: watch::Receiver<bool>,
) {
    // Responses are written at once; waiting for more data would only delay them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set up a connection");
    }
    let service = hyper::service::service_fn(move |mut request: http::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(remote));
        let (mut router, waiting) = (router.clone(), waiting.clone());
        async move {
            let answer = router.call(request.map(|body| waiting.read(body))).await;
            waiting.answered();
            answer
        }
    });
    let io = TokioIo::new(TimedStream { stream, limit: limits.write, waiting: None });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .serve_connection(io, service);
    let mut connection = pin!(connection);
    let stopping = async { stop.wait_for(|stop| *stop).await.is_ok() };
    let result = tokio::select! {
        result = connection.as_mut() => result,
        _ = stopping => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, %remote, "a connection broke");
    }
}

/// A stream that fails when its client does not accept written data for too long.
struct TimedStream {
    stream: TcpStream,
    limit: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl TimedStream {
    fn wrote<T>(&mut self, cx: &mut Context<'_>, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.waiting = None;
            return result;
        }
        let limit = self.limit;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        ready!(waiting.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for TimedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for TimedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.wrote(cx, result)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_flush(cx);
        self.wrote(cx, result)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::routing::post;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::sync::Notify;

    use super::*;

    const HEAD: &str = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n";

    async fn open(address: SocketAddr, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    async fn status(stream: &mut TcpStream) -> String {
        let mut line = [0; 12];
        stream.read_exact(&mut line).await.unwrap();
        String::from_utf8(line.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a_connection_that_waits_is_replaced_by_a_new_one() {
        let (begun, end) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (begins, ends) = (Arc::clone(&begun), Arc::clone(&end));
        let router = axum::Router::new().route("/", post(|_: String| async { "ok" })).route(
            "/long",
            post(move |_: String| async move {
                begins.notify_one();
                ends.notified().await;
                "ok"
            }),
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = watch::channel(false);
        let hour = Duration::from_hours(1);
        let limits = ConnectionLimits { head: hour, write: hour, connections: 4 };
        let server = serve(listener, router, limits, stopped);
        let clients = async {
            let mut working = open(address, &format!("{HEAD}\r\nab").replace("/ ", "/long ")).await;
            begun.notified().await;
            let mut slow = Vec::new();
            // Nothing, a part of a head, a head without its body, a part of a body, and idle after a response.
            for text in ["", "POST / HT", &format!("{HEAD}\r\n"), &format!("{HEAD}\r\na")] {
                for _ in 0..8 {
                    slow.push(open(address, text).await);
                    let mut honest = open(address, &format!("{HEAD}\r\nab")).await;
                    assert_eq!(status(&mut honest).await, "HTTP/1.1 200", "beside {text:?}");
                    slow.push(honest);
                }
            }
            end.notify_one();
            assert_eq!(status(&mut working).await, "HTTP/1.1 200", "a running request keeps its place");
            stop.send(true).unwrap();
        };
        // Far shorter than the timeout of each of them.
        let (clients, ()) = tokio::join!(tokio::time::timeout(Duration::from_mins(1), clients), server);
        clients.expect("every client gets a response");
    }
}
