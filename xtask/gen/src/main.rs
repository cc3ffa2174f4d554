//! Writes the committed generated code; `cargo xtask gen` runs it.

use std::process::ExitCode;

use clap::Parser;

#[derive(Parser)]
#[command(name = "xtask gen", about = "Write the committed generated code")]
struct Command {
    #[command(flatten)]
    arguments: xtask_gen::Arguments,
}

fn main() -> ExitCode {
    xtask::report(xtask_gen::run(&Command::parse().arguments))
}
