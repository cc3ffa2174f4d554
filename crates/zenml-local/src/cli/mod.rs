//! The command line of `zenml-local`.

mod audit;
mod census;
mod configuration;
mod log;
mod ready;
mod serve;

use std::process::ExitCode;

use clap::Parser as _;

use configuration::{Arguments, Command};

use crate::error::Chain;

/// Runs the command line and says how the process ends. Errors are printed here, once, with their causes.
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version go to stdout, mistakes to stderr; clap knows which. A closed pipe is no matter.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    log::start(arguments.verbose);
    let result = match arguments.command {
        Command::Serve(options) => serve::run(options),
        Command::Audit(options) => audit::run(&options),
        Command::Census(options) => census::run(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::complain(&format!("Error: {}", Chain(&*error)));
            ExitCode::FAILURE
        }
    }
}

/// A command failed; the edge prints it.
type Failure = Box<dyn std::error::Error + Send + Sync>;
