//! Logs of the provider: lines on stderr that the host reads and logs again at their level.

mod layer;
mod level;
mod line;
mod mask;
mod panic;
mod queue;

use std::io::Write;
use std::sync::OnceLock;
use std::time::Duration;

use jiff::Timestamp;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::Registry;

pub(crate) use layer::HostLayer;
pub(crate) use level::Level;
pub use mask::mask;
pub(crate) use mask::masked;
pub(crate) use panic::message as panic_message;

/// Starts logging for this process. Panics are reported even if everything else is silent, because the host decides
/// what its user sees.
pub(crate) fn start(level: Level) {
    panic::report_panics(|line| {
        write(line);
        // The process may end because of it.
        finish();
    });
    if let Some(level) = level.filter() {
        let subscriber = Registry::default().with(HostLayer::new(level, write));
        // Fails only if there is already a subscriber, which is then kept.
        let _ = tracing::subscriber::set_global_default(subscriber);
    }
}

/// Time for the host to read the rest of the log before the process ends.
const LAST_LINES: Duration = Duration::from_millis(300);

/// The lines that the host has not read yet; `None` if the thread that writes them could not be started.
static QUEUE: OnceLock<Option<queue::Queue>> = OnceLock::new();

/// Writes one line to stderr as a whole, without waiting for the host to read it.
fn write(line: &[u8]) {
    match QUEUE.get_or_init(|| queue::Queue::new(Stderr, missed).ok()) {
        Some(queue) => queue.add(line),
        None => drop(Stderr.write_all(line)),
    }
}

/// Writes the lines that the host has not read yet, before the process ends.
pub(crate) fn finish() {
    if let Some(Some(queue)) = QUEUE.get() {
        queue.flush(LAST_LINES);
    }
}

/// Returns the line that replaces those that the host did not read in time.
fn missed(count: usize) -> Vec<u8> {
    let message = format!("Log lines are missing here, because they were not read in time: {count}");
    line::line(Timestamp::now(), "warn", "provider", &message, &line::Fields::default())
}

/// The stderr of the process, which the host reads as a log. A host that has ended does not read it.
struct Stderr;

#[expect(clippy::disallowed_methods, reason = "this module writes the log")]
impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        std::io::stderr().lock().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().lock().flush()
    }
}
