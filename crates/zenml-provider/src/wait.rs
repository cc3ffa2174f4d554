//! Waiting for a server to finish what it does in the background.

use std::time::Duration;

use tfkit::{Cx, Diag};

/// First pause between two looks; a local platform is done within milliseconds.
const FIRST: Duration = Duration::from_millis(50);

/// Longest pause between two looks.
const LONGEST: Duration = Duration::from_secs(10);

/// Looks again and again until there is something to see; `None` when the operation's time is over. The first look
/// is taken at once, the last one at the end of the time. Fails at once when the user asks to stop.
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
