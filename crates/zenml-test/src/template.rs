//! The database that servers start from: migrated, with its first user and the account of the tests.
//!
//! Making it takes as long as a start, copying it milliseconds. It is made once for each virtual environment and kept
//! beside it in the cache. Its key opens nothing but servers that live for one test.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::process::{Folder, Mode, PROGRAM, Process};
use crate::{Environment, Packages, StartError, VERSION};

/// What opens a server that was started from a template.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Credentials {
    pub(crate) key: String,
    pub(crate) token: String,
    /// Signs tokens; the same for all servers of a template, so that its token holds on each of them.
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

/// The database to copy, and what opens it. Makes them where they are not there yet.
pub(crate) fn of(environment: &Environment) -> Result<(PathBuf, Credentials), StartError> {
    let directory = environment.cache().join(format!("database-{VERSION}-{:016x}", fingerprint(environment)));
    if let Some(credentials) = read(&directory) {
        return Ok((directory.join(DATABASE), credentials));
    }
    fs::create_dir_all(environment.cache()).map_err(StartError::io("make the cache"))?;
    // Processes that start at the same time make it once. The lock is gone with the process that holds it.
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

/// Fills another folder and moves it to its place at the end, so that what is there is whole.
fn make(environment: &Environment, directory: &Path) -> Result<Credentials, StartError> {
    #[derive(Deserialize)]
    struct Said {
        key: String,
        token: String,
    }
    let signing_key = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    let (process, said) =
        Process::start(environment, Mode::Prepare, Packages::Plain, Folder::new()?, &signing_key)?;
    let folder = process.ended()?;
    let Said { key, token } = Said::deserialize(said)
        .map_err(|error| StartError::io("understand what the server says")(error.into()))?;
    let credentials = Credentials { key, token, signing_key };
    let place = StartError::io(format!("make {}", directory.display()));
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

/// Changes when the environment is another one, or what is done to the database.
fn fingerprint(environment: &Environment) -> u64 {
    let mut hasher = DefaultHasher::new();
    environment.directory().hash(&mut hasher);
    PROGRAM.hash(&mut hasher);
    hasher.finish()
}
