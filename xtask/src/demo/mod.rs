//! The reference journey, as a user makes it, on a platform of its own: `make demo`.
//!
//! Everything is real: the binaries run as processes of their own, Terraform or OpenTofu starts the provider, and the
//! access matrix is found by logging in as people and trying. What differs from the promise ends the run with an error
//! that names it.

pub mod census;
pub mod http;
mod journey;
pub mod matrix;
pub mod people;
pub mod platform;
pub mod progress;
pub mod stage;
pub mod terraform;

use crate::{Failure, environment};
use stage::Binaries;

pub use journey::{Arguments, make};

/// Makes the whole journey. An interrupt ends it and removes what it made.
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
