//! Development commands, as functions that tests can call too.

pub mod bench;
pub mod committed;
pub mod contract;
pub mod demo;
pub mod docs;
pub mod environment;
pub mod tidy;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

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

/// Starts `xtask-gen`, a program of its own, so that no other command waits for the protobuf compiler.
pub fn generate(arguments: &[String]) -> Result<(), Failure> {
    let cargo = ["run", "--locked", "--quiet", "--bin", "xtask-gen", "--"];
    let outcome = Command::new("cargo").args(cargo).args(arguments).current_dir(root()).status();
    match outcome {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(Failure::new("nothing more was done")),
        Err(error) => Err(Failure::new(format!("cannot start cargo: {error}"))),
    }
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
