//! Transactions, and the handling of connections after a failure.
//!
//! SQLite ends a transaction by itself when the disk is full or cannot be written. The driver does not notice, so the
//! connection would reject every later transaction, and a further statement would be committed alone. This module
//! prevents both: a connection is closed after a failure, and only [`Transaction::commit`] commits.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use sqlx::{Connection as _, Sqlite};

use super::sql::Sql;

/// State shared by the connections of a database.
#[derive(Debug, Default)]
pub(super) struct Health {
    /// When the database last failed to read or write.
    failed: Mutex<Option<Instant>>,
    /// Whether the write transaction is being committed right now.
    committing: AtomicBool,
    #[cfg(test)]
    pub(super) fuel: super::fault::Fuel,
}

impl Health {
    /// Closes the connections that are open now instead of reusing them: their view of the file may be wrong.
    pub(super) fn failed(&self) {
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    fn lets_commit(&self) -> bool {
        #[cfg(test)]
        if !self.fuel.commits() {
            return false;
        }
        self.committing.load(Ordering::Acquire)
    }

    fn failed_since(&self, age: std::time::Duration) -> bool {
        let failed = *self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.is_some_and(|moment| age >= moment.elapsed())
    }
}

/// Opens a pool that closes and replaces broken connections.
pub(super) async fn pool(
    connections: u32,
    options: SqliteConnectOptions,
    health: &Arc<Health>,
) -> Result<SqlitePool, sqlx::Error> {
    let (of_new, of_used) = (Arc::clone(health), Arc::clone(health));
    SqlitePoolOptions::new()
        .max_connections(connections)
        .after_connect(move |connection, _| {
            let health = Arc::clone(&of_new);
            Box::pin(async move {
                let mut handle = connection.lock_handle().await?;
                #[cfg(test)]
                health.fuel.limit(&mut handle);
                handle.set_commit_hook(move || health.lets_commit());
                Ok(())
            })
        })
        .before_acquire(move |connection, used| {
            let usable = !connection.is_in_transaction() && !of_used.failed_since(used.age);
            Box::pin(async move { Ok(usable) })
        })
        .connect_with(options)
        .await
}

/// A transaction that is rolled back unless it is committed.
#[derive(Debug)]
pub(crate) struct Transaction {
    inner: sqlx::Transaction<'static, Sqlite>,
    health: Arc<Health>,
}

impl Transaction {
    /// Begins the write transaction; no other can begin until it ends.
    pub(super) async fn write(pool: &SqlitePool, health: &Arc<Health>) -> Result<Self, sqlx::Error> {
        Self::begin(pool, health, "BEGIN IMMEDIATE").await
    }

    /// Begins a read-only one on a snapshot.
    pub(super) async fn read(pool: &SqlitePool, health: &Arc<Health>) -> Result<Self, sqlx::Error> {
        Self::begin(pool, health, "BEGIN DEFERRED").await
    }

    async fn begin(
        pool: &SqlitePool,
        health: &Arc<Health>,
        statement: &'static str,
    ) -> Result<Self, sqlx::Error> {
        let begun = pool.begin_with(statement).await;
        let inner = begun.inspect_err(|_| health.failed())?;
        Ok(Self { inner, health: Arc::clone(health) })
    }

    /// Commits the changes. After an error, none of them was made, unless the disk failed at the very last moment.
    pub(crate) async fn commit(self) -> Result<(), sqlx::Error> {
        let _permit = Permit::new(&self.health);
        let committed = self.inner.commit().await;
        committed.inspect_err(|_| self.health.failed())
    }

    /// Rolls back the changes. This cannot fail: if the database does not respond, its connection is closed, which
    /// also rolls them back.
    pub(crate) async fn rollback(self) {
        if let Err(error) = self.inner.rollback().await {
            tracing::debug!(%error, "closing a connection that cannot be rolled back");
            self.health.failed();
        }
    }
}

impl Deref for Transaction {
    type Target = Sql;

    fn deref(&self) -> &Sql {
        &self.inner
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut Sql {
        &mut self.inner
    }
}

/// Commits are allowed while this guard exists.
struct Permit<'a>(&'a Health);

impl<'a> Permit<'a> {
    fn new(health: &'a Health) -> Self {
        health.committing.store(true, Ordering::Release);
        Self(health)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.0.committing.store(false, Ordering::Release);
    }
}
