//! `zenml-local`: a self-contained ZenML Pro on one machine.

fn main() -> std::process::ExitCode {
    zenml_local::cli::run()
}
