//! The master key of a database: created for a new one, required and verified for an existing one.

use std::path::Path;

use sqlx::Row as _;

use crate::crypto::{MasterKey, Vault, VaultError};
use crate::error::{Error, Result};
use crate::start::StartError;
use crate::store::{Sql, Store, setting};

/// The setting that verifies a key without revealing anything about it.
pub(crate) const CHECK: &str = "master_key_check";

/// The sealed columns, each with the place of its values, to which the row's id is appended.
const SEALED: [(&str, &str, &str); 5] = [
    ("secret", "sealed_values", "secret"),
    ("connector", "sealed_configuration", "connector"),
    ("connector", "sealed_secrets", "connector/secrets"),
    ("component", "sealed_configuration", "component"),
    ("code_repository", "sealed_config", "code_repository"),
];

/// Opens the vault of a database. Only an empty database gets a new key.
pub(crate) async fn open(store: &Store) -> Result<Vault, StartError> {
    if store.is_ephemeral() {
        return Ok(Vault::ephemeral());
    }
    let path = MasterKey::beside(store.path());
    let filled = setting::setting(store, "platform_id").await.map_err(StartError::State)?.is_some();
    let key = match MasterKey::read(&path)? {
        Some(key) => key,
        None if filled => return Err(VaultError::Missing { path }.into()),
        None => {
            let key = MasterKey::generate();
            key.write(&path)?;
            key
        }
    };
    let vault = key.vault();
    if !filled {
        return Ok(vault);
    }
    let mut sql = store.begin_read().await.map_err(|error| StartError::State(error.into()))?;
    let fit = fit(&mut sql, &vault).await.map_err(StartError::State)?;
    sql.rollback().await;
    match fit {
        Fit::Right => {}
        Fit::Wrong => return Err(VaultError::Wrong { path, database: store.path().to_owned() }.into()),
        Fit::Unchecked { unreadable } => {
            if unreadable > 0 {
                tracing::warn!(
                    unreadable,
                    "some stored secrets were written with another master key and cannot be read"
                );
            }
            setting::set_setting(store, CHECK, &vault.check()).await.map_err(StartError::State)?;
        }
    }
    Ok(vault)
}

/// Whether a key belongs to a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    /// It is.
    Right,
    /// It is not.
    Wrong,
    /// An older version wrote the database without the check value, and no value contradicts the key.
    Unchecked {
        /// The number of values that it does not open, although it opens others.
        unreadable: usize,
    },
}

/// Compares a key with the check value or, without one, with the sealed values.
pub(crate) async fn fit(sql: &mut Sql, vault: &Vault) -> Result<Fit> {
    let check: Option<String> = sqlx::query_scalar("SELECT value FROM setting WHERE name = $1")
        .bind(CHECK)
        .fetch_optional(&mut *sql)
        .await?;
    if let Some(check) = check {
        return Ok(if check == vault.check() { Fit::Right } else { Fit::Wrong });
    }
    let (mut readable, mut unreadable) = (0_usize, 0_usize);
    for (table, column, place) in SEALED {
        // The names come from the list above.
        let statement = sqlx::AssertSqlSafe(format!("SELECT id, {column} FROM {table}"));
        for row in sqlx::query(statement).fetch_all(&mut *sql).await? {
            let (id, sealed): (&str, &[u8]) = (row.try_get(0)?, row.try_get(1)?);
            match vault.open_sealed(&format!("{place}/{id}"), sealed) {
                Ok(_) => readable += 1,
                Err(_) => unreadable += 1,
            }
        }
    }
    Ok(if readable == 0 && unreadable > 0 { Fit::Wrong } else { Fit::Unchecked { unreadable } })
}

/// Whether a database file contains a platform, for access from another process.
pub(crate) async fn is_filled(sql: &mut Sql) -> Result<bool> {
    let table = sqlx::query("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'setting'");
    if table.fetch_optional(&mut *sql).await?.is_none() {
        return Ok(false);
    }
    let platform = sqlx::query("SELECT 1 FROM setting WHERE name = 'platform_id'");
    Ok(platform.fetch_optional(&mut *sql).await?.is_some())
}

/// Reads the key of a database that another process may be using.
pub(crate) async fn of(database: &Path, sql: &mut Sql) -> Result<MasterKey, StartError> {
    let path = MasterKey::beside(database);
    let key = MasterKey::read(&path)?.ok_or(VaultError::Missing { path: path.clone() })?;
    match fit(sql, &key.vault()).await.map_err(|error: Error| StartError::State(error))? {
        Fit::Wrong => Err(VaultError::Wrong { path, database: database.to_owned() }.into()),
        Fit::Right | Fit::Unchecked { .. } => Ok(key),
    }
}

#[cfg(test)]
mod tests {
    use super::SEALED;
    use crate::store::{Database, Store};

    #[tokio::test]
    async fn every_sealed_column_is_known() {
        let store = Store::open(&Database::Ephemeral).await.unwrap();
        let mut sql = store.begin_read().await.unwrap();
        let mut columns: Vec<(String, String)> = sqlx::query_as(
            "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c \
             WHERE m.type = 'table' AND c.name LIKE 'sealed\\_%' ESCAPE '\\' ORDER BY 1, 2",
        )
        .fetch_all(&mut *sql)
        .await
        .unwrap();
        let mut known = SEALED.map(|(table, column, _)| (table.to_owned(), column.to_owned()));
        known.sort();
        columns.sort();
        assert_eq!(columns, known);
    }
}
