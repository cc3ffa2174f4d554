//! Logs of the provider: lines on stderr that the host reads and logs again at their level.

mod layer;
mod level;
mod line;
mod mask;
mod panic;

use std::io::Write;

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
    panic::report_panics(write);
    if let Some(level) = level.filter() {
        let subscriber = Registry::default().with(HostLayer::new(level, write));
        // Fails only if there is already a subscriber, which is then kept.
        let _ = tracing::subscriber::set_global_default(subscriber);
    }
}

/// Writes one line to stderr as a whole. Ignores failures: a host that has ended does not read logs.
#[expect(clippy::disallowed_methods, reason = "this module writes the log")]
fn write(line: &[u8]) {
    let _ = std::io::stderr().lock().write_all(line);
}
