//! Development commands, as functions that tests can also call.

pub mod bench;
pub mod committed;
pub mod contract;
pub mod demo;
pub mod docs;
pub mod environment;
pub mod tidy;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

/// Why a development command failed, for its user.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failure(String);

impl Failure {
    /// Creates a failure that says what is wrong and what to do.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

/// Returns the root folder of the workspace.
pub fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("this crate is a folder of the workspace").to_owned()
}

/// Runs `xtask-gen`, a separate program, so that no other command has to wait for the protobuf compiler.
pub fn generate(arguments: &[String]) -> Result<(), Failure> {
    let cargo = ["run", "--locked", "--quiet", "--bin", "xtask-gen", "--"];
    let outcome = Command::new("cargo").args(cargo).args(arguments).current_dir(root()).status();
    match outcome {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(Failure::new("stopped")),
        Err(error) => Err(Failure::new(format!("cannot start cargo: {error}"))),
    }
}

/// Prints a failure and turns it into the exit code.
#[expect(clippy::print_stderr, reason = "errors of this command go to stderr")]
pub fn report(outcome: Result<(), Failure>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {}", printable::lines(&failure.to_string()));
            ExitCode::FAILURE
        }
    }
}
