//! Waiting for background work of a server.

use std::time::Duration;

use tfkit::{Cx, Diag};

/// First pause between two polls. A local platform finishes within milliseconds.
const FIRST: Duration = Duration::from_millis(50);

/// Longest pause between two polls.
const LONGEST: Duration = Duration::from_secs(10);

/// Polls until `look` returns a value; returns `None` after the timeout of the operation. The first poll is
/// immediate, the last one at the end of the timeout. Fails as soon as the user interrupts the run.
pub async fn until<C, T, F>(cx: &Cx<C>, mut look: impl FnMut() -> F) -> Result<Option<T>, Diag>
where
    F: Future<Output = Result<Option<T>, Diag>> + Send,
{
    let mut pause = FIRST;
    loop {
        if let Some(found) = look().await? {
            return Ok(Some(found));
        }
        let remaining = cx.remaining();
        if remaining.is_zero() {
            return Ok(None);
        }
        cx.sleep(pause.min(remaining)).await?;
        pause = (pause * 2).min(LONGEST);
    }
}
