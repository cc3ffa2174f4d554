//! The demo's journey and its parts, with the real binaries.

mod contract;
mod grants;
mod journey;
mod platform;
mod terraform;

use tfkit_test::NoHost;
use xtask::demo::stage::Binaries;
use xtask::{Failure, environment};

/// The binaries of a test, once for each host; none when there is no host, and nobody insists on one.
#[expect(clippy::print_stderr, reason = "a test that is left out says so")]
async fn binaries() -> Vec<Binaries> {
    match environment::search().hosts().await {
        Ok(hosts) => hosts.into_iter().map(|host| shown(Binaries::beside(host))).collect(),
        Err(NoHost::Skipped(why)) => {
            eprintln!("SKIPPED: {why}");
            Vec::new()
        }
        Err(NoHost::Failed(why)) => panic!("{why}"),
    }
}

/// A failure of the code under test, as its user reads it.
fn shown<T>(outcome: Result<T, Failure>) -> T {
    outcome.unwrap_or_else(|failure| panic!("{failure}"))
}
