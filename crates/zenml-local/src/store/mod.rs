//! The platform's database: one SQLite file with one writer and several readers.
//!
//! A write transaction begins immediately, so two of them never deadlock on a lock upgrade. Readers see a snapshot
//! and never block the writer. Columns are `TEXT`, `BIGINT` and `BLOB` only and parameters are numbered, so that the
//! same statements can serve PostgreSQL later.

pub(crate) mod column;
mod constraint;
mod database;
mod error;
mod failure;
#[cfg(test)]
mod fault;
mod lock;
mod migration;
mod scratch;
pub(crate) mod setting;
mod sql;
mod time;
mod transaction;

pub use database::Database;
pub(crate) use database::Store;
pub use error::StoreError;
pub(crate) use lock::Lock;
pub use lock::{LockError, Owner};
pub(crate) use migration::newest;
pub(crate) use sql::{Query, Row, Sql};
pub(crate) use time::{now, seconds_between, seconds_from_now};
pub(crate) use transaction::Transaction;
