//! The Python interpreter that runs the servers of a version: one that the user named, or an environment in the user's
//! cache.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use tokio::process::Command;

use crate::engine::{bare, is_same_version};

/// Python versions that ZenML 0.98 supports, according to its package.
const OLDEST: (u32, u32) = (3, 10);
const NEWEST: (u32, u32) = (3, 14);
/// Parts of the package: the server, and the connectors of published server images that are small.
const EXTRAS: &str = "server,connectors-aws,connectors-kubernetes";
/// How often somebody who waits for another process looks again.
const LOOK: Duration = Duration::from_millis(500);
/// How many versions are shown to somebody who asked for one that does not exist.
const SHOWN: usize = 6;

/// Where interpreters come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pythons {
    /// The interpreter to use, with ZenML installed. Without one, environments are created in the cache.
    pub named: Option<PathBuf>,
    /// The folder of the environments that the platform creates.
    pub cache: PathBuf,
}

impl Pythons {
    /// Returns an interpreter that has a version of ZenML. The first use of a version creates its environment, and calls
    /// `say` with what takes so long.
    ///
    /// # Errors
    /// The reason for users, with what to do.
    pub(super) async fn of_version(
        &self,
        version: &str,
        say: impl AsyncFnOnce(&str),
    ) -> Result<PathBuf, String> {
        let version = bare(version);
        match &self.named {
            Some(python) => self.named(python, version).await,
            None => self.cached(version, say).await,
        }
    }

    async fn named(&self, python: &Path, version: &str) -> Result<PathBuf, String> {
        let path = python.display();
        let code = "import importlib.metadata as m; print(m.version('zenml'))";
        let asked = command(python).args(["-c", code]).output().await;
        let output =
            asked.map_err(|error| format!("{path} cannot be run: {error}. Check --zenml-python."))?;
        if !output.status.success() {
            return Err(format!(
                "{path} does not have ZenML. Install it with: {path} -m pip install 'zenml[server]=={version}'"
            ));
        }
        let found = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        if is_same_version(&found, version) {
            return Ok(python.to_owned());
        }
        Err(format!(
            "{path} has ZenML {found}, but the workspace requires {version}. Change the version of the workspace, or \
             start the platform without --zenml-python, which then installs each version in an environment of its own."
        ))
    }

    async fn cached(&self, version: &str, say: impl AsyncFnOnce(&str)) -> Result<PathBuf, String> {
        let directory = self.cache.join(format!("zenml-{version}"));
        let (python, complete) = (directory.join("bin/python"), directory.join("complete"));
        if complete.is_file() {
            return Ok(python);
        }
        let failed = |error: io::Error| format!("Cannot create {}: {error}.", directory.display());
        std::fs::create_dir_all(&self.cache).map_err(failed)?;
        // The lock is released when its process ends.
        let lock = File::create(directory.with_extension("lock")).map_err(failed)?;
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => tokio::time::sleep(LOOK).await,
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        if !complete.is_file() {
            say(&format!("Installing ZenML {version} into {}. This happens once.", directory.display()))
                .await;
            make(&directory, version).await?;
            std::fs::write(&complete, version).map_err(failed)?;
        }
        Ok(python)
    }
}

/// Creates an environment. What an interrupted creation left is removed.
async fn make(directory: &Path, version: &str) -> Result<(), String> {
    let failed = |error: io::Error| format!("Cannot create {}: {error}.", directory.display());
    let system = system_python().await?;
    if directory.exists() {
        std::fs::remove_dir_all(directory).map_err(failed)?;
    }
    let created = command(&system).args(["-m", "venv"]).arg(directory).output().await.map_err(failed)?;
    if !created.status.success() {
        return Err(format!(
            "{} cannot create virtual environments: {}. Install the module venv, such as the package python3-venv.",
            system.display(),
            last_line(&created)
        ));
    }
    let package = format!("zenml[{EXTRAS}]=={version}");
    let mut pip = command(&directory.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", &package]);
    let installed = pip.output().await.map_err(failed)?;
    if installed.status.success() {
        return Ok(());
    }
    let _ = std::fs::remove_dir_all(directory);
    let errors = String::from_utf8_lossy(&installed.stderr);
    Err(match existing(&errors) {
        Some(versions) => format!("ZenML {version} does not exist. The newest versions are: {versions}."),
        None => format!(
            "pip cannot install ZenML {version}: {}. It requires access to its package index; its settings apply. Or \
             name an interpreter that has ZenML with --zenml-python.",
            last_line(&installed)
        ),
    })
}

/// Finds an interpreter that ZenML supports.
async fn system_python() -> Result<PathBuf, String> {
    let code = format!(
        "import sys, venv, ensurepip; sys.exit(not {OLDEST:?} <= sys.version_info[:2] <= {NEWEST:?})"
    );
    let names = (OLDEST.1..=NEWEST.1).rev().map(|minor| format!("python3.{minor}"));
    for name in std::iter::once("python3".to_owned()).chain(names) {
        let tried = command(Path::new(&name)).args(["-c", &code]).output().await;
        if tried.is_ok_and(|output| output.status.success()) {
            return Ok(name.into());
        }
    }
    Err(format!(
        "There is no Python {}.{} to {}.{} with the module venv, which a ZenML server requires. Install it, such as the \
         packages python3 and python3-venv, or name an interpreter that has ZenML with --zenml-python.",
        OLDEST.0, OLDEST.1, NEWEST.0, NEWEST.1
    ))
}

/// A command whose process ends if nobody waits for it any more.
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.kill_on_drop(true).stdin(std::process::Stdio::null());
    command
}

/// Returns the newest versions that pip names, if it did not find the requested one.
fn existing(errors: &str) -> Option<String> {
    let (_, all) = errors.split_once("(from versions: ")?;
    let (all, _) = all.split_once(')')?;
    let all: Vec<&str> = all.split(", ").filter(|version| *version != "none").collect();
    (!all.is_empty()).then(|| all[all.len().saturating_sub(SHOWN)..].join(", "))
}

fn last_line(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    let line = errors.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no message");
    line.trim().trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pip_names_the_versions_that_exist() {
        let errors = "ERROR: Could not find a version that satisfies the requirement zenml==99.0 (from versions: 0.96.0, \
                      0.97.0, 0.98.0)\nERROR: No matching distribution found for zenml==99.0\n";
        assert_eq!(existing(errors).unwrap(), "0.96.0, 0.97.0, 0.98.0");
        assert_eq!(existing("(from versions: none)"), None, "the index was not reached");
        assert_eq!(existing("ERROR: no network"), None);
    }
}
