//! The caller of an operation, who may be gone before it ends.

use std::sync::Arc;
use std::time::Duration;

use super::stop::Stop;

tokio::task_local! {
    /// Set when the caller of the current operation is gone.
    static GONE: Arc<Stop>;
}

/// Runs a call of the [`Engine`](crate::Engine) as long as somebody waits for its result.
///
/// When `gone` completes, the operation is asked to stop, as if the user had asked: reads end at once, and an
/// operation that changes an object can clean up. After `grace`, it is dropped where it is. Returns `None` then.
pub async fn attended<T>(
    gone: impl Future<Output = ()>,
    grace: Duration,
    call: impl Future<Output = T>,
) -> Option<T> {
    let stop = Arc::new(Stop::default());
    let end = async {
        gone.await;
        stop.set();
        tokio::time::sleep(grace).await;
    };
    tokio::select! {
        biased;
        result = GONE.scope(Arc::clone(&stop), call) => Some(result),
        () = end => None,
    }
}

/// Returns the flag that is set when the caller of the current operation is gone. It is never set for a caller that
/// cannot leave.
pub(crate) fn gone() -> Arc<Stop> {
    GONE.try_with(Arc::clone).unwrap_or_default()
}
