//! Running an author's code in its own task.

use std::any::Any;

use tokio::task::{JoinError, JoinHandle};
use tracing::Instrument;

use crate::cx::{Cx, Shared};
use crate::diag::Diag;
use crate::erased::Work;

/// Maximum length of a panic message in a diagnostic, in characters.
const SHOWN: usize = 300;

/// Runs work to its end, even if the caller disconnects, so that no incomplete object is lost. A panic becomes an
/// error; `what` names the work in it.
pub(super) async fn run<T: Send + 'static>(what: &str, work: Work<T>) -> Result<T, Diag> {
    spawn(work).await.map_err(|error| failure(what, error))
}

/// Runs an operation that changes an object to its end.
pub(super) async fn operate<T: Send + 'static>(
    operation: &str,
    type_name: &str,
    work: Work<Result<T, Diag>>,
) -> Result<T, Diag> {
    run(&format!("{operation} of {type_name}"), work).await.flatten()
}

/// Runs work that changes nothing. It ends as soon as the user asks to stop.
pub(super) async fn run_until_stopped<T: Send + 'static>(
    what: &str,
    shared: &Shared,
    work: Work<T>,
) -> Result<T, Diag> {
    let mut task = spawn(work);
    tokio::select! {
        biased;
        ended = &mut task => ended.map_err(|error| failure(what, error)),
        () = shared.stop.wait() => {
            task.abort();
            Err(Cx::<()>::cancelled())
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the helper that keeps the panic and the span")]
fn spawn<T: Send + 'static>(work: Work<T>) -> JoinHandle<T> {
    tokio::spawn(work.in_current_span())
}

fn failure(what: &str, error: JoinError) -> Diag {
    match error.try_into_panic() {
        Ok(payload) => crashed(what, payload.as_ref()),
        // Only a runtime that is shutting down cancels this task.
        Err(_) => {
            Diag::error(format!("The {what} was aborted")).why("The provider process is shutting down.")
        }
    }
}

fn crashed(what: &str, payload: &(dyn Any + Send)) -> Diag {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
    let shown: String = text.chars().take(SHOWN).collect();
    tracing::error!("The {what} panicked: {shown}");
    Diag::bug(format!("The {what} crashed")).trace(format!("panic: {shown}"))
}
