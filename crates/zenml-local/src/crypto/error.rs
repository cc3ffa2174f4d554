//! Why a master key or a sealed value cannot be used.

use std::path::PathBuf;

use crate::error::Error;

/// Why the master key of a database cannot be used, or a sealed value not be read.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The master key file cannot be read or written.
    #[error("cannot use the master key file {}", path.display())]
    File {
        /// The key file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The path of the master key file is not a file.
    #[error("the master key {} is a {kind}, not a file", path.display())]
    NoFile {
        /// The expected path of the key.
        path: PathBuf,
        /// What exists at that path.
        kind: &'static str,
    },
    /// The master key file is not 32 bytes long.
    #[error(
        "the master key file {} is damaged: it has {length} bytes instead of 32. Replace it with a copy of the \
         original. If the database next to it is new and empty, remove the file", path.display()
    )]
    Damaged {
        /// The key file.
        path: PathBuf,
        /// Its length, in bytes.
        length: usize,
    },
    /// Other users have access to the master key.
    #[error("other users have access to the master key file {path}; run: chmod 600 {path}", path = path.display())]
    Exposed {
        /// The key file.
        path: PathBuf,
    },
    /// A database with content has no master key.
    #[error(
        "the master key file {} is missing, and the database next to it requires it. Restore a copy of the file; \
         without it, the secrets in the database cannot be read. To start over, choose another file with \
         --database",
        path.display()
    )]
    Missing {
        /// The expected path of the key.
        path: PathBuf,
    },
    /// The master key belongs to another database.
    #[error(
        "the master key file {} belongs to another database, not to {}. Replace it with the key file of this \
         database", path.display(), database.display()
    )]
    Wrong {
        /// The key file.
        path: PathBuf,
        /// The database.
        database: PathBuf,
    },
    /// A stored value was not sealed with this master key, or was changed.
    #[error("a stored secret cannot be decrypted; it may have been written with another master key")]
    Sealed,
}

impl From<VaultError> for Error {
    fn from(error: VaultError) -> Self {
        Self::internal("the vault failed", error)
    }
}
