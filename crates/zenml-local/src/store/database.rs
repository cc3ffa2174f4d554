//! The database itself: where it is, and its connections.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use super::error::StoreError;
#[cfg(test)]
use super::fault;
use super::lock::Lock;
use super::migration;
use super::scratch::Scratch;
use super::transaction::{self, Health, Transaction};

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
