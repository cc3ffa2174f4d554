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

/// Maximum number of concurrent read transactions.
const READERS: u32 = 4;
/// How long a transaction waits for the writer before it gives up.
const BUSY: Duration = Duration::from_secs(30);

/// Where the state of a platform is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// A persistent file. The lock and the master key are next to it.
    File(PathBuf),
    /// A temporary file, removed when the platform stops; nothing is synced to the disk.
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
    /// `None` beside the platform that has the lock.
    lock: Option<Lock>,
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
        // SQLite would treat a device or a pipe as an empty database, or block on it.
        if std::fs::metadata(&path).is_ok_and(|found| !found.is_file()) {
            return Err(StoreError::Unusual { path });
        }
        // Two links to the same file are the same database.
        let lock = Lock::take(&std::fs::canonicalize(&path).unwrap_or_else(|_| path.clone()))?;
        create_private(&path)?;
        let open = |source| StoreError::Open { path: path.clone(), source };
        let options = options(&path, scratch.is_some());
        let health = Arc::default();
        let writer = transaction::pool(1, options.clone(), &health).await.map_err(open)?;
        migration::run(&writer, &health, &path).await?;
        let readers = transaction::pool(READERS, options.read_only(true), &health).await.map_err(open)?;
        Ok(Self { writer, readers, health, path, scratch, lock: Some(lock) })
    }

    /// Opens an existing database for a few changes, even while a platform is using it: all writers wait for each
    /// other.
    pub(crate) async fn open_beside(path: &Path) -> Result<Self, StoreError> {
        require_file(path)?;
        let open = |source| StoreError::Open { path: path.to_owned(), source };
        let options = options(path, false).create_if_missing(false);
        let health = Arc::default();
        let writer = transaction::pool(1, options.clone(), &health).await.map_err(open)?;
        let readers = transaction::pool(1, options.read_only(true), &health).await.map_err(open)?;
        migration::require_newest(&readers, path).await?;
        Ok(Self { writer, readers, health, path: path.to_owned(), scratch: None, lock: None })
    }

    /// Opens a database read-only, even while a platform is using it.
    pub(crate) async fn open_to_read(path: &Path) -> Result<SqlitePool, StoreError> {
        require_file(path)?;
        // No settings that would require a write, such as another journal mode.
        let options = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(BUSY);
        SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options)
            .await
            .map_err(|source| StoreError::Open { path: path.to_owned(), source })
    }

    /// Returns the database file; the master key is next to it.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the database is temporary.
    pub(crate) fn is_ephemeral(&self) -> bool {
        self.scratch.is_some()
    }

    /// Begins the write transaction.
    pub(crate) async fn begin(&self) -> Result<Transaction, sqlx::Error> {
        Transaction::write(&self.writer, &self.health).await
    }

    /// Begins a read-only transaction on one snapshot.
    pub(crate) async fn begin_read(&self) -> Result<Transaction, sqlx::Error> {
        Transaction::read(&self.readers, &self.health).await
    }

    /// Reopens the database's files before they are used again, after a failed read or write.
    pub(crate) fn failed(&self) {
        self.health.failed();
    }

    /// Controls failures of the database, for tests.
    #[cfg(test)]
    pub(crate) fn fuel(&self) -> &fault::Fuel {
        &self.health.fuel
    }

    /// Closes all connections and releases the database. Everything committed is on the disk.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
        if let Some(lock) = &self.lock {
            lock.release();
        }
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
        // Deleted rows contained credentials, which must not remain in free pages.
        .pragma("secure_delete", "ON")
}

/// Rejects a path that is not that of an existing file.
fn require_file(path: &Path) -> Result<(), StoreError> {
    match std::fs::metadata(path) {
        Ok(found) if found.is_file() => Ok(()),
        Ok(_) => Err(StoreError::Unusual { path: path.to_owned() }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(StoreError::Absent { path: path.to_owned() })
        }
        Err(source) => Err(StoreError::File { path: path.to_owned(), source }),
    }
}

/// Creates the file with mode 0600 before SQLite creates it with the default mode.
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
