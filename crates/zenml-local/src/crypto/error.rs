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
    /// Something else stands where the master key file should.
    #[error("the master key {} is a {kind} and not a file", path.display())]
    NoFile {
        /// Where the key should be.
        path: PathBuf,
        /// What is there instead.
        kind: &'static str,
    },
    /// The master key file is not 32 bytes long.
    #[error(
        "the master key file {} is damaged: it has {length} bytes and not 32. Put a copy of the right one in its \
         place; if the database beside it is new and empty, remove the file", path.display()
    )]
    Damaged {
        /// The key file.
        path: PathBuf,
        /// How long it is, in bytes.
        length: usize,
    },
    /// Others may read the master key.
    #[error("others than the owner may use the master key file {path}; run: chmod 600 {path}", path = path.display())]
    Exposed {
        /// The key file.
        path: PathBuf,
    },
    /// A filled database has no master key.
    #[error(
        "the master key file {} is missing, and the database beside it was written with it. Put a copy of the file back; \
         without it nobody can read the secrets in the database. To begin anew, choose another file with --database",
        path.display()
    )]
    Missing {
        /// Where the key should be.
        path: PathBuf,
    },
    /// The master key belongs to another database.
    #[error(
        "the master key file {} belongs to another database: it does not fit {}. Put the key file there that this \
         database was written with", path.display(), database.display()
    )]
    Wrong {
        /// The key file.
        path: PathBuf,
        /// The database.
        database: PathBuf,
    },
    /// A stored value was not sealed with this master key, or was changed.
    #[error("a stored secret cannot be decrypted; was it written with another master key?")]
    Sealed,
}

impl From<VaultError> for Error {
    fn from(error: VaultError) -> Self {
        Self::internal("the vault refused", error)
    }
}
