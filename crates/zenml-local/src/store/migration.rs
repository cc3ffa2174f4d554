//! The schema, one file per step. A released step is never edited.

use std::cmp::Ordering;
use std::path::Path;
use std::sync::Arc;

use sqlx::sqlite::SqlitePool;

use super::error::StoreError;
use super::transaction::{Health, Transaction};

/// All steps in order; the position, from 1, is the schema version.
const STEPS: &[&str] = &[
    include_str!("../../migrations/0001_control_plane.sql"),
    include_str!("../../migrations/0002_workspace.sql"),
    include_str!("../../migrations/0003_catalog.sql"),
    include_str!("../../migrations/0004_flavor.sql"),
    include_str!("../../migrations/0005_grant_index.sql"),
    include_str!("../../migrations/0006_session.sql"),
    include_str!("../../migrations/0007_key_and_device.sql"),
    include_str!("../../migrations/0008_invitation.sql"),
    include_str!("../../migrations/0009_custom_role.sql"),
    include_str!("../../migrations/0010_engine.sql"),
    include_str!("../../migrations/0011_device.sql"),
    include_str!("../../migrations/0012_default_project.sql"),
    include_str!("../../migrations/0013_device_use.sql"),
];

/// The newest version that this build supports.
pub(crate) fn newest() -> i64 {
    i64::try_from(STEPS.len()).unwrap_or(i64::MAX)
}

/// Brings a database to the newest version; all missing steps are one transaction.
pub(super) async fn run(writer: &SqlitePool, health: &Arc<Health>, path: &Path) -> Result<(), StoreError> {
    let open = |source| StoreError::Open { path: path.to_owned(), source };
    let mut tx = Transaction::write(writer, health).await.map_err(open)?;
    sqlx::query("CREATE TABLE IF NOT EXISTS migration (version BIGINT PRIMARY KEY, applied TEXT NOT NULL)")
        .execute(&mut *tx)
        .await
        .map_err(open)?;
    let found: Option<i64> =
        sqlx::query_scalar("SELECT MAX(version) FROM migration").fetch_one(&mut *tx).await.map_err(open)?;
    let found = found.unwrap_or(0);
    let known = newest();
    if found > known {
        return Err(StoreError::Newer { path: path.to_owned(), found, known });
    }
    for (version, step) in (1..).zip(STEPS).skip_while(|(version, _)| *version <= found) {
        sqlx::raw_sql(*step).execute(&mut *tx).await.map_err(open)?;
        sqlx::query("INSERT INTO migration (version, applied) VALUES ($1, $2)")
            .bind::<i64>(version)
            .bind(super::now())
            .execute(&mut *tx)
            .await
            .map_err(open)?;
    }
    tx.commit().await.map_err(open)
}

/// Rejects a database whose version is not the newest: only the platform that uses it may change its schema.
pub(super) async fn require_newest(readers: &SqlitePool, path: &Path) -> Result<(), StoreError> {
    let found: Option<i64> = sqlx::query_scalar("SELECT MAX(version) FROM migration")
        .fetch_one(readers)
        .await
        .map_err(|source| StoreError::Open { path: path.to_owned(), source })?;
    let (found, known) = (found.unwrap_or(0), newest());
    match found.cmp(&known) {
        Ordering::Equal => Ok(()),
        Ordering::Greater => Err(StoreError::Newer { path: path.to_owned(), found, known }),
        Ordering::Less => Err(StoreError::Older { path: path.to_owned() }),
    }
}
