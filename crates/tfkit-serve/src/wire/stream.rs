//! Responses that are streams of events.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::mpsc::Receiver;
use tonic::Status;
use tonic::codegen::BoxStream;
use tonic::codegen::tokio_stream::Stream;

/// Returns what arrives while `work` runs, each encoded as an event, and then the event of its end. It never fails:
/// users cannot act on a gRPC error.
pub(super) fn events<A: Send + 'static, T: Send + Unpin + 'static>(
    arriving: Receiver<A>,
    encode: fn(A) -> T,
    work: impl Future<Output = Option<T>> + Send + 'static,
) -> BoxStream<T> {
    Box::pin(Events { arriving, encode, work: Some(Box::pin(work)), last: None })
}

struct Events<A, T> {
    arriving: Receiver<A>,
    encode: fn(A) -> T,
    /// `None` when it has ended.
    work: Option<Pin<Box<dyn Future<Output = Option<T>> + Send>>>,
    /// The event of its end, which follows all others.
    last: Option<T>,
}

impl<A, T: Unpin> Stream for Events<A, T> {
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(work) = &mut self.work
            && let Poll::Ready(last) = work.as_mut().poll(cx)
        {
            (self.work, self.last) = (None, last);
            // What was sent is kept. Nothing else can arrive, even if a task still holds a sender.
            self.arriving.close();
        }
        match self.arriving.poll_recv(cx) {
            Poll::Ready(Some(one)) => Poll::Ready(Some(Ok((self.encode)(one)))),
            // Without senders, only the work can wake this task.
            Poll::Ready(None) | Poll::Pending if self.work.is_some() => Poll::Pending,
            Poll::Ready(None) => Poll::Ready(self.last.take().map(Ok)),
            Poll::Pending => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::sync::{mpsc, oneshot};

    use super::*;

    async fn next(stream: &mut BoxStream<String>) -> Option<String> {
        poll_fn(|cx| stream.as_mut().poll_next(cx)).await.map(Result::unwrap)
    }

    #[tokio::test]
    async fn events_arrive_while_the_work_runs_and_its_end_comes_last() {
        let (sender, arriving) = mpsc::channel(8);
        let (proceed, proceeded) = oneshot::channel::<()>();
        let kept = sender.clone();
        let mut stream = events(arriving, str::to_uppercase, async move {
            sender.send("first").await.unwrap();
            proceeded.await.unwrap();
            sender.send("second").await.unwrap();
            sender.send("third").await.unwrap();
            Some("end".to_owned())
        });
        assert_eq!(next(&mut stream).await.as_deref(), Some("FIRST"));
        proceed.send(()).unwrap();
        for expected in [Some("SECOND"), Some("THIRD"), Some("end"), None, None] {
            assert_eq!(next(&mut stream).await.as_deref(), expected);
        }
        assert!(kept.is_closed(), "nothing can follow the end");
    }
}
