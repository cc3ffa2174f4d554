//! The database that servers start from: migrated, with its first user and the account of the tests.
//!
//! Creating it takes as long as a start, copying it takes milliseconds. It is created once per virtual environment
//! and kept next to it in the cache. Its key is valid only for servers of tests.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::process::{Folder, Mode, PROGRAM, Process};
use crate::{Environment, StartError, VERSION};

/// The credentials of a server started from a template.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Credentials {
    pub(crate) key: String,
    /// Signs the tokens of the servers' sessions.
    signing_key: String,
}

impl Credentials {
    pub(crate) fn signing_key(&self) -> &str {
        &self.signing_key
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials(***)")
    }
}

/// Returns the database to copy and its credentials. Creates them if they do not exist.
pub(crate) fn of(environment: &Environment) -> Result<(PathBuf, Credentials), StartError> {
    let directory = environment.cache().join(format!("database-{VERSION}-{:016x}", fingerprint(environment)));
    if let Some(credentials) = read(&directory) {
        return Ok((directory.join(DATABASE), credentials));
    }
    fs::create_dir_all(environment.cache()).map_err(StartError::io("create the cache"))?;
    // Concurrent processes create it only once. The lock is released when its process ends.
    let lock = File::create(directory.with_extension("lock")).map_err(StartError::io("lock the cache"))?;
    lock.lock().map_err(StartError::io("lock the cache"))?;
    if let Some(credentials) = read(&directory) {
        return Ok((directory.join(DATABASE), credentials));
    }
    let credentials = make(environment, &directory)?;
    Ok((directory.join(DATABASE), credentials))
}

const DATABASE: &str = "zenml.db";
const CREDENTIALS: &str = "credentials.json";

fn read(directory: &Path) -> Option<Credentials> {
    serde_json::from_slice(&fs::read(directory.join(CREDENTIALS)).ok()?).ok()
}

/// Fills another folder and moves it into place at the end, so that it is always complete.
fn make(environment: &Environment, directory: &Path) -> Result<Credentials, StartError> {
    #[derive(Deserialize)]
    struct Said {
        key: String,
    }
    let signing_key = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    let (process, said) = Process::start(environment, Mode::Prepare, Folder::new()?, &signing_key)?;
    let folder = process.ended()?;
    let Said { key } = Said::deserialize(said)
        .map_err(|error| StartError::io("parse the output of the server")(error.into()))?;
    let credentials = Credentials { key, signing_key };
    let place = StartError::io(format!("create {}", directory.display()));
    let filled = || {
        let partial = directory.with_extension("partial");
        for old in [partial.as_path(), directory] {
            if old.exists() {
                fs::remove_dir_all(old)?;
            }
        }
        fs::create_dir(&partial)?;
        fs::copy(folder.database(), partial.join(DATABASE))?;
        fs::write(partial.join(CREDENTIALS), serde_json::to_vec(&credentials)?)?;
        fs::rename(&partial, directory)
    };
    filled().map_err(place)?;
    Ok(credentials)
}

/// Changes with the environment, and with the code that prepares the database.
fn fingerprint(environment: &Environment) -> u64 {
    let mut hasher = DefaultHasher::new();
    environment.directory().hash(&mut hasher);
    PROGRAM.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_not_shown() {
        let credentials = Credentials { key: "k1".to_owned(), signing_key: "s2".to_owned() };
        assert_eq!(format!("{credentials:?}"), "Credentials(***)");
    }
}
