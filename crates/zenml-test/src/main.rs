//! Starts a real ZenML server, prints its address, and keeps it running until standard input ends.

use std::process::ExitCode;

use zenml_test::{NoServer, RealServer, Search};

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "this is a command")]
fn main() -> ExitCode {
    let environment = match Search::from_environment().environment() {
        Ok(environment) => environment,
        Err(NoServer::Skipped(why) | NoServer::Failed(why)) => {
            eprintln!("{}", printable::lines(&why));
            return ExitCode::FAILURE;
        }
    };
    let server = match RealServer::start(&environment) {
        Ok(server) => server,
        Err(error) => {
            eprintln!("{}", printable::lines(&error.to_string()));
            return ExitCode::FAILURE;
        }
    };
    // The key is for a server that runs only as long as this command, on this machine only.
    println!("export ZENML_SERVER_URL={}", server.url());
    println!("export ZENML_API_KEY={}", server.key());
    // An error also ends the input.
    let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
    ExitCode::SUCCESS
}
