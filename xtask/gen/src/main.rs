//! Writes the generated code that is committed; `cargo xtask gen` starts it.

use std::process::ExitCode;

use clap::Parser;

#[derive(Parser)]
#[command(name = "xtask gen", about = "Write the generated code that is committed")]
struct Command {
    #[command(flatten)]
    arguments: xtask_gen::Arguments,
}

fn main() -> ExitCode {
    xtask::report(xtask_gen::run(&Command::parse().arguments))
}
