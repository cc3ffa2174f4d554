//! One contract for two servers: the requests of `xtask/contract/` are sent to a real ZenML server and to an embedded
//! workspace, and the responses are compared.
//!
//! The real server is right. If the workspace responds differently and should not, fix `zenml-local`. If it must (it
//! is a workspace of ZenML Pro, the real server is a plain one), the request or [`compare`] contains the reason. The
//! same run produces the exchanges in `crates/zenml-api/contract/workspace/` that are marked `recorded`: [`record`].

pub mod compare;
pub mod record;
mod send;
mod step;
mod texts;

use std::path::PathBuf;

use clap::Args;
use zenml_test::{NoServer, RealServer};

use crate::Failure;
use crate::demo::http::{Body, Session};
pub use send::{Answer, Plane, Run, play};
pub use step::{Step, read};

/// Options of `xtask contract`.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Write the responses of the real server to crates/zenml-api/contract/workspace
    #[arg(long)]
    record: bool,
}

/// Sends the requests to a real server, and reports or writes the recorded exchanges that are out of date.
#[expect(clippy::print_stdout, reason = "the output of this command is for its user")]
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let server = RealServer::shared().map_err(|error| match error {
        NoServer::Skipped(why) | NoServer::Failed(why) => Failure::new(why),
    })?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot run: {error}")))?;
    let steps = read()?;
    let run = runtime.block_on(async { play(&steps, &plain(server.url()).await?).await })?;
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
    Err(Failure::new(format!("out of date: {files}\nUpdate with: cargo xtask contract --record")))
}

/// Logs in to a plain server at an address as its first user, who has no password.
pub async fn plain(url: &str) -> Result<Plane, Failure> {
    let base = format!("{url}{}", zenml_api::workspace::BASE);
    let form = [("username", "default"), ("password", "")];
    let answer = Session::anonymous(&base).expect("POST", "/login", Body::Form(&form)).await?;
    let token = answer["access_token"].as_str();
    let token = token.ok_or_else(|| Failure::new(format!("{base}/login returned no access token")))?;
    Ok(Plane { token: token.to_owned(), base })
}

/// Returns the folder of the exchanges of a workspace.
pub fn folder() -> PathBuf {
    crate::root().join("crates/zenml-api/contract/workspace")
}
