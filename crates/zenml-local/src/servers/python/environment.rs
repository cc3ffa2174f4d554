//! Environments in the user's cache, one for each version of ZenML.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::rows::Progress;
use super::command::run;
use super::package::ask;
use super::{pip, system};
use crate::engine::is_same_version;

/// Parts of the package: the server, and the connectors of published server images that are small.
const EXTRAS: &str = "server,connectors-aws,connectors-kubernetes";
/// How often somebody who waits for another process looks again.
const LOOK: Duration = Duration::from_millis(500);

/// Returns the interpreter of a version. The first use creates its environment, and so does the first use after it broke.
pub(super) async fn of_version(
    cache: &Path,
    version: &str,
    progress: Progress<'_>,
) -> Result<PathBuf, String> {
    let directory = cache.join(format!("zenml-{version}"));
    let python = directory.join("bin/python");
    if is_usable(&directory, &python, version).await {
        return Ok(python);
    }
    let failed = |error| cannot_create(&directory, &error);
    fs::create_dir_all(cache).map_err(failed)?;
    // The lock is released when its process has ended, and all that hold it: a pip whose platform was killed goes on.
    let lock = File::create(cache.join(format!("zenml-{version}.lock"))).map_err(failed)?;
    let mut waits = false;
    loop {
        match lock.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) => {
                if !std::mem::replace(&mut waits, true) {
                    progress
                        .say(&format!("Waiting for another process that installs ZenML {version}."))
                        .await;
                }
                tokio::time::sleep(LOOK).await;
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
    }
    if !is_usable(&directory, &python, version).await {
        progress
            .say(&format!("Installing ZenML {version} into {}. This happens once.", directory.display()))
            .await;
        create(&directory, version, &lock).await?;
    }
    Ok(python)
}

/// The file that is written last, so that an incomplete environment is not used.
fn marker(directory: &Path) -> PathBuf {
    directory.join("complete")
}

async fn is_usable(directory: &Path, python: &Path, version: &str) -> bool {
    marker(directory).is_file() && ask(python).await.is_ok_and(|found| is_same_version(&found, version))
}

/// Creates an environment. What an interrupted creation left is removed, and what a failed one made, too.
async fn create(directory: &Path, version: &str, lock: &File) -> Result<(), String> {
    let system = system::python().await?;
    remove(directory).map_err(|error| cannot_create(directory, &error))?;
    let made = make(&system, directory, version, lock).await;
    if made.is_err() {
        // The error is that of the creation.
        let _ = remove(directory);
    }
    made
}

async fn make(system: &Path, directory: &Path, version: &str, lock: &File) -> Result<(), String> {
    let failed = |error| cannot_create(directory, &error);
    let python = directory.join("bin/python");
    // In two steps, because the module venv keeps the words of the second one to itself.
    let flags = ["-I", "-m", "venv", "--without-pip"].map(AsRef::as_ref);
    let create = [&flags[..], &[directory.as_os_str()]].concat();
    let created = run(system, &create, Some(lock)).await.map_err(failed)?;
    if !created.status.success() {
        return Err(pip::no_environment(system, directory, &created));
    }
    let created = run(&python, &["-I", "-m", "ensurepip"], Some(lock)).await.map_err(failed)?;
    if !created.status.success() {
        return Err(pip::no_environment(system, directory, &created));
    }
    let package = format!("zenml[{EXTRAS}]=={version}");
    // Isolated: packages that the user's PYTHONPATH names are not there when the server runs.
    let install = ["-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", &package];
    let installed = run(&python, &install, Some(lock)).await.map_err(failed)?;
    if !installed.status.success() {
        return Err(pip::not_installed(version, directory, &installed));
    }
    fs::write(marker(directory), version).map_err(failed)
}

fn remove(directory: &Path) -> io::Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn cannot_create(directory: &Path, error: &io::Error) -> String {
    format!(
        "{} cannot be created: {error}. It is for the packages of ZenML; XDG_CACHE_HOME selects another place.",
        directory.display()
    )
}
