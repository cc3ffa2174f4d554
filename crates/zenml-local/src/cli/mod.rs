//! The command line of `zenml-local`.

mod audit;
mod backup;
mod census;
mod configuration;
mod failure;
mod invitation;
mod log;
mod logs;
mod ready;
mod restore;
mod serve;
mod terminal;
mod workspaces;

use std::process::ExitCode;

use clap::Parser as _;
use printable::Chain;

use configuration::{Arguments, Command};

/// Runs the command line and returns the exit code. Errors are printed here, once, with their causes.
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            terminal::usage(&error);
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    log::start(arguments.verbose);
    let result = match arguments.command {
        Command::Serve(options) => serve::run(options),
        Command::Audit(options) => audit::run(&options),
        Command::Logs(options) => logs::run(&options),
        Command::Census(options) => census::run(&options),
        Command::Backup(options) => backup::run(&options),
        Command::Restore(options) => restore::run(&options),
        Command::Invite(options) => invitation::invite(&options),
        Command::Accept(options) => invitation::accept(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of the output, such as `head`, has closed it.
        Err(error) if is_closed_pipe(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::print_error(&format!("Error: {}", Chain(&*error)));
            ExitCode::FAILURE
        }
    }
}

fn is_closed_pipe(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
