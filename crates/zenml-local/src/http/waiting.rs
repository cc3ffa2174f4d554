//! Tracks which connections wait for their client, and since when.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Instant;

/// Whether a connection waits for its client: for a request, for the rest of one, or for the response to be read.
/// Clones share the state of the same connection.
#[derive(Clone, Debug)]
pub(super) struct Waiting(Arc<Mutex<Option<Instant>>>);

impl Waiting {
    /// Creates the state of a new connection, which waits for its first request.
    pub(super) fn begin() -> Self {
        Self(Arc::new(Mutex::new(Some(Instant::now()))))
    }

    /// Returns the start of the wait; `None` while the platform works on a request.
    pub(super) fn since(&self) -> Option<Instant> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wraps the body of a request whose head has arrived. The wait ends with the end of the body.
    pub(super) fn read(&self, body: Incoming) -> Watched {
        let watched = Watched { body, waiting: self.clone() };
        watched.look();
        watched
    }

    /// The response is ready.
    pub(super) fn answered(&self) {
        self.set(Some(Instant::now()));
    }

    fn set(&self, since: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }
}

/// A body that ends the wait of its connection when it has arrived completely.
pub(super) struct Watched {
    body: Incoming,
    waiting: Waiting,
}

impl Watched {
    fn look(&self) {
        if self.body.is_end_stream() {
            self.waiting.set(None);
        }
    }
}

impl Body for Watched {
    type Data = <Incoming as Body>::Data;
    type Error = <Incoming as Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        match frame {
            Some(_) => self.look(),
            None => self.waiting.set(None),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
