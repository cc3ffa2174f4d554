//! One contract for two servers: the requests of `xtask/contract/` go to a real ZenML server and to an embedded
//! workspace, and the answers are compared.
//!
//! The real server is right. Where the workspace answers differently and should not, `zenml-local` is to be mended;
//! where it must (it is a workspace of ZenML Pro, the real server is a plain one), the request or [`compare`] says so
//! with its reason. The same run gives the exchanges in `crates/zenml-api/contract/workspace/` that are marked
//! `recorded`: [`record`].

pub mod compare;
pub mod record;
mod send;
mod step;

use std::path::PathBuf;

use clap::Args;
use zenml_test::{NoServer, RealServer};

use crate::Failure;
pub use send::{Answer, Plane, Run, play};
pub use step::{Step, read};

/// What the command can do.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Write what the real server answers to crates/zenml-api/contract/workspace
    #[arg(long)]
    record: bool,
}

/// Sends the requests to a real server and tells, or writes, which recorded exchanges are no longer what it answers.
#[expect(clippy::print_stdout, reason = "a command line tells its user what it did")]
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let server = RealServer::shared().map_err(|error| match error {
        NoServer::Skipped(why) | NoServer::Failed(why) => Failure::new(why),
    })?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot run: {error}")))?;
    let steps = read()?;
    let run = runtime.block_on(play(&steps, &plain(server)))?;
    let recorded = record::exchanges(&run);
    let exchanges: usize = recorded.values().map(Vec::len).sum();
    println!("{} requests, {exchanges} exchanges in {} files", steps.len(), recorded.len());
    if arguments.record {
        return record::write(&folder(), &recorded);
    }
    let stale = record::stale(&folder(), &recorded)?;
    if stale.is_empty() {
        return Ok(());
    }
    let files = stale.join(", ");
    Err(Failure::new(format!(
        "not what the server answers: {files}\n`cargo xtask contract --record` writes it"
    )))
}

/// The API of a plain server, as its first user.
pub fn plain(server: &RealServer) -> Plane {
    Plane {
        base: format!("{}{}", server.url(), zenml_api::workspace::BASE),
        token: server.token().to_owned(),
    }
}

/// Where the exchanges of a workspace are.
pub fn folder() -> PathBuf {
    crate::root().join("crates/zenml-api/contract/workspace")
}
