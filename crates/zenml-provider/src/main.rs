//! The binary that Terraform and OpenTofu start.

use std::process::ExitCode;

use zenml_provider::{ADDRESS, Environment, Zenml};

fn main() -> ExitCode {
    tfkit_serve::serve(ADDRESS, Zenml::new(Environment::read()))
}
