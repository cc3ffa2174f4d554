//! Restoring a database from a backup.

use std::io::{self, Read as _, Seek as _};
use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection as _, Row as _};

use super::write::{self, BackupError};
use crate::crypto::{MasterKey, VaultError};
use crate::error::Result;
use crate::file::Draft;
use crate::master::{self, Fit};
use crate::store::{Lock, StoreError, newest};

/// Creates a new database and its master key file from a backup. Returns the time of the backup, in UTC.
///
/// Everything is checked before the database appears: the backup itself, its version, and the key. The key comes from
/// the backup, from `key`, or from an existing file next to the database. Nothing is overwritten.
pub(crate) async fn restore(path: &Path, database: &Path, key: Option<&Path>) -> Result<String, BackupError> {
    let (mut file, length) = write::verified(path)?;
    let of_database = |source| BackupError::File { path: database.to_owned(), source };
    if let Some(parent) = database.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        std::fs::create_dir_all(parent)
            .map_err(|source| BackupError::File { path: parent.to_owned(), source })?;
    }
    let lock = Lock::take(database).map_err(StoreError::from)?;
    for path in files(database) {
        if path.symlink_metadata().is_ok() {
            return Err(BackupError::Exists { path });
        }
    }
    let mut draft = Draft::beside(database).map_err(of_database)?;
    let copy = |draft: &mut Draft| {
        file.rewind()?;
        io::copy(&mut file.take(length), draft.file())
    };
    copy(&mut draft).map_err(of_database)?;
    let damaged = |what: String| BackupError::Damaged { path: path.to_owned(), what };
    let mut sql = write::open(draft.path()).await.map_err(|error| damaged(error.to_string()))?;
    let metadata = take_metadata(&mut sql, path).await?;
    let (key, kept) = choose_key(path, database, metadata.key, key)?;
    if master::fit(&mut sql, &key.vault()).await? == Fit::Wrong {
        return Err(BackupError::WrongKey { path: path.to_owned(), key: kept });
    }
    sql.close().await.map_err(|error| of_database(io::Error::other(error)))?;
    let beside = MasterKey::beside(database);
    if MasterKey::read(&beside)?.is_none() {
        key.write(&beside)?;
    }
    draft.keep_new(database).map_err(of_database)?;
    lock.release();
    Ok(metadata.created)
}

/// The database and the files that SQLite would treat as part of it.
fn files(database: &Path) -> [PathBuf; 4] {
    ["", "-wal", "-shm", "-journal"].map(|ending| {
        let mut name = database.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    })
}

/// The metadata of a backup.
struct Metadata {
    created: String,
    key: Option<MasterKey>,
}

/// Reads the table `backup` and removes it, which leaves a plain database.
async fn take_metadata(sql: &mut SqliteConnection, path: &Path) -> Result<Metadata, BackupError> {
    let damaged = |what: String| BackupError::Damaged { path: path.to_owned(), what };
    let unreadable = |error: sqlx::Error| damaged(error.to_string());
    let found: String =
        sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_one(&mut *sql).await.map_err(unreadable)?;
    if found != "ok" {
        return Err(damaged(found));
    }
    let version = "SELECT MAX(version) FROM migration";
    let found: i64 = sqlx::query_scalar(version).fetch_one(&mut *sql).await.map_err(unreadable)?;
    if found > newest() {
        return Err(StoreError::Newer { path: path.to_owned(), found, known: newest() }.into());
    }
    let row = sqlx::query("SELECT created, master_key FROM backup").fetch_one(&mut *sql).await;
    let row = row.map_err(unreadable)?;
    let created = row.try_get("created").map_err(unreadable)?;
    let key: Option<Vec<u8>> = row.try_get("master_key").map_err(unreadable)?;
    let key = key
        .map(|key| {
            MasterKey::from_bytes(&key).ok_or_else(|| damaged("its master key is too short".to_owned()))
        })
        .transpose()?;
    // The pages that contained the key are overwritten: the connection uses secure delete.
    sqlx::query("DROP TABLE backup").execute(&mut *sql).await.map_err(unreadable)?;
    Ok(Metadata { created, key })
}

/// Returns the key to use, and where it comes from. An existing key file next to the database must contain the same
/// key.
fn choose_key(
    path: &Path,
    database: &Path,
    metadata: Option<MasterKey>,
    given: Option<&Path>,
) -> Result<(MasterKey, PathBuf), BackupError> {
    let missing =
        |path: &Path| VaultError::File { path: path.to_owned(), source: io::ErrorKind::NotFound.into() };
    let given = match given {
        Some(file) => Some((MasterKey::read(file)?.ok_or_else(|| missing(file))?, file.to_owned())),
        None => None,
    };
    let beside = MasterKey::beside(database);
    let chosen = metadata.map(|key| (key, path.to_owned())).or(given);
    match (chosen, MasterKey::read(&beside)?) {
        (None, None) => Err(BackupError::NoKey { path: path.to_owned() }),
        (None, Some(there)) => Ok((there, beside)),
        (Some(chosen), None) => Ok(chosen),
        (Some(chosen), Some(there)) if chosen.0.expose() == there.expose() => Ok(chosen),
        (Some(_), Some(_)) => Err(BackupError::Exists { path: beside }),
    }
}
