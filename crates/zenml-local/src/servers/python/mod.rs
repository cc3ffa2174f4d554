//! The Python interpreter that runs the servers of a version: one that the user named, or an environment in the user's
//! cache.

mod command;
mod environment;
mod package;
mod pip;
mod system;

use std::path::{Path, PathBuf};

use self::package::{Unsuitable, ask};
use super::rows::Progress;
use crate::engine::{bare, is_same_version};

/// Where interpreters come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pythons {
    /// The interpreter to use, with ZenML installed. Without one, environments are created in the cache.
    pub named: Option<PathBuf>,
    /// The folder of the environments that the platform creates.
    pub cache: PathBuf,
}

impl Pythons {
    /// Returns an interpreter that has a version of ZenML. The first use of a version creates its environment, and says
    /// what takes so long.
    ///
    /// # Errors
    /// The reason for users, with what to do.
    pub(super) async fn of_version(&self, version: &str, progress: Progress<'_>) -> Result<PathBuf, String> {
        let version = bare(version);
        match &self.named {
            Some(python) => named(python, version).await,
            None => environment::of_version(&self.cache, version, progress).await,
        }
    }
}

async fn named(python: &Path, version: &str) -> Result<PathBuf, String> {
    let path = python.display();
    let install = format!("Install it with: {path} -m pip install 'zenml[server]=={version}'");
    let found = match ask(python).await {
        Ok(found) => found,
        Err(Unsuitable::NotRun(error)) => {
            return Err(format!("{path} cannot be run: {error}. Check --zenml-python."));
        }
        Err(Unsuitable::NoZenml) => return Err(format!("{path} does not have ZenML. {install}")),
        Err(Unsuitable::NoServer(missing)) => {
            return Err(format!("{path} has ZenML without its server: {missing} is missing. {install}"));
        }
    };
    if is_same_version(&found, version) {
        return Ok(python.to_owned());
    }
    Err(format!(
        "{path} has ZenML {found}, but the workspace requires {version}. Change the version of the workspace, or start \
         the platform without --zenml-python, which then installs each version in an environment of its own."
    ))
}
