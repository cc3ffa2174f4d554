//! The types that queries are written with.

/// A connection inside a transaction, as queries take it.
pub(crate) type Sql = sqlx::SqliteConnection;
/// One row of an answer.
pub(crate) type Row = sqlx::sqlite::SqliteRow;
/// A statement that is put together at run time.
pub(crate) type Query = sqlx::QueryBuilder<sqlx::Sqlite>;
