//! Workspaces that are ZenML servers: started, watched, killed, adopted, upgraded and removed by the local platform.

mod input;
mod installation;
mod life;
mod served;
mod stub;
mod upgrade;

use std::path::PathBuf;

use zenml_test::{Environment, NoServer, Search};

/// The interpreter with ZenML; `None` if there is none and none is required.
pub(crate) fn python() -> Option<PathBuf> {
    found(Search::from_environment().environment()).map(|environment| environment.python())
}

/// A binary of the workspace, beside the tests or one folder above.
pub(crate) fn built(name: &str) -> PathBuf {
    let program = std::env::current_exe().unwrap();
    let found = program.ancestors().skip(1).take(2).map(|folder| folder.join(name));
    found.into_iter().find(|path| path.is_file()).unwrap_or_else(|| panic!("cargo build --bin {name}"))
}

/// An environment; `None` if there is none and none is required.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn found(environment: Result<Environment, NoServer>) -> Option<Environment> {
    match environment {
        Ok(environment) => Some(environment),
        Err(NoServer::Skipped(why)) => {
            eprintln!("SKIPPED: {why}");
            None
        }
        Err(NoServer::Failed(why)) => panic!("{why}"),
    }
}
