//! The demo's journey and its parts, with the real binaries.
#![expect(clippy::unwrap_used, reason = "a test that cannot continue fails")]

mod chromium;
mod contract;
mod cross_site;
mod engine;
mod grants;
mod journey;
mod keyboard;
mod login;
mod looks;
mod person;
mod platform;
mod terraform;

use tfkit_test::NoHost;
use xtask::demo::stage::Binaries;
use xtask::{Failure, environment};

/// Returns the binaries of a test, once for each host; empty if there is no host and none is required.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
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

/// Unwraps a result; panics with the failure as its user sees it.
fn shown<T>(outcome: Result<T, Failure>) -> T {
    outcome.unwrap_or_else(|failure| panic!("{failure}"))
}
