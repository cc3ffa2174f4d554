//! The lock on a database file.
//!
//! The operating system holds the lock for a process and releases it when the process ends, so dead owners need not
//! be detected. The content of the lock file only shows users who the owner is.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The owner of a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Process id.
    pub pid: u32,
    /// Since when, in UTC.
    pub since: String,
}

/// Why a database cannot be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// A running process has it.
    #[error(
        "database {} is in use by {}. Stop that process, or choose another file with --database",
        database.display(), owner_text(owner.as_ref())
    )]
    Taken {
        /// The database file.
        database: PathBuf,
        /// The owner, if the lock file contains it.
        owner: Option<Owner>,
    },
    /// The lock file cannot be used.
    #[error("cannot use the lock file {}", path.display())]
    File {
        /// The lock file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
}

fn owner_text(owner: Option<&Owner>) -> String {
    owner.map_or_else(
        || "another process".to_owned(),
        |owner| format!("the zenml-local with process id {} (since {} UTC)", owner.pid, owner.since),
    )
}

/// Exclusive use of a database until it is released or the process ends.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Lock {
    /// Takes the lock next to `database`, even from a dead owner.
    pub(crate) fn take(database: &Path) -> Result<Self, LockError> {
        let path = lock_path(database);
        let failed = |source| LockError::File { path: path.clone(), source };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::Taken { database: database.to_owned(), owner: read_owner(&mut file) });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        if let Some(dead) = read_owner(&mut file) {
            tracing::debug!(owner.pid = dead.pid, "the previous owner of the lock has ended; taking it over");
        }
        let owner = Owner { pid: std::process::id(), since: super::now() };
        let text = serde_json::to_vec(&owner).map_err(std::io::Error::other).map_err(failed)?;
        file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(&text)).map_err(failed)?;
        Ok(Self(file))
    }

    /// Releases the database. Closing the file is not enough: a child process that is just being started may hold a
    /// copy of it for a moment.
    pub(crate) fn release(&self) {
        if let Err(error) = self.0.unlock() {
            tracing::warn!(%error, "cannot release the database lock");
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.release();
    }
}

fn lock_path(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

fn read_owner(file: &mut File) -> Option<Owner> {
    let mut text = String::new();
    file.rewind().and_then(|()| file.read_to_string(&mut text)).ok()?;
    serde_json::from_str(&text).ok()
}
