//! Development commands; `cargo xtask help` lists them.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "xtask", about = "Development commands of this workspace")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write the committed generated code
    #[command(disable_help_flag = true)]
    Gen {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
        arguments: Vec<String>,
    },
    /// Write the pages of resources and data sources in docs/
    Docs(xtask::docs::Arguments),
    /// Run the reference journey on its own platform, and check what each team can do
    Demo(xtask::demo::Arguments),
    /// Measure the provider: startup, memory, plan and apply compared with Terraform's own resource
    Bench(xtask::bench::Arguments),
    /// Compare the recorded exchanges of a workspace with a real ZenML server, or record them
    Contract(xtask::contract::Arguments),
    /// Check the invariants of ARCHITECTURE.md that the compiler does not check
    Tidy,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Gen { arguments } => xtask::generate(&arguments),
        Command::Docs(arguments) => xtask::docs::run(&arguments),
        Command::Demo(arguments) => xtask::demo::run(&arguments),
        Command::Bench(arguments) => xtask::bench::run(&arguments),
        Command::Contract(arguments) => xtask::contract::run(&arguments),
        Command::Tidy => xtask::tidy::run(),
    };
    xtask::report(outcome)
}
