//! The reference journey, as a user does it, on its own platform: `make demo`.
//!
//! Everything is real: the binaries run as separate processes, Terraform or OpenTofu starts the provider, and the
//! access matrix is determined by logging in as users and trying. Any deviation from the documented roles ends the
//! run with an error.

pub mod census;
pub mod client;
pub mod http;
mod journey;
pub mod matrix;
pub mod page;
pub mod people;
pub mod platform;
pub mod progress;
pub mod stage;
pub mod terraform;

use crate::{Failure, environment};
use stage::Binaries;

pub use journey::{Arguments, make};

/// Runs the whole journey. An interrupt ends it and removes everything that it created.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot start the async runtime: {error}")))?;
    runtime.block_on(async {
        let journey = async { make(&Binaries::beside(environment::host().await?)?, arguments).await };
        tokio::select! {
            outcome = journey => outcome,
            _ = tokio::signal::ctrl_c() => Err(Failure::new("interrupted")),
        }
    })
}
