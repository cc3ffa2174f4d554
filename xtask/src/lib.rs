//! Development commands, as functions that tests can call too.

pub mod bench;
mod committed;
pub mod contract;
pub mod demo;
pub mod docs;
pub mod environment;
pub mod generate;
pub mod tidy;

use std::path::PathBuf;
use std::process::ExitCode;

/// Why a development command failed, as its user reads it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failure(String);

impl Failure {
    /// A failure that says what is wrong and what to do.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

/// The folder that holds the workspace.
pub fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("this crate is a folder of the workspace").to_owned()
}

/// Prints a failure and turns it into the exit code.
#[expect(clippy::print_stderr, reason = "a command line speaks to its user on stderr")]
pub fn report(outcome: Result<(), Failure>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {}", printable::lines(&failure.to_string()));
            ExitCode::FAILURE
        }
    }
}
