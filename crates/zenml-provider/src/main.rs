//! The binary that Terraform and OpenTofu start.

use std::process::ExitCode;

use tfkit_serve::Program;
use zenml_provider::{ADDRESS, Environment, Zenml};

const PROGRAM: Program = Program { address: ADDRESS, version: env!("CARGO_PKG_VERSION"), commands: &[] };

fn main() -> ExitCode {
    tfkit_serve::serve(PROGRAM, Zenml::new(Environment::read()))
}
