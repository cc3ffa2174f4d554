//! A backup: a snapshot of the database in one file.
//!
//! The file is a SQLite database with a table `backup` of one row, and a line after its last page with the SHA-256
//! checksum of everything before it. SQLite ignores that line.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest;
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};

use crate::error::{Error, Result};
use crate::file::{Draft, unusual};
use crate::master;
use crate::start::StartError;
use crate::store::{Store, StoreError, now};

/// The start of the last line of a backup. The checksum in hexadecimal and a line feed follow.
const MARK: &[u8] = b"\nzenml-local backup 1 sha256:";
/// Length of the last line, in bytes.
pub(super) const TAIL: u64 = MARK.len() as u64 + 64 + 1;

/// Why a backup cannot be written or restored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BackupError {
    /// The database or its key cannot be used.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The target already exists.
    #[error("{} already exists and is not overwritten. Move it away, or choose another name", path.display())]
    Exists {
        /// The existing file.
        path: PathBuf,
    },
    /// The database does not contain a platform.
    #[error("database {} is empty: no platform has used it yet", path.display())]
    Empty {
        /// The database.
        path: PathBuf,
    },
    /// The file is not a backup.
    #[error("{} is not a backup of zenml-local, or its end is missing", path.display())]
    NoBackup {
        /// The file.
        path: PathBuf,
    },
    /// The file was changed since it was written.
    #[error("the backup {} is damaged: {what}. Use another backup", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A file cannot be read or written.
    #[error("cannot use {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The backup does not contain the master key, and none was specified.
    #[error(
        "the backup {} does not contain the master key. Specify the key file of the original database with --key \
         FILE", path.display()
    )]
    NoKey {
        /// The backup.
        path: PathBuf,
    },
    /// The key does not belong to the backup.
    #[error("the master key in {} does not belong to the backup {}", key.display(), path.display())]
    WrongKey {
        /// The backup.
        path: PathBuf,
        /// The source of the key.
        key: PathBuf,
    },
}

impl From<StoreError> for BackupError {
    fn from(error: StoreError) -> Self {
        Self::Start(error.into())
    }
}

impl From<crate::crypto::VaultError> for BackupError {
    fn from(error: crate::crypto::VaultError) -> Self {
        Self::Start(error.into())
    }
}

impl From<Error> for BackupError {
    fn from(error: Error) -> Self {
        Self::Start(StartError::State(error))
    }
}

/// Writes a backup of a database, even while a platform is using it. Returns its size in bytes.
///
/// The new file has mode 0600, appears complete or not at all, and never replaces another one. With `with_key`, it
/// contains the master key, after a check that it is the right one.
pub(crate) async fn write(database: &Path, target: &Path, with_key: bool) -> Result<u64, BackupError> {
    if target.symlink_metadata().is_ok() {
        return Err(BackupError::Exists { path: target.to_owned() });
    }
    let of_target = |source| BackupError::File { path: target.to_owned(), source };
    let of_database = |source| StoreError::Open { path: database.to_owned(), source };
    let pool = Store::open_to_read(database).await?;
    let mut sql = pool.acquire().await.map_err(of_database)?;
    if !master::is_filled(&mut sql).await? {
        return Err(BackupError::Empty { path: database.to_owned() });
    }
    let key = if with_key { Some(master::of(database, &mut sql).await?) } else { None };

    let mut draft = Draft::beside(target).map_err(of_target)?;
    // SQLite treats an empty file as missing, so the file can be created private from the start.
    let copied = sqlx::query("VACUUM INTO $1").bind(utf8(draft.path())?).execute(&mut *sql).await;
    copied.map_err(|error| of_target(io::Error::other(error)))?;
    let written = async {
        let mut copy = open(draft.path()).await?;
        let table = "CREATE TABLE backup (created TEXT NOT NULL, version TEXT NOT NULL, master_key BLOB)";
        sqlx::query(table).execute(&mut copy).await?;
        sqlx::query("INSERT INTO backup (created, version, master_key) VALUES ($1, $2, $3)")
            .bind(now())
            .bind(env!("CARGO_PKG_VERSION"))
            .bind(key.as_ref().map(|key| key.expose().as_slice()))
            .execute(&mut copy)
            .await?;
        copy.close().await
    };
    written.await.map_err(|error: sqlx::Error| of_target(io::Error::other(error)))?;
    let size = seal(draft.file()).map_err(of_target)?;
    draft.keep_new(target).map_err(of_target)?;
    Ok(size)
}

/// Opens a copy that nothing else uses.
pub(super) async fn open(path: &Path) -> Result<SqliteConnection, sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Delete)
        .synchronous(SqliteSynchronous::Full)
        .pragma("secure_delete", "ON");
    SqliteConnection::connect_with(&options).await
}

fn utf8(path: &Path) -> Result<String, BackupError> {
    let failed = |source| BackupError::File { path: path.to_owned(), source };
    let path = std::path::absolute(path).map_err(failed)?;
    path.to_str().map(str::to_owned).ok_or_else(|| failed(io::Error::other("the name is not valid UTF-8")))
}

/// Adds the line with the checksum. Returns the size of the whole file.
fn seal(file: &mut File) -> io::Result<u64> {
    let size = file.seek(SeekFrom::End(0))?;
    let mut tail = MARK.to_vec();
    tail.extend(sum(file, size)?.into_bytes());
    tail.push(b'\n');
    file.seek(SeekFrom::End(0))?;
    file.write_all(&tail)?;
    Ok(size + TAIL)
}

/// Returns the SHA-256 checksum of the first `length` bytes, in hexadecimal.
fn sum(file: &mut File, length: u64) -> io::Result<String> {
    file.rewind()?;
    let mut context = digest::Context::new(&digest::SHA256);
    let mut rest = file.take(length);
    let mut buffer = vec![0; 1 << 16];
    loop {
        match rest.read(&mut buffer)? {
            0 => break,
            read => context.update(&buffer[..read]),
        }
    }
    let mut text = String::with_capacity(64);
    for byte in context.finish().as_ref() {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

/// Opens a backup and verifies its checksum. Returns the file and the length of the database in it, in bytes.
pub(super) fn verified(path: &Path) -> Result<(File, u64), BackupError> {
    let failed = |source| BackupError::File { path: path.to_owned(), source };
    let found = std::fs::metadata(path).map_err(failed)?;
    if unusual(found.file_type()).is_some() || found.len() <= TAIL {
        return Err(BackupError::NoBackup { path: path.to_owned() });
    }
    let mut file = File::open(path).map_err(failed)?;
    let length = found.len() - TAIL;
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(length)).and_then(|_| file.read_to_end(&mut tail)).map_err(failed)?;
    let Some(stored) = tail.strip_prefix(MARK).and_then(|tail| tail.strip_suffix(b"\n")) else {
        return Err(BackupError::NoBackup { path: path.to_owned() });
    };
    if sum(&mut file, length).map_err(failed)?.as_bytes() != stored {
        let what = "its content does not match its checksum".to_owned();
        return Err(BackupError::Damaged { path: path.to_owned(), what });
    }
    Ok((file, length))
}
