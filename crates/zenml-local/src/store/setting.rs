//! Settings of the platform, stored with its data.

use super::database::Store;
use super::sql::Sql;
use crate::error::Result;

/// Reads a setting of the platform.
pub(crate) async fn setting(store: &Store, name: &str) -> Result<Option<String>> {
    let mut sql = store.begin_read().await?;
    Ok(sqlx::query_scalar("SELECT value FROM setting WHERE name = $1")
        .bind(name)
        .fetch_optional(&mut *sql)
        .await?)
}

/// Writes a setting of the platform, unless it already has the value: a start does not require free disk space.
pub(crate) async fn set_setting(store: &Store, name: &str, value: &str) -> Result<()> {
    if setting(store, name).await?.as_deref() == Some(value) {
        return Ok(());
    }
    let mut tx = store.begin().await?;
    write_setting(&mut tx, name, value).await?;
    Ok(tx.commit().await?)
}

/// Writes a setting in a transaction.
pub(crate) async fn write_setting(sql: &mut Sql, name: &str, value: &str) -> Result<()> {
    sqlx::query(
        "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )
    .bind(name)
    .bind(value)
    .execute(sql)
    .await?;
    Ok(())
}
