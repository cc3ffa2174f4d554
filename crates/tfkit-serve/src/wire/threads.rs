//! The threads of the process.
//!
//! - The *connection* has the main thread: accepting, TLS, HTTP/2, health, shutdown, signals, and the check whether the
//!   host still runs. None of an author's code ever runs there, so nothing that an author does delays it.
//! - Each *call* has a thread of its own, from decoding its values to encoding the response. An author may therefore
//!   block or compute: it delays only that call. Threads are reused, and end when they have been idle.
//! - The *background* consists of a few threads for what authors spawn and for sockets and timers. An author who blocks
//!   in a spawned task delays other tasks, but neither the connection nor the start of other calls.
//! - The *log* has a thread that writes lines to the host, so that nothing else waits for a host that does not read.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tfkit::engine::attended;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{mpsc, oneshot, watch};
use tonic::Status;
use tonic::codegen::BoxStream;
use tonic::codegen::tokio_stream::StreamExt as _;
use tonic::codegen::tokio_stream::wrappers::ReceiverStream;

/// Maximum number of calls that run at the same time. A host makes ten by default, and others wait for a free thread.
const CALLS: usize = 512;
/// Background threads.
const BACKGROUND: usize = 2;
/// Threads for what libraries block on, such as looking up a host name.
const BLOCKING: usize = 16;
/// How long an idle thread waits for the next call.
const IDLE: Duration = Duration::from_secs(5);
/// Time for an operation to clean up after its caller is gone.
const CLEANING_UP: Duration = Duration::from_secs(1);

/// Creates the runtime of the connection, which runs on the thread that waits for it. Its blocking threads are those
/// of the calls.
pub(crate) fn connection() -> io::Result<Runtime> {
    Builder::new_current_thread()
        .max_blocking_threads(CALLS)
        .thread_keep_alive(IDLE)
        .thread_name("call")
        .enable_all()
        .build()
}

/// Creates the runtime of the background.
pub(crate) fn background() -> io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(BACKGROUND)
        .max_blocking_threads(BLOCKING)
        .thread_name("background")
        .enable_all()
        .build()
}

/// Starts calls on threads of their own. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Threads {
    background: Handle,
    /// How many calls run.
    running: Arc<watch::Sender<usize>>,
}

impl Threads {
    /// Lets calls use this runtime for sockets, timers and tasks.
    pub(crate) fn new(background: &Runtime) -> Self {
        Self { background: background.handle().clone(), running: Arc::default() }
    }

    /// Waits for the calls that clean up after their caller is gone, as long as they may take.
    pub(crate) async fn cleaned_up(&self) {
        let mut running = self.running.subscribe();
        let idle = running.wait_for(|calls| *calls == 0);
        // An author who blocks does not clean up.
        let _ = tokio::time::timeout(CLEANING_UP, idle).await;
    }

    /// Counts a call until the returned guard is dropped.
    fn running(&self) -> Running {
        self.running.send_modify(|calls| *calls += 1);
        Running(Arc::clone(&self.running))
    }

    /// Runs a call on its own thread. If this future is dropped because the host cancelled the call or is gone, the
    /// call is asked to stop, and is dropped a second later.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        call: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Status> {
        // Dropped together with this future.
        let (_caller, gone) = oneshot::channel::<Infallible>();
        let gone = async move { drop(gone.await) };
        let (background, running) = (self.background.clone(), self.running());
        let result = tokio::task::spawn_blocking(move || {
            let _running = running;
            background.block_on(attended(gone, CLEANING_UP, call))
        });
        let result = result.await.ok().flatten();
        result.ok_or_else(|| Status::unavailable("the provider process is ending"))
    }

    /// Runs a call whose response is a stream on its own thread. If the stream is dropped, the call is asked to stop,
    /// and is dropped a second later.
    pub(crate) fn stream<T: Send + 'static>(
        &self,
        call: impl Future<Output = BoxStream<T>> + Send + 'static,
    ) -> BoxStream<T> {
        let (sender, events) = mpsc::channel(1);
        let host = sender.clone();
        let gone = async move { host.closed().await };
        let forward = async move {
            let mut stream = call.await;
            while let Some(event) = stream.next().await {
                if sender.send(event).await.is_err() {
                    return;
                }
            }
        };
        let (background, running) = (self.background.clone(), self.running());
        tokio::task::spawn_blocking(move || {
            let _running = running;
            background.block_on(attended(gone, CLEANING_UP, forward))
        });
        Box::pin(ReceiverStream::new(events))
    }
}

/// A running call.
#[derive(Debug)]
struct Running(Arc<watch::Sender<usize>>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.send_modify(|calls| *calls -= 1);
    }
}
