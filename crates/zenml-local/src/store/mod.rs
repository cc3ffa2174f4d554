//! The platform's database: one SQLite file with one writer and several readers.
//!
//! A write transaction begins immediately, so two of them never deadlock on an upgrade of their locks; readers
//! see a snapshot and never block the writer. Columns are `TEXT`, `BIGINT` and `BLOB` only and parameters are
//! numbered, so that the same statements can serve PostgreSQL later.

pub(crate) mod backup;
pub(crate) mod column;
mod constraint;
mod failure;
#[cfg(test)]
mod fault;
mod lock;
mod migration;
pub(crate) mod restore;
mod scratch;
mod time;
mod transaction;
mod tx;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

pub(crate) use constraint::conflict;
pub(crate) use failure::{Failure, failure};
use lock::Lock;
pub use lock::{LockError, Owner};
use scratch::Scratch;
pub(crate) use time::{now, seconds_from_now};
use transaction::Health;
pub(crate) use transaction::Transaction;
pub(crate) use tx::{Recorded, Tx};

/// A connection inside a transaction, as queries take it.
pub(crate) type Sql = sqlx::SqliteConnection;
/// One row of an answer.
pub(crate) type Row = sqlx::sqlite::SqliteRow;
/// A statement that is put together at run time.
pub(crate) type Query = sqlx::QueryBuilder<sqlx::Sqlite>;

/// How many transactions may read at the same time.
const READERS: u32 = 4;
/// How long a transaction waits for the writer before it gives up.
const BUSY: Duration = Duration::from_secs(30);

/// Where the state of a platform lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// A file that outlives the process. The lock and the master key stand beside it.
    File(PathBuf),
    /// A temporary file that is removed when the platform stops; nothing is synced to the disk.
    Ephemeral,
}

impl Database {
    /// Reads a database address: `sqlite:FILE`, or a bare path.
    pub fn parse(address: &str) -> Result<Self, StoreError> {
        if address.starts_with("postgres://") || address.starts_with("postgresql://") {
            return Err(StoreError::Postgres);
        }
        let path =
            address.strip_prefix("sqlite://").or_else(|| address.strip_prefix("sqlite:")).unwrap_or(address);
        if path.is_empty() || path.contains("://") {
            return Err(StoreError::Address { address: address.to_owned() });
        }
        Ok(Self::File(PathBuf::from(path)))
    }
}

/// Why a database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address names PostgreSQL.
    #[error(
        "PostgreSQL is not supported in this version. Use --database sqlite:FILE, or leave the option out to use \
         the default file"
    )]
    Postgres,
    /// The address cannot be understood.
    #[error("{address:?} is not a database address. Write sqlite:FILE")]
    Address {
        /// The address as given.
        address: String,
    },
    /// Another process uses the database.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// A file beside the database cannot be read or written.
    #[error("cannot use {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// There is no such database.
    #[error("there is no database {}. Name the one that `zenml-local serve` uses with --database sqlite:FILE", path.display())]
    Absent {
        /// The database file.
        path: PathBuf,
    },
    /// Something else stands where the database should.
    #[error("{} is not a regular file, so it cannot be a database", path.display())]
    Unusual {
        /// What is there.
        path: PathBuf,
    },
    /// The database was written by a newer version.
    #[error(
        "database {} has schema version {found}, and this zenml-local knows versions up to {known}. Use the newer \
         zenml-local that wrote it", path.display()
    )]
    Newer {
        /// The database file.
        path: PathBuf,
        /// Version in the file.
        found: i64,
        /// Newest version of this build.
        known: i64,
    },
    /// SQLite refused.
    #[error("cannot open database {}", path.display())]
    Open {
        /// The database file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: sqlx::Error,
    },
}

/// An open database. Dropping it releases the lock; [`Store::close`] also waits for the connections.
#[derive(Debug)]
pub(crate) struct Store {
    writer: SqlitePool,
    readers: SqlitePool,
    health: Arc<Health>,
    path: PathBuf,
    scratch: Option<Scratch>,
    lock: Lock,
}

impl Store {
    /// Opens, locks and migrates a database; creates it when the file does not exist.
    pub(crate) async fn open(database: &Database) -> Result<Self, StoreError> {
        let (path, scratch) = match database {
            Database::File(path) => {
                if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
                    std::fs::create_dir_all(parent)
                        .map_err(|source| StoreError::File { path: parent.to_owned(), source })?;
                }
                (path.clone(), None)
            }
            Database::Ephemeral => {
                let scratch = Scratch::new()?;
                (scratch.path().join("platform.db"), Some(scratch))
            }
        };
        // A device or a pipe would be taken for an empty database, or be waited for.
        if std::fs::metadata(&path).is_ok_and(|found| !found.is_file()) {
            return Err(StoreError::Unusual { path });
        }
        // Two links to one file are one database.
        let lock = Lock::take(&std::fs::canonicalize(&path).unwrap_or_else(|_| path.clone()))?;
        create_private(&path)?;
        let open = |source| StoreError::Open { path: path.clone(), source };
        let options = options(&path, scratch.is_some());
        let health = Arc::default();
        let writer = transaction::pool(1, options.clone(), &health).await.map_err(open)?;
        migration::run(&writer, &health, &path).await?;
        let readers = transaction::pool(READERS, options.read_only(true), &health).await.map_err(open)?;
        Ok(Self { writer, readers, health, path, scratch, lock })
    }

    /// Opens a database to look at it, while a platform may be using it.
    pub(crate) async fn open_to_read(path: &Path) -> Result<SqlitePool, StoreError> {
        match std::fs::metadata(path) {
            Ok(found) if found.is_file() => {}
            Ok(_) => return Err(StoreError::Unusual { path: path.to_owned() }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(StoreError::Absent { path: path.to_owned() });
            }
            Err(source) => return Err(StoreError::File { path: path.to_owned(), source }),
        }
        // Nothing is asked for that would have to be written, such as another journal.
        let options = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(BUSY);
        SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options)
            .await
            .map_err(|source| StoreError::Open { path: path.to_owned(), source })
    }

    /// The database file; the master key stands beside it.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the database goes away with the process.
    pub(crate) fn is_ephemeral(&self) -> bool {
        self.scratch.is_some()
    }

    /// Begins the one transaction that may write.
    pub(crate) async fn begin(&self) -> Result<Transaction, sqlx::Error> {
        Transaction::write(&self.writer, &self.health).await
    }

    /// Begins a transaction that sees one snapshot and cannot write.
    pub(crate) async fn begin_read(&self) -> Result<Transaction, sqlx::Error> {
        Transaction::read(&self.readers, &self.health).await
    }

    /// Opens the database's files anew before they are used again, after one of them could not be read or written.
    pub(crate) fn failed(&self) {
        self.health.failed();
    }

    /// How far the database works, for tests.
    #[cfg(test)]
    pub(crate) fn fuel(&self) -> &fault::Fuel {
        &self.health.fuel
    }

    /// Ends all connections and lets go of the database. What was committed is on the disk.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
        self.lock.release();
    }
}

fn options(path: &Path, ephemeral: bool) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(if ephemeral { SqliteSynchronous::Off } else { SqliteSynchronous::Full })
        .busy_timeout(BUSY)
        .foreign_keys(true)
        // Deleted rows held credentials; their bytes do not stay in free pages.
        .pragma("secure_delete", "ON")
}

/// Creates the file with mode 0600 before SQLite would create it with the mode of the umask.
fn create_private(path: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .map(drop)
        .map_err(|source| StoreError::File { path: path.to_owned(), source })
}
