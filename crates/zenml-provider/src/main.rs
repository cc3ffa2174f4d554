//! The binary that Terraform and OpenTofu start. A person can start it to export an existing organization.

use std::process::ExitCode;

use tfkit_serve::Program;
use zenml_provider::{ADDRESS, Environment, Zenml, export};

const PROGRAM: Program =
    Program { address: ADDRESS, version: env!("CARGO_PKG_VERSION"), commands: &[export::USAGE] };

fn main() -> ExitCode {
    let environment = Environment::read();
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == export::COMMAND) {
        return export::run(arguments, environment);
    }
    tfkit_serve::serve(PROGRAM, Zenml::new(environment))
}
