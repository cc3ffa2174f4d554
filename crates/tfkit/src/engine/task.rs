//! Running an author's code: a panic ends one operation, and a stop ends those that change nothing.
//!
//! The code runs on the thread of the caller. A server gives each call a thread of its own, so an author may block.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use crate::cx::{Cx, Shared, gone};
use crate::diag::Diag;
use crate::erased::Work;

/// Maximum length of a panic message in a diagnostic, in characters.
const SHOWN: usize = 300;

/// Runs work to its end. A panic becomes an error; `what` names the work in it.
pub(super) async fn run<T>(what: &str, work: Work<T>) -> Result<T, Diag> {
    let mut work = pin!(work);
    std::future::poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
        Ok(poll) => poll.map(Ok),
        // The work is never polled again, so nothing sees the state that the panic left.
        Err(payload) => Poll::Ready(Err(crashed(what, payload.as_ref()))),
    })
    .await
}

/// Runs an operation that changes an object to its end.
pub(super) async fn operate<T>(
    operation: &str,
    type_name: &str,
    work: Work<Result<T, Diag>>,
) -> Result<T, Diag> {
    run(&format!("{operation} of {type_name}"), work).await.flatten()
}

/// Runs work that changes nothing. It ends as soon as the user asks to stop, or when nobody waits for it.
pub(super) async fn run_until_stopped<T>(what: &str, shared: &Shared, work: Work<T>) -> Result<T, Diag> {
    let gone = gone();
    tokio::select! {
        biased;
        ended = run(what, work) => ended,
        () = shared.stop.wait() => Err(Cx::<()>::cancelled()),
        () = gone.wait() => Err(Cx::<()>::cancelled()),
    }
}

fn crashed(what: &str, payload: &(dyn Any + Send)) -> Diag {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
    let shown: String = text.chars().take(SHOWN).collect();
    tracing::error!("The {what} panicked: {shown}");
    Diag::bug(format!("The {what} crashed")).trace(format!("panic: {shown}"))
}
