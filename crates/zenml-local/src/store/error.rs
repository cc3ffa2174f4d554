//! Why a database cannot be opened.

use std::path::PathBuf;

use super::lock::LockError;

/// Why a database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address names PostgreSQL.
    #[error(
        "PostgreSQL is not supported in this version. Use --database sqlite:FILE, or omit the option to use the \
         default file"
    )]
    Postgres,
    /// The address is invalid.
    #[error("{address:?} is not a database address. Use sqlite:FILE")]
    Address {
        /// The specified address.
        address: String,
    },
    /// Another process uses the database.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// A file next to the database cannot be read or written.
    #[error("cannot use {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The database does not exist.
    #[error("database {} does not exist. Specify the database of `zenml-local serve` with --database sqlite:FILE", path.display())]
    Absent {
        /// The database file.
        path: PathBuf,
    },
    /// The path is not a regular file.
    #[error("{} is not a regular file, so it cannot be a database", path.display())]
    Unusual {
        /// The existing file.
        path: PathBuf,
    },
    /// The database was written by a newer version.
    #[error(
        "database {} has schema version {found}, but this zenml-local supports only versions up to {known}. Use \
         the newer zenml-local that wrote it", path.display()
    )]
    Newer {
        /// The database file.
        path: PathBuf,
        /// Version in the file.
        found: i64,
        /// Newest version of this build.
        known: i64,
    },
    /// The database was written by an earlier version.
    #[error(
        "database {} was written by an earlier zenml-local. Start this version once with `zenml-local serve` to \
         upgrade it", path.display()
    )]
    Older {
        /// The database file.
        path: PathBuf,
    },
    /// SQLite failed.
    #[error("cannot open database {}", path.display())]
    Open {
        /// The database file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: sqlx::Error,
    },
}
